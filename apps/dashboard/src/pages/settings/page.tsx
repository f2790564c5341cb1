import { useMutation, useQuery } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { meQuery, useMe, usePermission } from '../../account/account.ts';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { ago } from '../../i18n/format.ts';
import { LANGUAGES, type Language, setLanguage, useLanguage } from '../../i18n/i18n.ts';
import { setTheme, type Theme, useTheme } from '../../shell/theme.ts';
import { Button } from '../../ui/button.tsx';
import { Form, Row, SelectField, TextField } from '../../ui/field.tsx';
import { Badge, Card, ErrorNotice, Facts, Loading, Page, Table } from '../../ui/surface.tsx';
import { toast, toastError } from '../../ui/toast.tsx';
import { PASSWORD_MIN } from '../entry/password-rule.ts';
import { settingsTexts } from './texts.ts';

const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

export function SettingsPage() {
  const t = settingsTexts.use();
  return (
    <Page title={t('title')} lead={t('lead')} isNarrow>
      <Profile />
      <Password />
      <Look />
      <Workspace />
      <Logins />
    </Page>
  );
}

function Profile() {
  const t = settingsTexts.use();
  const { user } = useMe();
  const { register, handleSubmit, formState, watch, resetField } = useForm({
    values: { name: user.name, email: user.email, currentPassword: '' },
    resetOptions: { keepDirtyValues: true },
  });
  const isNewAddress = watch('email').trim() !== user.email;
  const save = useMutation({
    mutationFn: ({ name, email, currentPassword }: { name: string; email: string; currentPassword: string }) =>
      api.me.update({ body: { name: name.trim(), ...(isNewAddress && { email: email.trim(), currentPassword }) } }),
    onSuccess: () => {
      resetField('currentPassword');
      toast(t('saved'));
      return queryClient.invalidateQueries({ queryKey: meQuery.queryKey });
    },
  });
  const resend = useMutation({
    mutationFn: () => api.auth.resendVerification(),
    onSuccess: () => toast(t('resent')),
    onError: toastError,
  });
  const { errors } = formState;
  return (
    <Card
      title={t('profile')}
      actions={
        <Badge tone={user.emailVerified ? 'good' : 'warn'}>{t(user.emailVerified ? 'verified' : 'unverified')}</Badge>
      }
    >
      <Form onSubmit={(event) => void handleSubmit((values) => save.mutate(values))(event)}>
        {save.error && <ErrorNotice error={save.error} />}
        <TextField
          label={t('name')}
          autoComplete="name"
          error={errors.name?.message}
          {...register('name', { validate: (value) => value.trim() !== '' || t('nameMissing') })}
        />
        <TextField
          label={t('email')}
          type="email"
          autoComplete="email"
          error={errors.email?.message}
          {...register('email', { required: t('emailMissing') })}
        />
        {isNewAddress && (
          <TextField
            label={t('currentPassword')}
            hint={t('currentPasswordHint')}
            type="password"
            autoComplete="current-password"
            {...register('currentPassword')}
          />
        )}
        <Row>
          <Button type="submit" look="primary" isBusy={save.isPending}>
            {t('save')}
          </Button>
          {!user.emailVerified && (
            <Button isBusy={resend.isPending} onClick={() => resend.mutate()}>
              {t('resend')}
            </Button>
          )}
        </Row>
      </Form>
    </Card>
  );
}

function Password() {
  const t = settingsTexts.use();
  const { register, handleSubmit, formState, reset } = useForm({
    defaultValues: { currentPassword: '', newPassword: '' },
  });
  const change = useMutation({
    mutationFn: (body: { currentPassword: string; newPassword: string }) => api.auth.changePassword({ body }),
    onSuccess: ({ endedLogins }) => {
      reset();
      toast(t('passwordChanged', { count: endedLogins }));
      return queryClient.invalidateQueries({ queryKey: ['logins'] });
    },
  });
  const { errors } = formState;
  return (
    <Card title={t('password')} lead={t('passwordLead')}>
      <Form onSubmit={(event) => void handleSubmit((values) => change.mutate(values))(event)}>
        {change.error && <ErrorNotice error={change.error} />}
        <TextField
          label={t('currentPassword')}
          type="password"
          autoComplete="current-password"
          error={errors.currentPassword?.message}
          {...register('currentPassword', { required: t('passwordMissing') })}
        />
        <TextField
          label={t('newPassword')}
          type="password"
          autoComplete="new-password"
          hint={t('passwordHint', { count: PASSWORD_MIN })}
          error={errors.newPassword?.message}
          {...register('newPassword', {
            required: t('passwordMissing'),
            minLength: { value: PASSWORD_MIN, message: t('passwordHint', { count: PASSWORD_MIN }) },
          })}
        />
        <Row>
          <Button type="submit" isBusy={change.isPending}>
            {t('changePassword')}
          </Button>
        </Row>
      </Form>
    </Card>
  );
}

function Look() {
  const t = settingsTexts.use();
  const language = useLanguage();
  const theme = useTheme();
  return (
    <Card title={t('look')}>
      <Form>
        <SelectField
          label={t('language')}
          value={language}
          onChange={(event) => setLanguage(event.target.value as Language)}
        >
          {(Object.keys(LANGUAGES) as Language[]).map((id) => (
            <option key={id} value={id}>
              {LANGUAGES[id]}
            </option>
          ))}
        </SelectField>
        <SelectField label={t('theme')} value={theme} onChange={(event) => setTheme(event.target.value as Theme)}>
          {THEMES.map((id) => (
            <option key={id} value={id}>
              {t(id)}
            </option>
          ))}
        </SelectField>
      </Form>
    </Card>
  );
}

function Workspace() {
  const t = settingsTexts.use();
  const me = useMe();
  const mayChange = usePermission('system.manage');
  const name = me.workspaces.find(({ id }) => id === me.workspaceId)?.name ?? '';
  const { register, handleSubmit, formState } = useForm({ values: { name } });
  const save = useMutation({
    mutationFn: (body: { name: string }) => api.workspaces.update({ id: me.workspaceId, body }),
    onSuccess: () => {
      toast(t('saved'));
      return queryClient.invalidateQueries({ queryKey: meQuery.queryKey });
    },
  });
  return (
    <Card title={t('workspace')}>
      <Form onSubmit={(event) => void handleSubmit((values) => save.mutate(values))(event)}>
        {save.error && <ErrorNotice error={save.error} />}
        <Facts
          facts={[
            [t('yourRole'), t(me.workspaceRole)],
            [t('workspaceId'), <code key="id">{me.workspaceId}</code>],
          ]}
        />
        {mayChange && (
          <>
            <TextField
              label={t('workspaceName')}
              error={formState.errors.name?.message}
              {...register('name', { validate: (value) => value.trim() !== '' || t('nameMissing') })}
            />
            <Row>
              <Button type="submit" isBusy={save.isPending}>
                {t('save')}
              </Button>
            </Row>
          </>
        )}
      </Form>
    </Card>
  );
}

function Logins() {
  const t = settingsTexts.use();
  const logins = useQuery({ queryKey: ['logins'], queryFn: () => api.logins.list() });
  const end = useMutation({
    mutationFn: (id: string) => api.logins.end({ id }),
    onSuccess: () => {
      toast(t('ended'));
      return queryClient.invalidateQueries({ queryKey: ['logins'] });
    },
    onError: toastError,
  });
  return (
    <Card title={t('logins')} lead={t('loginsLead')} isFlush>
      {logins.isLoading && <Loading rows={2} />}
      {logins.error && !logins.data && <ErrorNotice error={logins.error} onRetry={() => void logins.refetch()} />}
      {logins.data && (
        <Table
          caption={t('caption')}
          rows={logins.data.logins}
          keyOf={({ id }) => id}
          columns={[
            {
              title: t('device'),
              cell: ({ userAgent, isCurrent }) => (
                <span>
                  {shortAgent(userAgent) ?? t('unknownDevice')} {isCurrent && <Badge tone="good">{t('thisOne')}</Badge>}
                </span>
              ),
            },
            { title: t('address'), cell: ({ ip }) => ip ?? '–' },
            { title: t('lastUsed'), cell: ({ lastUsedAt }) => ago(lastUsedAt) },
            {
              title: '',
              cell: ({ id, isCurrent, userAgent }) =>
                !isCurrent && (
                  <Button
                    size="small"
                    look="danger"
                    aria-label={`${t('end')}: ${shortAgent(userAgent) ?? t('unknownDevice')}`}
                    onClick={() => end.mutate(id)}
                  >
                    {t('end')}
                  </Button>
                ),
            },
          ]}
        />
      )}
    </Card>
  );
}

/** Browser and system of a user agent, such as "Chrome on Linux". */
function shortAgent(agent: string | null): string | undefined {
  if (!agent) return undefined;
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\//.exec(agent)?.[1];
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent)?.[1];
  if (!browser) return agent.split(' ', 1)[0];
  const name = { Edg: 'Edge', OPR: 'Opera' }[browser] ?? browser;
  return system ? `${name} · ${system}` : name;
}

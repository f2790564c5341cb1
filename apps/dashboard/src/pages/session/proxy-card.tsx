import { useMutation, useQuery } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { ago } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { Form, Row, TextField } from '../../ui/field.tsx';
import { Card, ErrorNotice, Facts, Loading, Notice } from '../../ui/surface.tsx';
import { toast } from '../../ui/toast.tsx';
import { proxyTexts } from './proxy-texts.ts';

interface Values {
  url: string;
  username: string;
  password: string;
}
const EMPTY: Values = { url: '', username: '', password: '' };

/** By which proxy a session goes out, how that went, and a form for another one, which is tried before it is kept. */
export function ProxyCard({ sessionId }: { sessionId: string }) {
  const t = proxyTexts.use();
  const queryKey = ['session', sessionId, 'proxy'];
  const params = { id: sessionId };
  const proxy = useQuery({ queryKey, queryFn: () => api.sessions.getProxy(params) });
  const { register, handleSubmit, formState, reset } = useForm<Values>({ defaultValues: EMPTY });
  const applied = ({ applied: when }: { applied: 'reconnecting' | 'next_connection' }) => {
    toast(t(when));
    reset(EMPTY);
    return queryClient.invalidateQueries({ queryKey });
  };
  const save = useMutation({
    mutationFn: ({ url, username, password }: Values) =>
      api.sessions.setProxy({
        ...params,
        body: { url: url.trim(), ...(username && { username }), ...(password && { password }) },
      }),
    onSuccess: applied,
  });
  const remove = useMutation({
    mutationFn: () => api.sessions.removeProxy(params),
    onSuccess: applied,
  });
  const present = proxy.data;
  if (!present)
    return (
      <Card title={t('proxy')}>
        {proxy.error ? (
          <ErrorNotice error={proxy.error} onRetry={() => void proxy.refetch()} />
        ) : (
          <Loading rows={2} height={60} />
        )}
      </Card>
    );
  const error = save.error ?? remove.error;
  return (
    <Card title={t('proxy')} lead={t('proxyLead')}>
      <Facts
        facts={[
          [t('source'), t(`source_${present.source}`)],
          ...(present.url ? [[t('address'), <code key="url">{present.url}</code>] as const] : []),
          ...(present.lastUsedAt ? [[t('lastUsed'), ago(present.lastUsedAt)] as const] : []),
        ]}
      />
      {present.lastError && (
        <Notice tone="bad" title={t('lastError')}>
          {present.lastError}
        </Notice>
      )}
      <Form onSubmit={(event) => void handleSubmit((values) => save.mutate(values))(event)}>
        {error && <ErrorNotice error={error} />}
        <TextField
          label={t('url')}
          hint={t('urlHint')}
          autoComplete="off"
          placeholder="socks5://proxy.example.com:1080"
          error={formState.errors.url?.message}
          {...register('url', { required: t('urlMissing') })}
        />
        <Row>
          <TextField label={t('username')} isOptional autoComplete="off" {...register('username')} />
          <TextField
            label={t('password')}
            hint={t('passwordHint')}
            isOptional
            type="password"
            autoComplete="new-password"
            {...register('password')}
          />
        </Row>
        <Row>
          <Button type="submit" isBusy={save.isPending}>
            {t('save')}
          </Button>
          {present.source === 'session' && (
            <Button look="danger" isBusy={remove.isPending} onClick={() => remove.mutate()}>
              {t('remove')}
            </Button>
          )}
        </Row>
      </Form>
    </Card>
  );
}

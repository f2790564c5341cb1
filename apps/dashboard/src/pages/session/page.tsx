import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { isWaGateError } from '@wa-gate/sdk';
import { Ellipsis, LogOut, RotateCw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { usePermission } from '../../account/account.ts';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { Session } from '../../api/types.ts';
import { ago, dateTime, phone } from '../../i18n/format.ts';
import buttonStyles from '../../ui/button.module.css';
import { Button, LinkButton } from '../../ui/button.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { Menu } from '../../ui/menu.tsx';
import { Card, ErrorNotice, Facts, Loading, Notice, Page } from '../../ui/surface.tsx';
import { toast, toastError } from '../../ui/toast.tsx';
import { sessionQuery } from '../sessions/queries.ts';
import { StateBadge, showsCode, toneOf, useStateWords, waitsForPhone } from '../sessions/state.tsx';
import { ExamplesCard, KeysCard } from './keys-card.tsx';
import { LinkPhone } from './link-phone.tsx';
import { PacingCard } from './pacing-card.tsx';
import { ProxyCard } from './proxy-card.tsx';
import { RiskCard } from './risk-card.tsx';
import { SettingsCard } from './settings-card.tsx';
import { sessionTexts } from './texts.ts';
import { WebhookCard } from './webhook-card.tsx';

export function SessionPage() {
  const t = sessionTexts.use();
  const { sessionId } = useParams({ from: '/app/sessions/$sessionId' });
  const session = useQuery(sessionQuery(sessionId));
  if (session.data) return <Shown session={session.data} />;
  const isGone = isWaGateError(session.error) && session.error.status === 404;
  return (
    <Page title={sessionId} isNarrow>
      {session.error ? (
        isGone ? (
          <Notice tone="warn">{t('gone')}</Notice>
        ) : (
          <ErrorNotice error={session.error} onRetry={() => void session.refetch()} />
        )
      ) : (
        <Loading rows={3} height={120} />
      )}
    </Page>
  );
}

function Shown({ session }: { session: Session }) {
  const t = sessionTexts.use();
  const words = useStateWords();
  const navigate = useNavigate();
  const mayManage = usePermission('system.manage');
  const mayHook = usePermission('webhooks.manage');
  const maySeeLogs = usePermission('logs.view');
  const [asked, setAsked] = useState<'logout' | 'delete'>();
  const { sessionId, name, state, reason } = session;
  const params = { id: sessionId };
  const refresh = () =>
    Promise.all([
      queryClient.invalidateQueries({ queryKey: ['sessions'] }),
      queryClient.invalidateQueries({ queryKey: ['session', sessionId] }),
    ]);
  const restart = useMutation({
    mutationFn: () => api.sessions.restart(params),
    onSuccess: () => {
      toast(t('restarted'));
      return refresh();
    },
    onError: toastError,
  });
  const relink = useMutation({
    mutationFn: () => api.sessions.relink({ ...params, body: {} }),
    onSuccess: refresh,
    onError: toastError,
  });
  const logout = useMutation({
    mutationFn: () => api.sessions.logout(params),
    onSuccess: () => {
      setAsked(undefined);
      toast(t('loggedOut'));
      return refresh();
    },
  });
  const remove = useMutation({
    mutationFn: () => api.sessions.delete(params),
    onSuccess: async () => {
      toast(t('removed', { name }));
      await navigate({ to: '/sessions', search: {} });
      queryClient.removeQueries({ queryKey: ['session', sessionId] });
      void queryClient.invalidateQueries({ queryKey: ['sessions'] });
    },
  });
  // A session that is linked again keeps the number of before.
  const isLinking = waitsForPhone(state) && (session.phoneNumber === null || showsCode(state));
  const { label, next } = words(state);
  return (
    <Page
      title={name}
      lead={
        <>
          <StateBadge state={state} /> <span>{session.phoneNumber ? phone(session.phoneNumber) : ''}</span>
        </>
      }
      actions={
        <>
          {session.phoneNumber && (
            <LinkButton to="/chats" search={{ session: sessionId }}>
              {t('chats')}
            </LinkButton>
          )}
          {session.phoneNumber && (
            <LinkButton to="/sessions/$sessionId/account" params={{ sessionId }}>
              {t('account')}
            </LinkButton>
          )}
          {mayManage && (
            <Menu
              label={t('more')}
              trigger={
                <AriaButton
                  aria-label={t('more')}
                  className={`${buttonStyles.button} ${buttonStyles.secondary} ${buttonStyles.icon}`}
                >
                  <Ellipsis aria-hidden="true" />
                </AriaButton>
              }
              sections={[
                {
                  entries: [
                    { id: 'restart', label: t('restart'), icon: RotateCw, onAction: () => restart.mutate() },
                    { id: 'logout', label: t('logout'), icon: LogOut, onAction: () => setAsked('logout') },
                  ],
                },
                {
                  entries: [
                    {
                      id: 'delete',
                      label: t('remove'),
                      icon: Trash2,
                      isDangerous: true,
                      onAction: () => setAsked('delete'),
                    },
                  ],
                },
              ]}
            />
          )}
        </>
      }
    >
      <p className="visually-hidden" role="status">
        {t('announced', { name, state: label })}
      </p>
      {isLinking && mayManage && <LinkPhone session={session} />}
      {isLinking && !mayManage && <Notice tone="info">{t('youMayNotLink')}</Notice>}
      {!isLinking && state !== 'connected' && (
        <Notice
          tone={toneOf(state)}
          title={label}
          action={
            mayManage &&
            ['logged_out', 'stopped', 'error', 'conflict', 'restricted', 'banned'].includes(state) && (
              <Button
                size="small"
                isBusy={restart.isPending || relink.isPending}
                onClick={() => (state === 'logged_out' ? relink : restart).mutate()}
              >
                {t(state === 'logged_out' ? 'linkAgain' : 'restart')}
              </Button>
            )
          }
        >
          {next}
          {reason && (
            <p>
              {t('reason')}: {reason}
            </p>
          )}
        </Notice>
      )}
      {session.messageCapping && session.messageCapping.status !== 'none' && (
        <Notice tone="warn">
          {t('capped', { used: session.messageCapping.used ?? '?', total: session.messageCapping.total ?? '?' })}
        </Notice>
      )}
      <Card title={t('state')}>
        <Facts
          facts={[
            [t('state'), label],
            [t('number'), session.phoneNumber ? phone(session.phoneNumber) : '–'],
            [t('profileName'), session.pushName ?? '–'],
            [t('worker'), session.workerId ?? '–'],
            [t('lastSeen'), session.lastSeenAt ? ago(session.lastSeenAt) : t('never')],
            [t('created'), dateTime(session.createdAt)],
            [t('idForApi'), <code key="id">{sessionId}</code>],
            [t('network'), session.network],
          ]}
        />
      </Card>
      {maySeeLogs && <RiskCard sessionId={sessionId} />}
      {maySeeLogs && <PacingCard sessionId={sessionId} mayManage={mayManage} />}
      {mayManage && <ProxyCard sessionId={sessionId} />}
      {mayHook && <WebhookCard sessionId={sessionId} />}
      {mayManage && <KeysCard sessionId={sessionId} />}
      <ExamplesCard sessionId={sessionId} />
      {mayManage && <SettingsCard session={session} />}
      <Confirm
        title={t('logoutTitle')}
        action={t('logout')}
        isOpen={asked === 'logout'}
        isBusy={logout.isPending}
        error={logout.error}
        onClose={() => setAsked(undefined)}
        onConfirm={() => logout.mutate()}
      >
        {t('logoutText')}
      </Confirm>
      <Confirm
        title={t('removeTitle')}
        action={t('remove')}
        isOpen={asked === 'delete'}
        isBusy={remove.isPending}
        error={remove.error}
        onClose={() => setAsked(undefined)}
        onConfirm={() => remove.mutate()}
      >
        {t('removeText', { name })}
      </Confirm>
    </Page>
  );
}

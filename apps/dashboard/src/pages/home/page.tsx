import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { QrCode } from 'lucide-react';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { isAdministrator, useMe, usePermission } from '../../account/account.ts';
import type { DashboardMetrics } from '../../api/types.ts';
import { duration, number, percent } from '../../i18n/format.ts';
import { LinkButton } from '../../ui/button.tsx';
import { Select } from '../../ui/field.tsx';
import { Card, Empty, ErrorNotice, Page, Skeleton } from '../../ui/surface.tsx';
import { sessionsQuery } from '../sessions/queries.ts';
import { StateBadge, useStateWords } from '../sessions/state.tsx';
import styles from './home.module.css';
import { metricsQuery, type Scope } from './queries.ts';
import { homeTexts } from './texts.ts';

const Tour = lazy(() => import('../tour/tour.tsx').then(({ Tour: component }) => ({ default: component })));
const Charts = lazy(() => import('./charts.tsx').then(({ Charts: component }) => ({ default: component })));

export function HomePage() {
  const t = homeTexts.use();
  const me = useMe();
  const [scope, setScope] = useState<Scope>('workspace');
  const metrics = useQuery({ ...metricsQuery(scope), placeholderData: keepPreviousData });
  const sessions = useQuery(sessionsQuery);
  const isEmpty = scope === 'workspace' && sessions.data?.sessions.length === 0;
  return (
    <Page
      title={t('title')}
      lead={t(scope === 'platform' ? 'platformLead' : 'lead')}
      actions={
        isAdministrator(me) && (
          <Select isSmall label={t('scope')} value={scope} onChange={(event) => setScope(event.target.value as Scope)}>
            <option value="workspace">{t('workspace')}</option>
            <option value="platform">{t('platform')}</option>
          </Select>
        )
      }
    >
      {isAdministrator(me) && sessions.data && (
        <Suspense>
          <Tour hasSessions={sessions.data.sessions.length > 0} />
        </Suspense>
      )}
      {isEmpty && <First />}
      {metrics.error && !metrics.data ? (
        <ErrorNotice error={metrics.error} onRetry={() => void metrics.refetch()} />
      ) : (
        <Figures metrics={metrics.data} />
      )}
      {scope === 'workspace' && <Attention />}
      {!isEmpty && (
        <Suspense fallback={<Skeleton height={340} />}>
          <Charts scope={scope} />
        </Suspense>
      )}
    </Page>
  );
}

function First() {
  const t = homeTexts.use();
  const mayCreate = usePermission('system.manage');
  return (
    <Card>
      <Empty
        icon={QrCode}
        title={t('firstTitle')}
        action={
          mayCreate && (
            <LinkButton to="/sessions" search={{ create: true }} look="primary">
              {t('firstAction')}
            </LinkButton>
          )
        }
      >
        {t(mayCreate ? 'firstText' : 'viewerText')}
      </Empty>
    </Card>
  );
}

function Stat({ term, value, note }: { term: string; value: ReactNode; note: ReactNode }) {
  return (
    <div className={styles.stat}>
      <dt>{term}</dt>
      <dd className={styles.value}>{value}</dd>
      <dd className={styles.note}>{note}</dd>
    </div>
  );
}

function Figures({ metrics }: { metrics: DashboardMetrics | undefined }) {
  const t = homeTexts.use();
  const waiting = <Skeleton height={30} width={80} />;
  const note = <Skeleton height={14} width={120} />;
  if (!metrics) {
    const terms = [
      'connected',
      'sent',
      'success',
      'queue',
      'broadcasts',
      'webhooks',
      'uptime',
      'memory',
      'cpu',
    ] as const;
    return (
      <dl className={styles.stats}>
        {terms.map((term) => (
          <Stat key={term} term={t(term)} value={waiting} note={note} />
        ))}
      </dl>
    );
  }
  const {
    connection,
    queues,
    messagesSentToday,
    messagesFailedToday,
    successRate,
    activeBroadcasts,
    webhooks,
    system,
  } = metrics;
  return (
    <dl className={styles.stats}>
      <Stat
        term={t('connected')}
        value={
          <>
            {number(connection.connected)} <small>{t('ofAll', { count: number(connection.sessions) })}</small>
          </>
        }
        note={
          connection.sessions === 0
            ? t('noneYet')
            : connection.connected === connection.sessions
              ? t('allConnected')
              : t('attention')
        }
      />
      <Stat
        term={t('sent')}
        value={number(messagesSentToday)}
        note={messagesFailedToday === 0 ? t('noneFailed') : t('failedToday', { count: messagesFailedToday })}
      />
      <Stat term={t('success')} value={percent(successRate / 100)} note={t('successHint')} />
      <Stat
        term={t('queue')}
        value={number(queues['message-queue'])}
        note={t('queueHint', {
          broadcast: number(queues['broadcast-queue']),
          webhook: number(queues['webhook-queue']),
        })}
      />
      <Stat term={t('broadcasts')} value={number(activeBroadcasts)} note={t('broadcastsHint')} />
      <Stat
        term={t('webhooks')}
        value={t(`webhook_${webhooks.status}`)}
        note={t('webhookHint', { active: number(webhooks.active), pending: number(webhooks.pending) })}
      />
      <Stat term={t('uptime')} value={duration(system.uptime)} note={t('uptimeHint')} />
      <Stat
        term={t('memory')}
        value={`${number(system.memory.used)} MB`}
        note={t('memoryHint', { total: `${number(system.memory.total)} MB` })}
      />
      <Stat term={t('cpu')} value={percent(system.cpu / 100)} note={t('cpuHint')} />
    </dl>
  );
}

/** Sessions that somebody has to do something about. It has its place also when there is none: nothing below moves. */
function Attention() {
  const t = homeTexts.use();
  const words = useStateWords();
  const { data } = useQuery(sessionsQuery);
  if (data?.sessions.length === 0) return null;
  const troubled = data?.sessions.filter(({ state }) => !['connected', 'stopped'].includes(state)) ?? [];
  return (
    <Card title={t('attention')} lead={t('attentionLead')} isFlush>
      <ul className={styles.attention}>
        {troubled.length === 0 && (
          <li className={styles.note}>{data ? t('attentionNone') : <Skeleton height={20} width={220} />}</li>
        )}
        {troubled.slice(0, 6).map((session) => (
          <li key={session.id}>
            <div>
              <Link to="/sessions/$sessionId" params={{ sessionId: session.sessionId }}>
                {session.name}
              </Link>
              <p className={styles.note}>{words(session.state).next}</p>
            </div>
            <StateBadge state={session.state} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

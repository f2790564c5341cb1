import { useMutation, useQuery } from '@tanstack/react-query';
import { ArrowLeftRight, CirclePause, CirclePlay, Ellipsis, LogOut, Plus, Server, Trash2, Wrench } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { useForm } from 'react-hook-form';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { ago, number, percent } from '../../i18n/format.ts';
import type { MenuEntry } from '../../ui/aria-menu.tsx';
import buttonStyles from '../../ui/button.module.css';
import { Button } from '../../ui/button.tsx';
import { Confirm, Dialog } from '../../ui/dialog.tsx';
import { Form, Row, TextField } from '../../ui/field.tsx';
import { Menu } from '../../ui/menu.tsx';
import { Badge, Card, Empty, ErrorNotice, Loading, Page, Skeleton, type Tone } from '../../ui/surface.tsx';
import { toast, toastError } from '../../ui/toast.tsx';
import { useStateWords } from '../sessions/state.tsx';
import { WorkerEvents } from './events-card.tsx';
import styles from './fleet.module.css';
import { autoscalingQuery, hostedQuery, workersQuery } from './queries.ts';
import { fleetTexts } from './texts.ts';
import { VersionsCards } from './versions-card.tsx';

type Worker = Awaited<ReturnType<NonNullable<typeof workersQuery.queryFn>>>[number];
type Hosted = Awaited<ReturnType<NonNullable<typeof hostedQuery.queryFn>>>['sessions'][number];

const TONES: Record<Worker['state'], Tone> = {
  ready: 'good',
  stopping: 'warn',
  offline: 'bad',
  pending: 'info',
  cordoned: 'warn',
  draining: 'warn',
  maintenance: 'info',
  retired: 'neutral',
};
const AWAY = new Set<Worker['state']>(['offline', 'pending', 'retired']);
/** More are drawn as a bar alone. */
const DRAWN = 120;

const toneOf = ({ status }: Hosted): 'good' | 'moving' | 'bad' => {
  if (status === 'connected') return 'good';
  return status === 'initializing' || status === 'reconnecting' || status === 'qr_required' ? 'moving' : 'bad';
};
const refresh = () => queryClient.invalidateQueries({ queryKey: ['admin'] });

export function FleetPage() {
  const t = fleetTexts.use();
  const workers = useQuery(workersQuery);
  const hosted = useQuery(hostedQuery);
  const [isAdding, setAdding] = useState(false);
  const rebalance = useMutation({
    mutationFn: () => api.fleet.rebalance(),
    onSuccess: ({ moves }) => {
      toast(moves === 0 ? t('balanced') : t('rebalanced', { count: moves }));
      return refresh();
    },
    onError: toastError,
  });
  const shown = workers.data?.filter(({ state }) => state !== 'retired') ?? [];
  const isDrawn = (hosted.data?.pagination.total ?? 0) <= DRAWN;
  return (
    <Page
      title={t('title')}
      lead={t('lead')}
      actions={
        <>
          <Button isBusy={rebalance.isPending} onClick={() => rebalance.mutate()}>
            <ArrowLeftRight aria-hidden="true" />
            {t('rebalance')}
          </Button>
          <Button look="primary" onClick={() => setAdding(true)}>
            <Plus aria-hidden="true" />
            {t('add')}
          </Button>
        </>
      }
    >
      <Summary />
      {workers.isLoading && <Loading rows={2} height={150} />}
      {workers.error && !workers.data && <ErrorNotice error={workers.error} onRetry={() => void workers.refetch()} />}
      {workers.data && shown.length === 0 && (
        <Card>
          <Empty icon={Server} title={t('emptyTitle')}>
            {t('emptyText')}
          </Empty>
        </Card>
      )}
      {shown.length > 0 && (
        <>
          <ul className={styles.workers}>
            {shown.map((worker) => (
              <WorkerCard
                key={worker.id}
                worker={worker}
                sessions={isDrawn ? hosted.data?.sessions.filter(({ workerId }) => workerId === worker.id) : undefined}
              />
            ))}
          </ul>
          {isDrawn && <Legend />}
        </>
      )}
      <WorkerEvents />
      <VersionsCards />
      <AddWorker isOpen={isAdding} onClose={() => setAdding(false)} />
    </Page>
  );
}

function Figure({ term, value, note }: { term: string; value: ReactNode; note: ReactNode }) {
  return (
    <div className={styles.figure}>
      <dt>{term}</dt>
      <dd className={styles.value}>{value}</dd>
      <dd className={styles.note}>{note}</dd>
    </div>
  );
}

function Summary() {
  const t = fleetTexts.use();
  const { data } = useQuery(autoscalingQuery);
  const networks = data?.filter(
    ({ workers, sessions }) => workers.ready + workers.aside + workers.offline + sessions > 0,
  );
  if (!networks || networks.length === 0) {
    const waiting = <Skeleton height={28} width={80} />;
    return (
      <dl className={styles.summary}>
        {(['ready', 'capacity', 'waiting', 'advice'] as const).map((term) => (
          <Figure key={term} term={t(term)} value={data ? '–' : waiting} note="" />
        ))}
      </dl>
    );
  }
  return networks.map((each) => {
    const { network, workers, capacity, sessions, waitingSessions, desiredWorkers, advice, reasons } = each;
    // The one that asks for most decides.
    const [reason] = reasons.toSorted((one, other) => other.workers - one.workers);
    const figures = {
      sessions: number(sessions),
      capacity: number(capacity),
      waiting: number(waitingSessions),
      cpu: percent(each.avgCpuUsage / 100),
      memory: percent(each.avgMemoryUsage / 100),
      aside: number(workers.aside),
    };
    const missing = Math.abs(desiredWorkers - workers.ready);
    const suffix = networks.length > 1 ? ` (${t(`network_${network}`)})` : '';
    return (
      <dl className={styles.summary} key={network}>
        <Figure
          term={`${t('ready')}${suffix}`}
          value={number(workers.ready)}
          note={t('readyNote', { offline: workers.offline, aside: workers.aside })}
        />
        <Figure
          term={t('capacity')}
          value={number(sessions)}
          note={t('capacityNote', { capacity: number(capacity) })}
        />
        <Figure
          term={t('waiting')}
          value={number(waitingSessions)}
          note={waitingSessions === 0 ? t('waitingNone') : t('waitingSome')}
        />
        <Figure
          term={t('advice')}
          value={t(`advice_${advice}`, { count: missing })}
          note={reason && t(`because_${reason.trigger}`, figures)}
        />
      </dl>
    );
  });
}

function Legend() {
  const t = fleetTexts.use();
  return (
    <p className={styles.legend}>
      {t('sessionsLegend')}
      {(['good', 'moving', 'bad'] as const).map((tone) => (
        <span key={tone}>
          <i data-tone={tone} aria-hidden="true" />
          {t(`legend_${tone}`)}
        </span>
      ))}
    </p>
  );
}

function WorkerCard({ worker, sessions }: { worker: Worker; sessions: readonly Hosted[] | undefined }) {
  const t = fleetTexts.use();
  const words = useStateWords();
  const { id, state, network, sessionCount, maxSessions, cpuUsage, memoryUsage, lastHeartbeat, revision, endpoint } =
    worker;
  const isAway = AWAY.has(state);
  const share = maxSessions > 0 ? sessionCount / maxSessions : 0;
  return (
    <li className={styles.worker} data-away={isAway}>
      <div className={styles.head}>
        <h2>{id}</h2>
        <Badge tone={TONES[state]} isMoving={state === 'draining' || state === 'stopping'}>
          {t(`state_${state}`)}
        </Badge>
        <WorkerMenu worker={worker} />
      </div>
      <p className={styles.line}>
        <span>{t(`network_${network}`)}</span>
        <code>{endpoint}</code>
      </p>
      <div className={styles.track} aria-hidden="true">
        <div className={styles.fill} data-full={share > 0.9} style={{ width: `${Math.min(100, share * 100)}%` }} />
      </div>
      <p className={styles.line}>{t('sessionsOf', { count: number(sessionCount), max: number(maxSessions) })}</p>
      {sessions && (
        <ul className={styles.places}>
          {sessions.length === 0 && <li className={styles.note}>{t('noSessions')}</li>}
          {sessions.map((session) => {
            const name = `${session.name}: ${words(session.state).label}`;
            return (
              <li key={`${session.workspace.id} ${session.sessionId}`}>
                <span className={styles.place} data-tone={toneOf(session)} title={name} role="img" aria-label={name} />
              </li>
            );
          })}
        </ul>
      )}
      <dl className={styles.facts}>
        <div>
          <dt>{t('cpu')}</dt>
          <dd>{isAway ? '–' : percent(cpuUsage / 100)}</dd>
        </div>
        <div>
          <dt>{t('memory')}</dt>
          <dd>{isAway ? '–' : percent(memoryUsage / 100)}</dd>
        </div>
        <div>
          <dt>{t('heard')}</dt>
          <dd>{lastHeartbeat ? ago(lastHeartbeat) : t('never')}</dd>
        </div>
      </dl>
      {revision && (
        <p className={styles.line}>
          {t('version')} <code>{revision}</code>
        </p>
      )}
    </li>
  );
}

function WorkerMenu({ worker: { id, state, sessionCount } }: { worker: Worker }) {
  const t = fleetTexts.use();
  const [asked, setAsked] = useState<'drain' | 'remove'>();
  const params = { id };
  const done = (sentence: string) => () => {
    setAsked(undefined);
    toast(sentence);
    return refresh();
  };
  const drain = useMutation({
    mutationFn: () => api.workers.drain(params),
    onSuccess: done(t('drained', { id })),
  });
  const remove = useMutation({
    mutationFn: () => api.workers.remove(params),
    onSuccess: done(t('removed', { id })),
  });
  const cordon = useMutation({
    mutationFn: () => api.workers.cordon(params),
    onSuccess: done(t('cordoned', { id })),
    onError: toastError,
  });
  const uncordon = useMutation({
    mutationFn: () => api.workers.uncordon(params),
    onSuccess: done(t('uncordoned', { id })),
    onError: toastError,
  });
  const maintain = useMutation({
    mutationFn: () => api.workers.maintenance(params),
    onSuccess: done(t('maintained', { id })),
    onError: toastError,
  });
  const endMaintenance = useMutation({
    mutationFn: () => api.workers.endMaintenance(params),
    onSuccess: done(t('uncordoned', { id })),
    onError: toastError,
  });
  const isReady = state === 'ready';
  const entries: (MenuEntry | false)[] = [
    (isReady || state === 'cordoned') && {
      id: 'drain',
      label: t('drain'),
      icon: LogOut,
      onAction: () => setAsked('drain'),
    },
    isReady && { id: 'cordon', label: t('cordon'), icon: CirclePause, onAction: () => cordon.mutate() },
    (state === 'cordoned' || state === 'draining') && {
      id: 'uncordon',
      label: t('uncordon'),
      icon: CirclePlay,
      onAction: () => uncordon.mutate(),
    },
    isReady && { id: 'maintenance', label: t('maintenance'), icon: Wrench, onAction: () => maintain.mutate() },
    state === 'maintenance' && {
      id: 'endMaintenance',
      label: t('endMaintenance'),
      icon: CirclePlay,
      onAction: () => endMaintenance.mutate(),
    },
  ];
  return (
    <>
      <Menu
        label={t('actions', { id })}
        trigger={
          <AriaButton
            aria-label={t('actions', { id })}
            className={`${buttonStyles.button} ${buttonStyles.quiet} ${buttonStyles.small} ${buttonStyles.icon}`}
          >
            <Ellipsis aria-hidden="true" />
          </AriaButton>
        }
        sections={[
          { entries: entries.filter((entry) => entry !== false) },
          {
            entries: [
              { id: 'remove', label: t('remove'), icon: Trash2, isDangerous: true, onAction: () => setAsked('remove') },
            ],
          },
        ]}
      />
      <Confirm
        title={t('drainTitle')}
        action={t('drain')}
        isOpen={asked === 'drain'}
        isBusy={drain.isPending}
        error={drain.error}
        onClose={() => setAsked(undefined)}
        onConfirm={() => drain.mutate()}
      >
        {t('drainText', { count: number(sessionCount) })}
      </Confirm>
      <Confirm
        title={t('removeTitle')}
        action={t('remove')}
        isOpen={asked === 'remove'}
        isBusy={remove.isPending}
        error={remove.error}
        onClose={() => setAsked(undefined)}
        onConfirm={() => remove.mutate()}
      >
        {t('removeText')}
      </Confirm>
    </>
  );
}

function AddWorker({ isOpen, onClose }: { isOpen: boolean; onClose(): void }) {
  const t = fleetTexts.use();
  const { register, handleSubmit, formState, reset } = useForm({ defaultValues: { endpoint: '', maxSessions: '50' } });
  const close = () => {
    add.reset();
    reset();
    onClose();
  };
  const add = useMutation({
    mutationFn: ({ endpoint, maxSessions }: { endpoint: string; maxSessions: string }) =>
      api.workers.add({ body: { endpoint: endpoint.trim(), maxSessions: Number(maxSessions) } }),
    onSuccess: () => {
      close();
      return refresh();
    },
  });
  return (
    <Dialog title={t('add')} isOpen={isOpen} onClose={close}>
      <Form onSubmit={(event) => void handleSubmit((values) => add.mutate(values))(event)}>
        {add.error && <ErrorNotice error={add.error} />}
        <TextField
          label={t('endpoint')}
          hint={t('endpointHint')}
          type="url"
          inputMode="url"
          placeholder="http://10.0.0.7:8001"
          autoFocus
          error={formState.errors.endpoint?.message}
          {...register('endpoint', { validate: (value) => value.trim() !== '' || t('endpointMissing') })}
        />
        <TextField
          label={t('maxSessions')}
          hint={t('maxSessionsHint')}
          type="number"
          min={1}
          {...register('maxSessions')}
        />
        <Row atEnd>
          <Button type="submit" look="primary" isBusy={add.isPending}>
            {t('add')}
          </Button>
        </Row>
      </Form>
    </Dialog>
  );
}

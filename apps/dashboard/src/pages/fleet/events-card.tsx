import { useQuery } from '@tanstack/react-query';
import { dateTime } from '../../i18n/format.ts';
import { Card, ErrorNotice, Loading, Muted, Table } from '../../ui/surface.tsx';
import { eventsTexts } from './events-texts.ts';
import { workerEventsQuery } from './queries.ts';

type WorkerEvent = Awaited<ReturnType<NonNullable<typeof workerEventsQuery.queryFn>>>[number];
type Offline = Extract<WorkerEvent, { event: 'worker.offline' }>['data']['cause'];

const ENDS = {
  goodbye: 'goodbye',
  'connection refused': 'refused',
  'newer incarnation': 'replaced',
  'lease expired': 'expired',
} as const satisfies Record<Offline, string>;

function useSentence(): (event: WorkerEvent) => string {
  const t = eventsTexts.use();
  return (event) => {
    switch (event.event) {
      case 'worker.added':
        return t('added', { endpoint: event.data.endpoint });
      case 'worker.online': {
        const { cause, incarnation } = event.data;
        return cause === 'registered' ? t('registered', { incarnation }) : t('heardAgain');
      }
      case 'worker.stopping':
        return t('stopping', { count: event.data.sessions });
      case 'worker.offline': {
        const { cause, sessions } = event.data;
        const end = t(ENDS[cause]);
        return sessions === 0 ? end : `${end}. ${t('with', { count: sessions })}`;
      }
      case 'worker.state':
        return t(event.data.after);
      case 'worker.drained':
        return t('drained');
      default:
        return t('removed');
    }
  };
}

/** What happened to the workers. The page asks again while it is shown. */
export function WorkerEvents() {
  const t = eventsTexts.use();
  const sentence = useSentence();
  const { data, error, isLoading, refetch } = useQuery(workerEventsQuery);
  return (
    <Card title={t('title')} lead={t('lead')} isFlush>
      {isLoading && <Loading rows={4} />}
      {error && !data && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {data?.length === 0 && <Muted>{t('none')}</Muted>}
      {data && data.length > 0 && (
        <Table
          caption={t('title')}
          rows={data}
          keyOf={({ id }) => id}
          columns={[
            { title: t('when'), cell: ({ timestamp }) => <Muted>{dateTime(timestamp * 1_000)}</Muted> },
            { title: t('worker'), cell: ({ workerId }) => workerId },
            { title: t('what'), cell: sentence },
          ]}
        />
      )}
    </Card>
  );
}

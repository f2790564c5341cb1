import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { isAdministrator, useMe } from '../../account/account.ts';
import { api } from '../../api/client.ts';
import { duration, number } from '../../i18n/format.ts';
import { Select } from '../../ui/field.tsx';
import { Card, ErrorNotice, Loading, Muted, Page, Table } from '../../ui/surface.tsx';
import { queuesTexts } from './texts.ts';

/** Events tell of single messages, and none of a whole queue: the page looks again while it is shown. */
const EVERY_MS = 3_000;

const listQueues = async (isWhole: boolean) => (await api.queues.list(isWhole ? { scope: 'platform' } : {})).queues;
type Queue = Awaited<ReturnType<typeof listQueues>>[number];

export function QueuesPage() {
  const t = queuesTexts.use();
  const me = useMe();
  const [isWhole, setWhole] = useState(false);
  const queues = useQuery({
    queryKey: ['queues', me.workspaceId, isWhole],
    queryFn: () => listQueues(isWhole),
    refetchInterval: EVERY_MS,
  });
  return (
    <Page
      title={t('title')}
      lead={t('lead')}
      actions={
        isAdministrator(me) && (
          <Select
            isSmall
            label={t('scope')}
            value={isWhole ? 'whole' : 'workspace'}
            onChange={({ target }) => setWhole(target.value === 'whole')}
          >
            <option value="workspace">{t('workspace')}</option>
            <option value="whole">{t('whole')}</option>
          </Select>
        )
      }
    >
      {queues.isLoading && <Loading rows={3} height={64} />}
      {queues.error && !queues.data && <ErrorNotice error={queues.error} onRetry={() => void queues.refetch()} />}
      {queues.data && (
        <Card isFlush>
          <Table caption={t('title')} rows={queues.data} keyOf={({ name }) => name} columns={columnsOf(t)} />
        </Card>
      )}
    </Page>
  );
}

const columnsOf = (t: ReturnType<typeof queuesTexts.use>) => [
  {
    title: t('queue'),
    cell: (queue: Queue) => (
      <span>
        <strong>{t(queue.name)}</strong> <Muted>{queue.name}</Muted>
      </span>
    ),
  },
  { title: t('waiting'), cell: ({ waiting }: Queue) => number(waiting), isNumber: true },
  { title: t('active'), cell: ({ active }: Queue) => number(active), isNumber: true },
  { title: t('delayed'), cell: ({ delayed }: Queue) => number(delayed), isNumber: true },
  { title: t('failed'), cell: ({ failed }: Queue) => number(failed), isNumber: true },
  {
    title: t('oldest'),
    cell: ({ waiting, oldestSeconds }: Queue) => (waiting === 0 ? '–' : duration(oldestSeconds)),
    isNumber: true,
  },
  {
    title: t('rule'),
    cell: ({ attempts, gapMs }: Queue) => (
      <Muted>
        {t('attempts', { count: attempts })}
        {gapMs !== null && `, ${t('gap', { seconds: number(gapMs / 1_000) })}`}
      </Muted>
    ),
  },
];

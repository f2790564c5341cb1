import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ChartColumn, Download } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { apiUrl } from '../../api/base-path.ts';
import { api } from '../../api/client.ts';
import { ago, number } from '../../i18n/format.ts';
import { useBucketWords } from '../../ui/bucket-words.ts';
import { AnchorButton } from '../../ui/button.tsx';
import { Select } from '../../ui/field.tsx';
import { Card, Empty, ErrorNotice, Loading, Muted, Page, Table } from '../../ui/surface.tsx';
import { usageTexts } from './texts.ts';
import styles from './usage.module.css';

const GROUPINGS = ['month', 'session', 'key'] as const;
const SPANS = [1, 3, 12] as const;
type Grouping = (typeof GROUPINGS)[number];

/** The month that lies so many months back, as the API names it. */
function monthBefore(count: number): string {
  const now = new Date();
  const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - count, 1));
  return month.toISOString().slice(0, 7);
}

const readUsage = (groupBy: Grouping, from: string) => api.usage.list({ groupBy, from });
type Row = Awaited<ReturnType<typeof readUsage>>['records'][number];

export function UsagePage() {
  const t = usageTexts.use();
  return (
    <Page title={t('title')} lead={t('lead')}>
      <Limits />
      <Usage />
    </Page>
  );
}

function Meter({ term, used, max, note }: { term: string; used: number; max: number; note: ReactNode }) {
  const t = usageTexts.use();
  const share = max > 0 ? Math.min(1, used / max) : 0;
  return (
    <div className={styles.meter}>
      <dt>{term}</dt>
      <dd className={styles.value}>{t('ofMax', { used: number(used), max: number(max) })}</dd>
      <dd className={styles.track} aria-hidden="true">
        <div className={styles.fill} data-full={share > 0.9} style={{ width: `${share * 100}%` }} />
      </dd>
      <dd>{note}</dd>
    </div>
  );
}

function Limits() {
  const t = usageTexts.use();
  const words = useBucketWords();
  const limits = useQuery({
    queryKey: ['limits'],
    queryFn: () => api.limits.get(),
    refetchInterval: 15_000,
  });
  if (limits.error && !limits.data) return <ErrorNotice error={limits.error} onRetry={() => void limits.refetch()} />;
  if (!limits.data) return <Loading rows={1} height={150} />;
  const { tier, buckets } = limits.data;
  const { sessions, messagesPerHour } = tier;
  return (
    <>
      <Card title={`${t('tier')}: ${tier.name}`}>
        <dl className={styles.meters}>
          <Meter term={t('sessions')} {...sessions} note={t('left', { count: number(sessions.remaining) })} />
          <Meter
            term={t('messages')}
            {...messagesPerHour}
            note={`${t('left', { count: number(messagesPerHour.remaining) })} · ${t('resets', { time: ago(messagesPerHour.resetAt) })}`}
          />
        </dl>
      </Card>
      <Card title={t('limits')} lead={t('limitsLead')}>
        {buckets.length === 0 ? (
          <Muted>{t('noLimits')}</Muted>
        ) : (
          <dl className={styles.meters}>
            {buckets.map(({ bucket, description, used, max, remaining, resetAt }) => (
              <Meter
                key={bucket}
                term={words({ bucket, description })}
                used={used}
                max={max}
                note={`${t('left', { count: number(remaining) })} · ${t('resets', { time: ago(resetAt) })}`}
              />
            ))}
          </dl>
        )}
      </Card>
    </>
  );
}

function Usage() {
  const t = usageTexts.use();
  const [groupBy, setGrouping] = useState<Grouping>('month');
  const [months, setMonths] = useState<(typeof SPANS)[number]>(3);
  const from = monthBefore(months - 1);
  const usage = useQuery({
    queryKey: ['usage', groupBy, from],
    queryFn: () => readUsage(groupBy, from),
    placeholderData: keepPreviousData,
  });
  const nameOf = ({ month, sessionName, sessionId, keyName, keyId }: Row): ReactNode => {
    if (groupBy === 'month') return month;
    if (groupBy === 'session') return sessionName ?? sessionId ?? <Muted>{t('deleted')}</Muted>;
    return keyName ?? keyId ?? <Muted>{t('withoutKey')}</Muted>;
  };
  const csv = apiUrl(`/api/usage?groupBy=${groupBy}&from=${from}&format=csv`);
  return (
    <Card
      title={t('usage')}
      isFlush
      actions={
        <>
          <Select
            isSmall
            label={t('by')}
            value={groupBy}
            onChange={({ target }) => setGrouping(target.value as Grouping)}
          >
            {GROUPINGS.map((one) => (
              <option key={one} value={one}>
                {t(`by_${one}`)}
              </option>
            ))}
          </Select>
          <Select
            isSmall
            label={t('from')}
            value={months}
            onChange={({ target }) => setMonths(Number(target.value) as (typeof SPANS)[number])}
          >
            {SPANS.map((one) => (
              <option key={one} value={one}>
                {t(`months_${one}`)}
              </option>
            ))}
          </Select>
          <AnchorButton size="small" href={csv} download={`usage-${from}.csv`}>
            <Download aria-hidden="true" />
            {t('csv')}
          </AnchorButton>
        </>
      }
    >
      {usage.isLoading && <Loading />}
      {usage.error && !usage.data && <ErrorNotice error={usage.error} onRetry={() => void usage.refetch()} />}
      {usage.data?.records.length === 0 && (
        <Empty icon={ChartColumn} title={t('none')}>
          {t('noneText')}
        </Empty>
      )}
      {usage.data && usage.data.records.length > 0 && (
        <Table
          caption={t('usage')}
          rows={[...usage.data.records, undefined]}
          keyOf={(row) => (row ? `${row.month} ${row.sessionId} ${row.keyId}` : 'total')}
          columns={[
            { title: t(`by_${groupBy}`), cell: (row) => (row ? nameOf(row) : <strong>{t('total')}</strong>) },
            { title: t('requests'), cell: (row) => number((row ?? usage.data.totals).hits), isNumber: true },
            { title: t('sent'), cell: (row) => number((row ?? usage.data.totals).messagesSent), isNumber: true },
            {
              title: t('received'),
              cell: (row) => number((row ?? usage.data.totals).messagesReceived),
              isNumber: true,
            },
          ]}
        />
      )}
    </Card>
  );
}

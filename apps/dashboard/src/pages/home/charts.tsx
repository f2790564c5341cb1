import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type CSSProperties, useMemo, useState } from 'react';
import type { DashboardHistory } from '../../api/types.ts';
import { dateTime, day, number } from '../../i18n/format.ts';
import { readable } from '../../i18n/jid.ts';
import { Card, ErrorNotice, Muted, Skeleton, Table } from '../../ui/surface.tsx';
import { type Series, TimeChart } from '../../ui/time-chart.tsx';
import styles from './home.module.css';
import { type Grouping, historyQuery, type Scope } from './queries.ts';
import { homeTexts } from './texts.ts';

const GROUPINGS: readonly Grouping[] = ['day', 'week', 'month'];
const secondsOf = (from: string): number => Date.parse(from) / 1_000;

export function Charts({ scope }: { scope: Scope }) {
  const t = homeTexts.use();
  const [by, setBy] = useState<Grouping>('day');
  const history = useQuery({ ...historyQuery(scope, by), placeholderData: keepPreviousData });
  if (history.error && !history.data) {
    return <ErrorNotice error={history.error} onRetry={() => void history.refetch()} />;
  }
  const grouping = (
    <fieldset className={styles.segments} aria-label={t('by')} style={{ border: 0, margin: 0 }}>
      {GROUPINGS.map((one) => (
        <button key={one} type="button" aria-pressed={one === by} onClick={() => setBy(one)}>
          {t(one)}
        </button>
      ))}
    </fieldset>
  );
  return (
    <>
      <Card title={t('messages')} lead={t('messagesLead')} actions={grouping}>
        {history.data ? <Messages history={history.data} /> : <Skeleton height={260} />}
      </Card>
      {history.data && <Details history={history.data} />}
    </>
  );
}

function Legend({ series }: { series: readonly Series[] }) {
  return (
    <p className={styles.legend} aria-hidden="true">
      {series.map(({ label, colour }) => (
        <span key={label} style={{ '--swatch': `var(${colour})` } as CSSProperties}>
          {label}
        </span>
      ))}
    </p>
  );
}

function Messages({ history: { messages } }: { history: DashboardHistory }) {
  const t = homeTexts.use();
  const times = useMemo(() => messages.map(({ from }) => secondsOf(from)), [messages]);
  const series = useMemo<Series[]>(
    () => [
      { label: t('sentSeries'), colour: '--chart-1', values: messages.map(({ sent }) => sent) },
      { label: t('received'), colour: '--chart-2', values: messages.map(({ received }) => received) },
      { label: t('failed'), colour: '--chart-3', values: messages.map(({ failed }) => failed) },
    ],
    [messages, t],
  );
  return (
    <div className={styles.chart}>
      <Legend series={series} />
      <TimeChart times={times} series={series} />
      <details>
        <summary>{t('asTable')}</summary>
        <Table
          caption={t('messages')}
          rows={messages.toReversed()}
          keyOf={({ from }) => from}
          columns={[
            { title: t('from'), cell: ({ from }) => dateTime(from) },
            { title: t('sentSeries'), cell: ({ sent }) => number(sent), isNumber: true },
            { title: t('received'), cell: ({ received }) => number(received), isNumber: true },
            { title: t('failed'), cell: ({ failed }) => number(failed), isNumber: true },
          ]}
        />
      </details>
    </div>
  );
}

function Bars({ rows, tone, empty }: { rows: { name: string; value: number }[]; tone?: string; empty: string }) {
  const largest = Math.max(1, ...rows.map(({ value }) => value));
  if (rows.length === 0) return <Muted>{empty}</Muted>;
  return (
    <ul className={styles.bars}>
      {rows.map(({ name, value }, index) => (
        <li key={`${index} ${name}`}>
          <div className={styles.barHead}>
            <span title={name}>{name}</span>
            <span>{number(value)}</span>
          </div>
          <div className={styles.track} aria-hidden="true">
            <div className={styles.fill} data-tone={tone} style={{ width: `${(value / largest) * 100}%` }} />
          </div>
        </li>
      ))}
    </ul>
  );
}

function Details({ history }: { history: DashboardHistory }) {
  const t = homeTexts.use();
  const { responseTimes, topContacts, failures, apiUsage } = history;
  const times = useMemo(() => responseTimes.map(({ from }) => secondsOf(from)), [responseTimes]);
  const series = useMemo<Series[]>(
    () => [
      { label: t('half'), colour: '--chart-1', values: responseTimes.map(({ p50Ms }) => p50Ms) },
      { label: t('most'), colour: '--chart-2', values: responseTimes.map(({ p95Ms }) => p95Ms) },
    ],
    [responseTimes, t],
  );
  const unit = t('milliseconds');
  const shown = (value: number | null) => (value === null ? '–' : `${number(value)} ${unit}`);
  return (
    <div className={styles.details}>
      <Card title={t('responseTimes')} lead={t('responseTimesLead')}>
        {responseTimes.some(({ messages }) => messages > 0) ? (
          <div className={styles.chart}>
            <Legend series={series} />
            <TimeChart times={times} series={series} unit={unit} />
            <details>
              <summary>{t('asTable')}</summary>
              <Table
                caption={t('responseTimes')}
                rows={responseTimes.toReversed()}
                keyOf={({ from }) => from}
                columns={[
                  { title: t('from'), cell: ({ from }) => day(from) },
                  { title: t('half'), cell: ({ p50Ms }) => shown(p50Ms), isNumber: true },
                  { title: t('most'), cell: ({ p95Ms }) => shown(p95Ms), isNumber: true },
                ]}
              />
            </details>
          </div>
        ) : (
          <Muted>{t('nothing')}</Muted>
        )}
      </Card>
      <Card title={t('contacts')} lead={t('contactsLead')}>
        <Bars
          rows={topContacts.map(({ name, chat, messages }) => ({ name: name ?? readable(chat), value: messages }))}
          empty={t('nothing')}
        />
      </Card>
      <Card title={t('failures')}>
        <Bars
          rows={failures.map(({ reason, code, messages }) => ({
            name: reason ?? code ?? t('unknownReason'),
            value: messages,
          }))}
          tone="bad"
          empty={t('noFailures')}
        />
      </Card>
      <Card title={t('keys')} lead={t('keysLead')}>
        <Bars
          rows={apiUsage.map(({ name, keyId, requests }) => ({ name: name ?? keyId ?? t('browser'), value: requests }))}
          tone="info"
          empty={t('nothing')}
        />
      </Card>
    </div>
  );
}

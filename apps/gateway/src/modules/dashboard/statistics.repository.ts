import type { Queryable } from '@wa-gate/db';
import { firstIdAt } from '@wa-gate/kit';
import { CHAT_TOTALS, countedColumns, type StatisticUnit, TOTALS } from '@wa-gate/messaging';
import { type HistoryRecords, MOST_REASONS, type PeriodRecord, TOP } from './history-records.ts';
import { type BucketCount, percentileOf } from './response-times.ts';
import { type DashboardScope, MINE, scopeValues } from './scope.ts';

/**
 * What was counted before the boundary, and the rows since. $1 and $2 the scope, $3 the unit, $4 the first day, $5 the
 * first id that is not counted.
 */
const counted = (table: string, columns: string): string =>
  `SELECT to_char(s.begins_on, 'YYYY-MM-DD') AS "beginsOn", ${columns} FROM ${table} s JOIN mine ON mine.id = s.session_id
   WHERE s.unit = $3 AND s.begins_on >= $4`;
const LIVE = `live AS (
  SELECT ${countedColumns('$3')} FROM messages m JOIN mine ON mine.id = m.session_id WHERE NOT m.is_history AND m.id >= $5
)`;
const LIVE_DAY = `to_char(begins_on, 'YYYY-MM-DD') AS "beginsOn"`;

const PERIODS = {
  name: 'dashboard-counted-periods',
  text: `WITH ${MINE}, ${LIVE}, both_of AS (
      ${counted('message_statistics', 's.sent, s.received, s.failed, s.timed, s.response_ms')}
      UNION ALL SELECT ${LIVE_DAY}, ${TOTALS} FROM live GROUP BY begins_on
    )
    SELECT "beginsOn", sum(sent)::bigint AS sent, sum(received)::bigint AS received, sum(failed)::bigint AS failed,
      sum(timed)::bigint AS timed, sum(response_ms) / nullif(sum(timed), 0)::float8 AS "averageMs"
    FROM both_of GROUP BY 1`,
};

const BUCKETS = {
  name: 'dashboard-counted-buckets',
  text: `WITH ${MINE}, ${LIVE}, both_of AS (
      ${counted('message_response_statistics', 's.bucket, s.count')}
      UNION ALL SELECT ${LIVE_DAY}, message_response_bucket(response_ms), count(*) FROM live
      WHERE response_ms IS NOT NULL GROUP BY begins_on, 2
    )
    SELECT "beginsOn", bucket, sum(count)::bigint AS count FROM both_of GROUP BY 1, 2 HAVING sum(count) > 0`,
};

const CHATS = {
  name: 'dashboard-counted-chats',
  text: `WITH ${MINE}, ${LIVE}, both_of AS (
      ${counted('message_chat_statistics', 's.chat_jid, s.name, s.sent, s.received')}
      UNION ALL SELECT ${LIVE_DAY}, chat_jid, ${CHAT_TOTALS} FROM live GROUP BY begins_on, chat_jid
    )
    SELECT chat_jid AS chat, max(name) AS name, sum(sent + received)::bigint AS messages, sum(sent)::bigint AS sent,
      sum(received)::bigint AS received
    FROM both_of GROUP BY chat_jid ORDER BY messages DESC, chat LIMIT ${TOP}`,
};

const FAILURES = {
  name: 'dashboard-counted-failures',
  text: `WITH ${MINE}, ${LIVE}, both_of AS (
      ${counted('message_failure_statistics', 's.code, s.reason, s.count')}
      UNION ALL SELECT ${LIVE_DAY}, coalesce(error_code, ''), max(error_message), count(*) FROM live
      WHERE has_failed GROUP BY begins_on, 2
    )
    SELECT nullif(code, '') AS code, max(reason) AS reason, sum(count)::bigint AS messages
    FROM both_of GROUP BY both_of.code HAVING sum(count) > 0 ORDER BY messages DESC, code LIMIT ${MOST_REASONS}`,
};

type Counted = Omit<PeriodRecord, 'period' | 'p50Ms' | 'p95Ms'> & { beginsOn: string };

/** @param tx with one snapshot for all of its statements */
export async function readStatistics(
  tx: Queryable,
  scope: DashboardScope,
  unit: StatisticUnit,
  begins: readonly Date[],
): Promise<Omit<HistoryRecords, 'keyUsage'>> {
  const days = begins.map((begin) => begin.toISOString().slice(0, 10));
  const { rows: progress } = await tx.query<{ countedBefore: Date }>(
    'SELECT counted_before AS "countedBefore" FROM message_statistics_progress WHERE id = 1',
  );
  const { countedBefore } = progress[0]!;
  // Of an installation that has not caught up yet, what is older than the period is of no interest.
  const firstLive = new Date(Math.max(countedBefore.getTime(), begins[0]!.getTime()));
  const values = [...scopeValues(scope), unit, days[0], firstIdAt(firstLive)];

  const { rows: periods } = await tx.query<Counted>({ ...PERIODS, values });
  const { rows: buckets } = await tx.query<BucketCount & { beginsOn: string }>({ ...BUCKETS, values });
  const { rows: topContacts } = await tx.query<HistoryRecords['topContacts'][number]>({ ...CHATS, values });
  const { rows: failures } = await tx.query<HistoryRecords['failures'][number]>({ ...FAILURES, values });
  const bucketsOf = new Map<string, BucketCount[]>();
  for (const { beginsOn, ...bucket } of buckets) bucketsOf.set(beginsOn, [...(bucketsOf.get(beginsOn) ?? []), bucket]);
  return {
    periods: periods.map(({ beginsOn, ...record }) => {
      const times = bucketsOf.get(beginsOn) ?? [];
      return {
        ...record,
        period: days.indexOf(beginsOn),
        p50Ms: percentileOf(times, 0.5),
        p95Ms: percentileOf(times, 0.95),
      };
    }),
    topContacts,
    failures,
  };
}

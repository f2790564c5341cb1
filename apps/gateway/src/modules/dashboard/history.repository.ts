import type { HistoryUnit } from '@wa-gate/contracts';
import { inTransaction, type Pool, type Queryable } from '@wa-gate/db';
import { firstIdAt } from '@wa-gate/kit';
import { HAS_FAILED, type StatisticUnit, WAS_SENT } from '@wa-gate/messaging';
import {
  type ContactRecord,
  type FailureRecord,
  type HistoryRecords,
  type KeyUsageRecord,
  MOST_REASONS,
  type PeriodRecord,
  TOP,
} from './history-records.ts';
import { type DashboardScope, MINE, scopeValues } from './scope.ts';
import { readStatistics } from './statistics.repository.ts';

/**
 * Figures over time: of days from the rows of the messages, of weeks and months from what was counted of them
 * (`countMessageStatistics`), with the rows of the hours since.
 */
export interface HistoryRepository {
  read(scope: DashboardScope, unit: HistoryUnit, begins: readonly Date[]): Promise<HistoryRecords>;
}

const MOST_KEYS = 50;

/** The clocks of gateway and worker may differ by a little: nothing takes less than no time. */
const RESPONSE_MS = `greatest(0, extract(epoch FROM m.sent_at - m.created_at) * 1000)`;
const WHERE_SENT = 'FILTER (WHERE m.sent_at IS NOT NULL)';
const percentile = (share: number): string =>
  `percentile_cont(${share}) WITHIN GROUP (ORDER BY ${RESPONSE_MS}) ${WHERE_SENT}`;

const PERIODS = {
  name: 'dashboard-periods',
  text: `WITH ${MINE} SELECT width_bucket(m.created_at, $4::timestamptz[]) - 1 AS period,
      count(*) FILTER (WHERE m.direction = 'OUTBOUND' AND m.state IN ${WAS_SENT}) AS sent,
      count(*) FILTER (WHERE m.direction = 'INBOUND') AS received,
      count(*) FILTER (WHERE m.direction = 'OUTBOUND' AND m.state IN ${HAS_FAILED}) AS failed,
      count(m.sent_at) AS timed, (avg(${RESPONSE_MS}) ${WHERE_SENT})::float8 AS "averageMs",
      ${percentile(0.5)} AS "p50Ms", ${percentile(0.95)} AS "p95Ms"
    FROM messages m JOIN mine ON mine.id = m.session_id
    WHERE m.id >= $3 AND NOT m.is_history AND m.created_at >= ($4::timestamptz[])[1] GROUP BY 1`,
};

const TOP_CONTACTS = {
  name: 'dashboard-contacts',
  text: `WITH ${MINE} SELECT m.chat_jid AS chat, max(m.sender_name) FILTER (WHERE m.direction = 'INBOUND') AS name,
      count(*) AS messages, count(*) FILTER (WHERE m.direction = 'OUTBOUND') AS sent,
      count(*) FILTER (WHERE m.direction = 'INBOUND') AS received
    FROM messages m JOIN mine ON mine.id = m.session_id WHERE m.id >= $3 AND NOT m.is_history
    GROUP BY m.chat_jid ORDER BY messages DESC, chat LIMIT ${TOP}`,
};

const FAILURES = {
  name: 'dashboard-failures',
  text: `WITH ${MINE} SELECT m.error_code AS code, max(m.error_message) AS reason, count(*) AS messages
    FROM messages m JOIN mine ON mine.id = m.session_id
    WHERE m.id >= $3 AND m.direction = 'OUTBOUND' AND m.state IN ${HAS_FAILED}
    GROUP BY m.error_code ORDER BY messages DESC, code LIMIT ${MOST_REASONS}`,
};

/**
 * The history of a workspace, by its keys. Hits without a known key (of people, of keys that are gone) have no
 * workspace: the owner of the account sees them.
 */
const KEY_USAGE = {
  name: 'dashboard-key-usage',
  text: `SELECT u.api_key_id AS "keyId", max(k.name) AS name, sum(u.usage_count)::bigint AS requests
    FROM usage_records u LEFT JOIN api_keys k ON k.id = u.api_key_id
    WHERE u.billing_date >= date_trunc('month', $4::timestamptz AT TIME ZONE 'UTC')
      AND ($3::uuid IS NULL OR u.user_id = $3) AND ($1::uuid IS NULL OR k.workspace_id = $1 OR (k.id IS NULL AND ($5::bool OR u.session_id = $2)))
      AND ($2::uuid IS NULL OR u.session_id = $2)
    GROUP BY u.api_key_id ORDER BY requests DESC, "keyId" LIMIT ${MOST_KEYS}`,
};

async function readKeyUsage(db: Queryable, scope: DashboardScope, from: Date): Promise<KeyUsageRecord[]> {
  const values = [...scopeValues(scope), scope.accountId, from, scope.isOwnAccount];
  return (await db.query<KeyUsageRecord>({ ...KEY_USAGE, values })).rows;
}

/** One after the other: the history of a busy workspace must not take several connections from everybody else. */
async function readRows(db: Queryable, scope: DashboardScope, begins: readonly Date[]): Promise<HistoryRecords> {
  const from = begins[0]!;
  const values = [...scopeValues(scope), firstIdAt(from)];
  const { rows: periods } = await db.query<PeriodRecord>({ ...PERIODS, values: [...values, begins] });
  const { rows: topContacts } = await db.query<ContactRecord>({ ...TOP_CONTACTS, values });
  const { rows: failures } = await db.query<FailureRecord>({ ...FAILURES, values });
  return { periods, topContacts, failures, keyUsage: await readKeyUsage(db, scope, from) };
}

/** In one snapshot: between two of them an hour could go from the rows into the counts. */
function readCounts(
  pool: Pool,
  scope: DashboardScope,
  unit: StatisticUnit,
  begins: readonly Date[],
): Promise<HistoryRecords> {
  return inTransaction(pool, async (tx) => {
    await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    return { ...(await readStatistics(tx, scope, unit, begins)), keyUsage: await readKeyUsage(tx, scope, begins[0]!) };
  });
}

export function createHistoryRepository(pool: Pool): HistoryRepository {
  return {
    read: (scope, unit, begins) =>
      unit === 'day' ? readRows(pool, scope, begins) : readCounts(pool, scope, unit, begins),
  };
}

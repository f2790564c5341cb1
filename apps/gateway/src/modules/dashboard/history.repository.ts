import type { Queryable } from '@wa-gate/db';
import { firstIdAt } from '@wa-gate/kit';
import { type DashboardScope, HAS_FAILED, MINE, scopeValues, WAS_SENT } from './scope.ts';

/** One day, week or month. */
export interface PeriodRecord {
  /** Index in the given begins. */
  period: number;
  sent: number;
  received: number;
  failed: number;
  timed: number;
  averageMs: number | null;
  p50Ms: number | null;
  p95Ms: number | null;
}

export interface ContactRecord {
  chat: string;
  name: string | null;
  messages: number;
  sent: number;
  received: number;
}

export interface FailureRecord {
  code: string | null;
  reason: string | null;
  messages: number;
}

export interface KeyUsageRecord {
  keyId: string | null;
  name: string | null;
  requests: number;
}

/** Figures over time, from the rows of the messages themselves. */
export interface HistoryRepository {
  /** Only periods in which something happened. */
  periods(scope: DashboardScope, begins: readonly Date[]): Promise<PeriodRecord[]>;
  topContacts(scope: DashboardScope, from: Date): Promise<ContactRecord[]>;
  failures(scope: DashboardScope, from: Date): Promise<FailureRecord[]>;
  keyUsage(scope: DashboardScope, from: Date): Promise<KeyUsageRecord[]>;
}

const TOP = 10;
const MOST_REASONS = 20;
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
    WHERE m.id >= $3 AND m.created_at >= ($4::timestamptz[])[1] GROUP BY 1`,
};

const TOP_CONTACTS = {
  name: 'dashboard-contacts',
  text: `WITH ${MINE} SELECT m.chat_jid AS chat, max(m.sender_name) FILTER (WHERE m.direction = 'INBOUND') AS name,
      count(*) AS messages, count(*) FILTER (WHERE m.direction = 'OUTBOUND') AS sent,
      count(*) FILTER (WHERE m.direction = 'INBOUND') AS received
    FROM messages m JOIN mine ON mine.id = m.session_id WHERE m.id >= $3
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

export function createHistoryRepository(db: Queryable): HistoryRepository {
  return {
    async periods(scope, begins) {
      const values = [...scopeValues(scope), firstIdAt(begins[0]!), begins];
      return (await db.query<PeriodRecord>({ ...PERIODS, values })).rows;
    },
    async topContacts(scope, from) {
      return (await db.query<ContactRecord>({ ...TOP_CONTACTS, values: [...scopeValues(scope), firstIdAt(from)] }))
        .rows;
    },
    async failures(scope, from) {
      return (await db.query<FailureRecord>({ ...FAILURES, values: [...scopeValues(scope), firstIdAt(from)] })).rows;
    },
    async keyUsage(scope, from) {
      const values = [...scopeValues(scope), scope.accountId, from, scope.isOwnAccount];
      return (await db.query<KeyUsageRecord>({ ...KEY_USAGE, values })).rows;
    },
  };
}

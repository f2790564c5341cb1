import type { MessageTypeName } from '@wa-gate/contracts';
import type { MessageDirection, MessageState, Network, Queryable, SessionState, UserRole, UserTier } from '@wa-gate/db';
import { firstIdAt } from '@wa-gate/kit';
import { ALL_MESSAGE_USAGE } from '@wa-gate/messaging';
import type { Slice } from './figures.ts';

export interface MessageCount {
  direction: MessageDirection;
  state: MessageState;
  type: MessageTypeName;
  count: number;
}

export interface SessionCount {
  state: SessionState;
  network: Network;
  count: number;
  unplaced: number;
  created: number;
  linked: number;
}

export interface UserCount {
  tier: UserTier;
  role: UserRole;
  count: number;
  inactive: number;
  active: number;
  newToday: number;
}

export interface Totals {
  users: number;
  sessions: number;
  connected: number;
  messages: number;
}

/** Counting for administrators. */
export interface StatisticsRepository {
  totals(): Promise<Totals>;
  messages(slice: Slice): Promise<MessageCount[]>;
  sessions(from: Date): Promise<SessionCount[]>;
  users(): Promise<UserCount[]>;
}

/**
 * Messages as usage counts them: complete hours from their stored counts, so that only the rows of the last hours are
 * read.
 */
const TOTALS = {
  name: 'analytics-totals',
  text: `SELECT (SELECT count(*) FROM users) AS users,
      (SELECT coalesce(sum(u.count), 0)::bigint FROM (${ALL_MESSAGE_USAGE}) AS u) AS messages,
      count(*) AS sessions, count(*) FILTER (WHERE state = 'CONNECTED') AS connected
    FROM sessions`,
};

/** Ids grow with time, so that the primary key finds the period; `created_at` has no index, and needs none. */
const MESSAGES = {
  name: 'analytics-messages',
  text: `SELECT m.direction, m.state, m.kind AS type, count(*) FROM messages m
    WHERE m.id >= $1 AND m.id < $2 AND NOT m.is_history AND EXISTS (SELECT 1 FROM sessions s WHERE s.id = m.session_id) GROUP BY 1, 2, 3`,
};

const SESSIONS = {
  name: 'analytics-sessions',
  text: `SELECT s.state, s.network, count(*), count(*) FILTER (WHERE s.created_at >= $1) AS created,
      count(*) FILTER (WHERE s.paired_at >= $1) AS linked,
      count(*) FILTER (WHERE s.desired_state = 'RUNNING' AND p.state = 'UNASSIGNED') AS unplaced
    FROM sessions s LEFT JOIN session_placements p ON p.session_id = s.id GROUP BY s.state, s.network`,
};

/** A login that is refreshed for weeks is one login: its last use counts too. Today is the day in UTC. */
const USERS = {
  name: 'analytics-users',
  text: `SELECT u.tier, u.role, count(*), count(*) FILTER (WHERE NOT u.is_active) AS inactive,
      count(*) FILTER (WHERE u.last_login_at >= now() - interval '7 days' OR EXISTS (
        SELECT 1 FROM logins l WHERE l.user_id = u.id AND l.last_used_at >= now() - interval '7 days')) AS active,
      count(*) FILTER (WHERE u.created_at >= date_trunc('day', now(), 'UTC')) AS "newToday"
    FROM users u GROUP BY u.tier, u.role`,
};

const DAY_MS = 86_400_000;

export function createStatisticsRepository(db: Queryable): StatisticsRepository {
  return {
    totals: async () => (await db.query<Totals>(TOTALS)).rows[0]!,
    async messages({ from, to }) {
      const end = to ?? new Date(Date.now() + DAY_MS);
      return (await db.query<MessageCount>({ ...MESSAGES, values: [firstIdAt(from), firstIdAt(end)] })).rows;
    },
    sessions: async (from) => (await db.query<SessionCount>({ ...SESSIONS, values: [from] })).rows,
    users: async () => (await db.query<UserCount>(USERS)).rows,
  };
}

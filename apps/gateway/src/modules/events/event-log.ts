import type { Queryable } from '@wa-gate/db';
import { metadataOf } from '@wa-gate/messaging';
import type { StoredEvent } from './present-event.ts';

/** A session of a scope, and where its log ends. */
export interface SessionHead {
  sessionId: string;
  slug: string;
  /** `seq` of its last event; 0: it has none. */
  head: number;
  /** When the last event happened, in milliseconds since 1970; 0: there is none. */
  headAt: number;
}

export interface SessionEvent extends StoredEvent {
  sessionId: string;
}

/** Sessions as PostgreSQL knew them at a moment of its clock, in milliseconds since 1970. */
export interface Listing<S> {
  at: number;
  sessions: S[];
}

export interface EventsRead {
  /** The clock of PostgreSQL when it read, in milliseconds since 1970. */
  at: number;
  /** Of each session ascending by `seq`. */
  events: SessionEvent[];
}

/** The log of events, in PostgreSQL. Events of a session are committed in the order of their `seq`. */
export interface EventLog {
  /** Of each session up to `limit` events after a `seq`. */
  readAfter(positions: ReadonlyMap<string, number>, limit: number): Promise<EventsRead>;
  /** The sessions of a workspace, or one of them, with the ends of their logs. */
  heads(workspaceId: string, sessionId?: string): Promise<Listing<SessionHead>>;
  /** Of each session of a workspace the last `seq` up to a moment, and its end. */
  positionsAt(workspaceId: string, moment: number): Promise<Listing<SessionHead & { seq: number }>>;
}

const MS = (moment: string) => `(extract(epoch FROM ${moment}) * 1000)::float8`;

const READ_AFTER = {
  name: 'read-events-after',
  text: `SELECT ${MS('clock_timestamp()')} AS at, e.session_id AS "sessionId", e.seq, e.type, e.data, e.epoch,
      ${MS('e.created_at')} AS "createdAt",
      ${metadataOf('e')} AS metadata
    FROM (SELECT) one LEFT JOIN (
      SELECT e.* FROM unnest($1::uuid[], $2::bigint[]) AS t(session_id, after) CROSS JOIN LATERAL (
        SELECT * FROM events WHERE session_id = t.session_id AND seq > t.after ORDER BY seq LIMIT $3) e) e ON true`,
};

const HEAD = `s.id AS "sessionId", s.slug, coalesce(c.last_seq, 0) AS head, coalesce(${MS(
  '(SELECT created_at FROM events WHERE session_id = s.id AND seq = c.last_seq)',
)}, 0) AS "headAt"`;
const FROM_SESSIONS = `FROM (SELECT) one LEFT JOIN (sessions s LEFT JOIN session_counters c ON c.session_id = s.id) ON s.workspace_id = $1`;

const HEADS = {
  name: 'heads-of-events',
  text: `SELECT ${MS('clock_timestamp()')} AS at, ${HEAD} ${FROM_SESSIONS} AND ($2::uuid IS NULL OR s.id = $2) ORDER BY s.id`,
};

/** Backwards from the end of each log: it reads no more than what came after the moment. */
const POSITIONS_AT = {
  name: 'positions-of-events-at',
  text: `SELECT ${MS('clock_timestamp()')} AS at, ${HEAD}, coalesce((SELECT e.seq FROM events e WHERE e.session_id = s.id
      AND e.created_at <= to_timestamp($2::float8 / 1000) ORDER BY e.seq DESC LIMIT 1), 0) AS seq
    ${FROM_SESSIONS} ORDER BY s.id`,
};

type Row<T> = T & { at: number; sessionId: string | null };

/** The query shows the clock also when it has nothing else to show. */
function listingOf<T extends { sessionId: string }>(rows: readonly Row<T>[]): Listing<T> {
  return { at: rows[0]!.at, sessions: rows.filter(({ sessionId }) => sessionId !== null) };
}

export function createEventLog(db: Queryable): EventLog {
  return {
    async readAfter(positions, limit) {
      const values = [[...positions.keys()], [...positions.values()], limit];
      const { rows } = await db.query<Row<SessionEvent>>({ ...READ_AFTER, values });
      const { at, sessions: events } = listingOf(rows);
      return { at, events };
    },
    async heads(workspaceId, sessionId) {
      const { rows } = await db.query<Row<SessionHead>>({ ...HEADS, values: [workspaceId, sessionId ?? null] });
      return listingOf(rows);
    },
    async positionsAt(workspaceId, moment) {
      const { rows } = await db.query<Row<SessionHead & { seq: number }>>({
        ...POSITIONS_AT,
        values: [workspaceId, moment],
      });
      return listingOf(rows);
    },
  };
}

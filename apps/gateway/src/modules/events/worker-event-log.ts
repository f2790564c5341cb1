import { WORKER_EVENT_DAYS, type WorkerEvent, type WorkerEventType } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { TOKEN_PREFIX } from '@wa-gate/kit';

/** Which events of workers are wanted; absent: all. */
export interface WorkerEventFilter {
  types?: readonly WorkerEventType[] | undefined;
  workerId?: string | undefined;
}

/**
 * The log of the workers, in PostgreSQL. Triggers append to it (prisma/migrations, `worker_events`); events are
 * committed in the order of their `seq`.
 */
export interface WorkerEventLog {
  /** The events after a `seq`, ascending, at most `limit`. `last`: the `seq` of the last event of all at that time. */
  readAfter(seq: number, filter: WorkerEventFilter, limit: number): Promise<{ events: WorkerEvent[]; last: number }>;
  /** The `seq` before the last `count` events. */
  beforeLast(count: number, filter: WorkerEventFilter): Promise<number>;
  /** `last`: that of the last event; `ever`: no event has had a higher one. */
  ends(): Promise<{ last: number; ever: number }>;
}

const IS_WANTED = '($2::text[] IS NULL OR type = ANY ($2)) AND ($3::text IS NULL OR worker_id = $3)';

const READ_AFTER = {
  name: 'read-worker-events-after',
  text: `SELECT n.last, w.* FROM (SELECT coalesce(max(seq), 0) AS last FROM worker_events) n
    LEFT JOIN (SELECT seq, worker_id AS "workerId", type, data, floor(extract(epoch FROM created_at))::int AS timestamp
      FROM worker_events WHERE seq > $1 AND ${IS_WANTED} ORDER BY seq LIMIT $4) w ON true ORDER BY w.seq`,
};

const BEFORE_LAST = {
  name: 'worker-events-before-last',
  text: `SELECT coalesce(min(seq), 1) - 1 AS seq
    FROM (SELECT seq FROM worker_events WHERE ${IS_WANTED} ORDER BY seq DESC LIMIT $1) l`,
};

/** Rows that are deleted leave the sequence where it is. */
const ENDS = `SELECT coalesce((SELECT max(seq) FROM worker_events), 0) AS last,
  (SELECT last_value FROM worker_events_seq_seq) AS ever`;

/** `seq` grows with time: only the first rows are read. */
const SWEEP = {
  name: 'sweep-worker-events',
  text: `DELETE FROM worker_events WHERE seq IN (
    SELECT seq FROM (SELECT seq, created_at FROM worker_events ORDER BY seq LIMIT $1) f
    WHERE created_at < now() - make_interval(days => ${WORKER_EVENT_DAYS}))`,
};

interface Row {
  seq: number;
  workerId: string;
  type: WorkerEventType;
  data: object;
  timestamp: number;
}

const present = ({ seq, type, ...row }: Row) =>
  ({ id: `${TOKEN_PREFIX.event}worker_${seq}`, event: type, seq, ...row }) as WorkerEvent;

export function createWorkerEventLog(db: Queryable): WorkerEventLog {
  return {
    async readAfter(seq, { types = null, workerId = null }, limit) {
      const { rows } = await db.query<(Row | { seq: null }) & { last: number }>({
        ...READ_AFTER,
        values: [seq, types, workerId, limit],
      });
      const found = rows.filter((row): row is Row & { last: number } => row.seq !== null);
      return { events: found.map(({ last: _, ...row }) => present(row)), last: rows[0]!.last };
    },
    async beforeLast(count, { types = null, workerId = null }) {
      const { rows } = await db.query<{ seq: number }>({ ...BEFORE_LAST, values: [count, types, workerId] });
      return rows[0]!.seq;
    },
    async ends() {
      const { rows } = await db.query<{ last: number; ever: number }>(ENDS);
      return rows[0]!;
    },
  };
}

/** Deletes at most `limit` events of workers that are too old, and returns how many. */
export async function sweepWorkerEvents(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ ...SWEEP, values: [limit] });
  return rowCount ?? 0;
}

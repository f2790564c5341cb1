import type { Instruments, LogSink } from '@wa-gate/kit';
import { isDatabaseUnavailable } from './errors.ts';
import type { Queryable } from './pool.ts';
import { parseLogLine, type SystemLogRow } from './system-log-line.ts';

/** Counts of lines. */
export interface SystemLogCounts {
  stored: number;
  /** Lines that were not stored: the buffer was full while PostgreSQL was away, or PostgreSQL refused them. */
  dropped: number;
}

/** Writes warnings and errors to `system_logs`. */
export interface SystemLogSink {
  /**
   * The sink for the logger, which is made before there is a connection. Takes lines synchronously, whatever PostgreSQL
   * does.
   */
  readonly sink: LogSink;
  readonly counts: Readonly<SystemLogCounts>;
  /** Starts to store lines, the buffered ones first. */
  start(db: Queryable): void;
  /** Adds the counts to the metrics of the process. */
  exposeIn(instruments: Instruments): void;
  /** Stores the buffered lines, for at most `withinMs` milliseconds. Later lines are only on stdout. */
  stop(withinMs?: number): Promise<void>;
}

export interface SystemLogSinkOptions {
  /** Buffered lines while they cannot be stored; the oldest are dropped first. @default 1 000 */
  capacity?: number;
  /** Milliseconds between two batches. @default 1 000 */
  everyMs?: number;
  /** Milliseconds between two attempts while PostgreSQL is away. @default 5 000 */
  retryMs?: number;
}

const BATCH = 100;

const INSERT = {
  name: 'insert-system-logs',
  text: `INSERT INTO system_logs (id, level, service, message, details, user_id, session_id, worker_id, timestamp)
    SELECT id, level::"LogLevel", service, message, details::jsonb, user_id, session_id, worker_id, at
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[])
      AS line(id, level, service, message, details, user_id, session_id, worker_id, at)`,
};

const COLUMNS = [
  'id',
  'level',
  'service',
  'message',
  'details',
  'userId',
  'sessionId',
  'workerId',
  'timestamp',
] as const satisfies (keyof SystemLogRow)[];

/**
 * A copy of the log for administrators; the log itself is on stdout. It must never delay or fail a process. So it
 * buffers a bounded number of lines, drops the oldest, and logs nothing itself, because its own failures would feed it.
 */
export function createSystemLogSink(options: SystemLogSinkOptions = {}): SystemLogSink {
  const { capacity = 1_000, everyMs = 1_000, retryMs = 5_000 } = options;
  const counts: SystemLogCounts = { stored: 0, dropped: 0 };
  let waiting: SystemLogRow[] = [];
  let db: Queryable | undefined;
  let timer: NodeJS.Timeout | undefined;
  let storing: Promise<void> = Promise.resolve();
  let isStopped = false;

  function keep(rows: SystemLogRow[]): void {
    const excess = rows.length - capacity;
    if (excess > 0) counts.dropped += excess;
    waiting = excess > 0 ? rows.slice(excess) : rows;
  }

  function take(line: string): void {
    if (isStopped) return;
    const row = parseLogLine(line);
    if (!row) return;
    waiting.push(row);
    if (waiting.length > capacity) keep(waiting);
    schedule(everyMs);
  }

  function schedule(afterMs: number): void {
    if (timer || !db || isStopped) return;
    timer = setTimeout(() => {
      timer = undefined;
      storing = storeAll();
    }, afterMs);
    timer.unref();
  }

  async function storeAll(): Promise<void> {
    while (db && waiting.length > 0) {
      const batch = waiting.splice(0, BATCH);
      try {
        await db.query({ ...INSERT, values: COLUMNS.map((column) => batch.map((row) => row[column])) });
        counts.stored += batch.length;
      } catch (error) {
        // A batch that PostgreSQL refuses would block the queue for ever.
        if (!isDatabaseUnavailable(error)) counts.dropped += batch.length;
        else {
          keep([...batch, ...waiting]);
          schedule(retryMs);
          return;
        }
      }
    }
  }

  return {
    sink: { level: 'warn', stream: { write: take } },
    counts,
    start(connection) {
      db = connection;
      schedule(0);
    },
    exposeIn(instruments) {
      instruments.readCounter('wag_system_log_lines_total', () =>
        Object.entries(counts).map(([outcome, count]) => [{ outcome }, count] as const),
      );
    },
    async stop(withinMs = 1_000) {
      isStopped = true;
      clearTimeout(timer);
      const rest = storing.then(storeAll);
      const limit = new Promise<void>((resolve) => setTimeout(resolve, withinMs).unref());
      await Promise.race([rest, limit]);
    },
  };
}

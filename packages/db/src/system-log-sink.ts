import { Gauge, type LogSink, type Registry } from '@wa-gate/kit';
import { isDatabaseUnavailable } from './errors.ts';
import type { Queryable } from './pool.ts';
import { parseLogLine, type SystemLogRow } from './system-log-line.ts';

/** What has become of the lines. */
export interface SystemLogCounts {
  stored: number;
  /** Not stored: there was no room while PostgreSQL was away, or it did not take them. */
  dropped: number;
}

/** Writes warnings and errors to `system_logs`. */
export interface SystemLogSink {
  /** For the logger, which is made before there is a connection. Takes lines at once, whatever PostgreSQL does. */
  readonly sink: LogSink;
  readonly counts: Readonly<SystemLogCounts>;
  /** Stores from now on, first what came before. */
  start(db: Queryable): void;
  /** Shows the counts among the metrics of the process. */
  exposeIn(registry: Registry): void;
  /** Stores what is left, for so long; lines that come later are only on stdout. */
  stop(withinMs?: number): Promise<void>;
}

export interface SystemLogSinkOptions {
  /** Lines kept while they cannot be stored; the oldest go first. @default 1 000 */
  capacity?: number;
  /** Between two batches. @default 1 000 */
  everyMs?: number;
  /** Between two tries while PostgreSQL is away. @default 5 000 */
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
 * A copy of the log for administrators; the log itself is on stdout. So it never delays or fails a process: it takes a
 * bounded number of lines, drops the oldest, and logs nothing itself, because its own failures would feed it.
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
        // A batch that PostgreSQL does not take would stand in the way for ever.
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
    exposeIn(registry) {
      new Gauge({
        name: 'wag_system_log_lines',
        help: 'Warnings and errors of this process, by what became of them on their way to the table system_logs.',
        labelNames: ['outcome'],
        registers: [registry],
        collect() {
          for (const [outcome, count] of Object.entries(counts)) this.set({ outcome }, count);
        },
      });
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

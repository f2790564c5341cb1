import type { HeartbeatRequest, MetricRange, WorkerMetrics } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';

/** Older rows are deleted: the longest range has 30 days. */
export const METRICS_DAYS = 31;

/** The time that one sample covers: every range has at most some 170 samples. */
const RANGES: Readonly<Record<MetricRange, { hours: number; intervalSeconds: number }>> = {
  '1h': { hours: 1, intervalSeconds: 60 },
  '24h': { hours: 24, intervalSeconds: 600 },
  '7d': { hours: 24 * 7, intervalSeconds: 3_600 },
  '30d': { hours: 24 * 30, intervalSeconds: 21_600 },
};

/** The minute's row is overwritten by a later heartbeat of the same minute. */
const STORE = {
  name: 'store-worker-metrics',
  text: `INSERT INTO worker_metrics (worker_id, minute, cpu_usage, memory_usage, session_count, message_count, message_total, uptime_seconds)
    SELECT id, date_trunc('minute', now()), $2, $3, $4, least($5::bigint, 2147483647), $5, $6 FROM workers WHERE id = $1
    ON CONFLICT (worker_id, minute) DO UPDATE SET cpu_usage = excluded.cpu_usage, memory_usage = excluded.memory_usage,
      session_count = excluded.session_count, message_count = excluded.message_count, message_total = excluded.message_total,
      uptime_seconds = excluded.uptime_seconds`,
};

/** Averages and samples in one pass; the row without a bin is the whole range. */
const READ = {
  name: 'read-worker-metrics',
  text: `SELECT w.id AS "workerId", w.endpoint, bin, avg(m.cpu_usage) AS cpu, avg(m.memory_usage) AS memory,
      avg(m.session_count)::float8 AS sessions, (array_agg(coalesce(m.message_total, m.message_count) ORDER BY m.minute DESC))[1] AS messages,
      (array_agg(m.uptime_seconds ORDER BY m.minute DESC))[1] AS uptime
    FROM workers w
    LEFT JOIN worker_metrics m ON m.worker_id = w.id AND m.minute > now() - $1 * interval '1 hour'
    LEFT JOIN LATERAL date_bin($2 * interval '1 second', m.minute, 'epoch'::timestamptz) AS bin ON true
    WHERE $3::text IS NULL OR w.id = $3
    GROUP BY GROUPING SETS ((w.id, w.endpoint, bin), (w.id, w.endpoint))
    ORDER BY w.id, GROUPING(bin), bin`,
};

/** By the primary key, worker by worker. */
const SWEEP = {
  name: 'sweep-worker-metrics',
  text: `DELETE FROM worker_metrics m USING (
      SELECT o.worker_id, o.minute FROM workers w CROSS JOIN LATERAL (
        SELECT worker_id, minute FROM worker_metrics
        WHERE worker_id = w.id AND minute < now() - interval '${METRICS_DAYS} days' ORDER BY minute LIMIT $1
      ) AS o LIMIT $1
    ) AS old WHERE m.worker_id = old.worker_id AND m.minute = old.minute`,
};

interface Row {
  workerId: string;
  endpoint: string;
  bin: Date | null;
  cpu: number | null;
  memory: number | null;
  sessions: number | null;
  messages: number | null;
  uptime: number | null;
}

/** The figures that workers bring with their heartbeats. */
export interface WorkerMetricsStore {
  store(workerId: string, metrics: HeartbeatRequest['metrics']): Promise<void>;
  /** Of all workers, or of one; empty when that one is not known. */
  read(range: MetricRange, workerId?: string): Promise<{ intervalSeconds: number; workers: WorkerMetrics[] }>;
}

const round = (value: number): number => Math.round(value * 100) / 100;
const rounded = (value: number | null): number | null => (value === null ? null : round(value));

export function createWorkerMetricsStore(db: Queryable): WorkerMetricsStore {
  return {
    async store(workerId, { cpuUsage, memoryUsage, sessionCount, messageCount = 0, uptime = 0 }) {
      const values = [workerId, cpuUsage, memoryUsage, sessionCount, messageCount, uptime];
      await db.query({ ...STORE, values });
    },
    async read(range, workerId) {
      const { hours, intervalSeconds } = RANGES[range];
      const { rows } = await db.query<Row>({ ...READ, values: [hours, intervalSeconds, workerId ?? null] });
      const workers = new Map<string, WorkerMetrics>();
      for (const row of rows.filter(({ bin }) => bin === null)) workers.set(row.workerId, summaryOf(row));
      for (const row of rows) if (row.bin) workers.get(row.workerId)?.samples.push(sampleOf(row, row.bin));
      return { intervalSeconds, workers: [...workers.values()] };
    },
  };
}

const summaryOf = ({ workerId, endpoint, cpu, memory, sessions }: Row): WorkerMetrics => ({
  workerId,
  endpoint,
  avgCpu: rounded(cpu),
  avgMemory: rounded(memory),
  avgSessions: rounded(sessions),
  samples: [],
});

const sampleOf = (row: Row, bin: Date): WorkerMetrics['samples'][number] => ({
  timestamp: bin.toISOString(),
  cpuUsage: round(row.cpu ?? 0),
  memoryUsage: round(row.memory ?? 0),
  sessionCount: round(row.sessions ?? 0),
  messageCount: row.messages ?? 0,
  uptime: row.uptime ?? 0,
});

/** Deletes at most `limit` rows that are too old, and returns how many. */
export async function sweepWorkerMetrics(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ ...SWEEP, values: [limit] });
  return rowCount ?? 0;
}

import type { ListSystemLogsQuery, SystemLogEntry } from '@wa-gate/contracts';
import type { LogLevel, Queryable } from '@wa-gate/db';
import { type LogPage, readLogPage } from '../../http/log-page.ts';

/** Warnings and errors of all processes, as their loggers have stored them (packages/db, system-log-sink). */
export interface SystemLog {
  /** Newest first. */
  list(filter: ListSystemLogsQuery & { limit: number }): Promise<LogPage<SystemLogEntry>>;
}

interface Row extends Omit<SystemLogEntry, 'level' | 'timestamp'> {
  level: LogLevel;
  timestamp: Date;
}

const COLUMNS = `id, timestamp, level, service, message, details, user_id AS "userId", session_id AS "sessionId", worker_id AS "workerId"`;

const present = ({ level, timestamp, ...row }: Row): SystemLogEntry => ({
  ...row,
  level: level.toLowerCase() as SystemLogEntry['level'],
  timestamp: timestamp.toISOString(),
});

function conditionsOf(filter: ListSystemLogsQuery): [sql: string, value: unknown][] {
  const { level, service, session, worker, search } = filter;
  const conditions: [string, unknown][] = [];
  if (level) conditions.push(['level = ?::"LogLevel"', level.toUpperCase()]);
  if (service) conditions.push(['service = ?', service]);
  if (session) conditions.push(['session_id = ?', session]);
  if (worker) conditions.push(['worker_id = ?', worker]);
  if (search) conditions.push(['strpos(lower(message), lower(?)) > 0', search]);
  return conditions;
}

export function createSystemLog({ db }: { db: Queryable }): SystemLog {
  return {
    async list(filter) {
      const conditions = conditionsOf(filter);
      const page = await readLogPage<Row>(db, { ...filter, columns: COLUMNS, table: 'system_logs', conditions });
      return { ...page, entries: page.entries.map(present) };
    },
  };
}

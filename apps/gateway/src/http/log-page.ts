import type { Queryable } from '@wa-gate/db';
import { ApiError } from './api-error.ts';
import { firstIdOf } from './period.ts';
import { isUuid } from './uuid.ts';

/** From, inclusive, to, exclusive; as the API takes them. */
export interface Period {
  from?: string | undefined;
  to?: string | undefined;
}

export interface LogPage<Entry> {
  entries: Entry[];
  nextCursor: string | null;
}

export type LogTable = 'audit_logs' | 'system_logs';

export interface LogQuery extends Period {
  table: LogTable;
  columns: string;
  /** SQL with `?` for the value. */
  conditions: readonly (readonly [sql: string, value: unknown])[];
  /** Id of the last entry of the page before. */
  cursor?: string | undefined;
  limit: number;
}

/** A page of a log, newest first. Ids grow with time, so that the primary key gives both the order and the period. */
export async function readLogPage<Row extends { id: string }>(db: Queryable, query: LogQuery): Promise<LogPage<Row>> {
  const { table, columns, cursor, from, to, limit } = query;
  if (cursor !== undefined && !isUuid(cursor)) {
    throw new ApiError('VALIDATION', {
      message: 'The cursor is not valid: use `pagination.nextCursor` of the page before.',
    });
  }
  const conditions = [...query.conditions];
  if (cursor !== undefined) conditions.push(['id < ?::uuid', cursor]);
  if (from !== undefined) conditions.push(['id >= ?::uuid', firstIdOf('from', from)]);
  if (to !== undefined) conditions.push(['id < ?::uuid', firstIdOf('to', to)]);

  const where = conditions.map(([sql], index) => sql.replaceAll('?', `$${index + 1}`));
  const { rows } = await db.query<Row>(
    `SELECT ${columns} FROM ${table} ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''}
     ORDER BY id DESC LIMIT ${Math.trunc(limit) + 1}`,
    conditions.map(([, value]) => value),
  );
  const entries = rows.slice(0, limit);
  return { entries, nextCursor: rows.length > limit ? entries.at(-1)!.id : null };
}

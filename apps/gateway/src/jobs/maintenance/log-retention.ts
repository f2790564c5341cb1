import type { Queryable } from '@wa-gate/db';
import { firstIdAt } from '@wa-gate/kit';
import { Type } from 'typebox';
import type { LogTable } from '../../http/log-page.ts';

/** How long logs are kept; part of the configuration of the gateway. */
export const LOG_ENVIRONMENT = {
  /** Days that entries of the audit log are kept. */
  AUDIT_RETENTION_DAYS: Type.Integer({ minimum: 1, maximum: 36_500, default: 365 }),
  /** Days that warnings and errors are kept in the database. */
  SYSTEM_LOG_RETENTION_DAYS: Type.Integer({ minimum: 1, maximum: 36_500, default: 30 }),
};

const DAY_MS = 86_400_000;

/** Ids grow with time: the primary key finds what is old. */
const sweep = (table: LogTable) => ({
  name: `sweep-${table}`,
  text: `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE id < $1 ORDER BY id LIMIT $2)`,
});

/** Deletes what is older than so many days, at most `limit` entries, and returns how many. */
export async function sweepLog(db: Queryable, table: LogTable, days: number, limit: number): Promise<number> {
  const bound = firstIdAt(new Date(Date.now() - days * DAY_MS));
  const { rowCount } = await db.query({ ...sweep(table), values: [bound, limit] });
  return rowCount ?? 0;
}

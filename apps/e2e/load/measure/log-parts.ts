import type { Pool } from '@wa-gate/db';
import { type DatabaseWork, NOT_COUNTED } from './database-work.ts';

/** What one kind of records wrote to the log of one table or index. */
export interface LogPart {
  /** The table or index; `null`: none, as of a commit. */
  relation: string | null;
  /** The kind of record, as PostgreSQL names it. */
  record: string;
  records: number;
  /** Images of whole pages among them. */
  images: number;
  imageBytes: number;
  /** With images. */
  bytes: number;
}

/**
 * What the log between two moments consists of, the largest first; each record counts for the first page that it
 * names. Reads the log of the whole server by `pg_walinspect`, so the server must still have it.
 */
export async function readLogParts(pool: Pool, { from, to }: DatabaseWork['log']): Promise<LogPart[]> {
  await pool.query(`CREATE EXTENSION IF NOT EXISTS pg_walinspect ${NOT_COUNTED}`);
  const { rows } = await pool.query<LogPart>(
    `SELECT ${NOT_COUNTED} b.relation, r.resource_manager || '/' || r.record_type AS record, count(*)::int AS records,
       count(*) FILTER (WHERE r.fpi_length > 0)::int AS images, sum(r.fpi_length)::int AS "imageBytes", sum(r.record_length)::int AS bytes
     FROM pg_get_wal_records_info($1, $2) r
     LEFT JOIN (SELECT i.start_lsn, coalesce(c.relname, i.relfilenode::text) AS relation
       FROM pg_get_wal_block_info($1, $2, false) i
       LEFT JOIN pg_class c ON pg_relation_filenode(c.oid) = i.relfilenode
       WHERE i.block_id = 0) b ON b.start_lsn = r.start_lsn
     GROUP BY 1, 2 ORDER BY bytes DESC`,
    [from, to],
  );
  return rows;
}

/** The largest parts, each by message. */
export function renderLogParts(parts: readonly LogPart[], messages: number, top = 40): string {
  const each = (value: number, digits: number) => (value / messages).toFixed(digits).padStart(8);
  return [
    'Log per message: records, bytes, bytes of page images among them',
    ...parts
      .slice(0, top)
      .map(
        ({ relation, record, records, bytes, imageBytes }) =>
          `${each(records, 2)}${each(bytes, 0)}${each(imageBytes, 0)}  ${record} ${relation ?? ''}`,
      ),
    `        ${each(
      parts.reduce((sum, { bytes }) => sum + bytes, 0),
      0,
    )}${each(
      parts.reduce((sum, { imageBytes }) => sum + imageBytes, 0),
      0,
    )}  all`,
  ].join('\n');
}

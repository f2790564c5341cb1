import type { Queryable } from '@wa-gate/db';
import { type DeletionKind, ERASED_TABLES, type ErasedTable } from './erased-tables.ts';

/** Where the erasing of a table stands: the order columns of the last row, as text. Without it, it begins anew. */
export type ErasePosition = readonly string[];

/** What one statement has erased. */
export interface ErasedPart {
  /** Rows that it has looked at: fewer than its limit means that the table has no more. */
  seen: number;
  /** Rows that it has deleted: without those that somebody else has changed at that moment. */
  deleted: number;
  position: ErasePosition | undefined;
  /** Files that the erased rows of `media` led to. */
  fileIds: string[];
}

/**
 * Rows are found and deleted by their place (`ctid`), which needs no second look into an index. A row that is changed
 * meanwhile has another place then, and is found in the second pass.
 */
function statementOf({ table, subject, order }: ErasedTable, isFirst: boolean): { name: string; text: string } {
  const columns = order.map(([column]) => `t.${column}`);
  const values = order.map(([, type], index) => `$${index + 3}::text::${type}`);
  const after = isFirst || order.length === 0 ? '' : ` AND (${columns.join(', ')}) > (${values.join(', ')})`;
  const sorted = order.length === 0 ? '' : ` ORDER BY ${columns.join(', ')}`;
  const last = order.map(([column]) => `page.${column}::text`).join(', ');
  const backwards = order.map(([column]) => `page.${column} DESC`).join(', ');
  const isMedia = table === 'media';
  return {
    name: `erase-${table}-of-${subject}${isFirst ? '' : '-after'}`,
    text: `WITH page AS MATERIALIZED (
      SELECT ${['t.ctid AS place', ...columns].join(', ')} FROM ${table} t WHERE t.${subject} = $1${after}${sorted} LIMIT $2
    ), gone AS (
      DELETE FROM ${table} WHERE ctid = ANY(ARRAY(SELECT place FROM page)) AND ${subject} = $1
      RETURNING ${isMedia ? 'file_id' : 'NULL::uuid AS file_id'}
    )
    SELECT (SELECT count(*) FROM page)::int AS seen, (SELECT count(*) FROM gone)::int AS deleted,
      ${order.length === 0 ? 'NULL::json' : `(SELECT json_build_array(${last}) FROM page ORDER BY ${backwards} LIMIT 1)`} AS position,
      ${isMedia ? `(SELECT coalesce(json_agg(DISTINCT file_id) FILTER (WHERE file_id IS NOT NULL), '[]') FROM gone)` : `'[]'::json`} AS "fileIds"`,
  };
}

/**
 * Erases at most `limit` rows of one table that belong to the subject.
 *
 * @param step the place of the table in {@link ERASED_TABLES}
 */
export async function erasePart(
  db: Queryable,
  { kind, subject }: { kind: DeletionKind; subject: string },
  step: number,
  position: ErasePosition | undefined,
  limit: number,
): Promise<ErasedPart> {
  const table = ERASED_TABLES[kind][step]!;
  const { rows } = await db.query<Omit<ErasedPart, 'position'> & { position: string[] | null }>({
    ...statementOf(table, position === undefined),
    values: [subject, limit, ...(position ?? [])],
  });
  const { position: last, ...part } = rows[0]!;
  return { ...part, position: last ?? undefined };
}

import type { Queryable } from '@wa-gate/db';
import { createSecretBox, type SecretBox, UnsealError } from '@wa-gate/kit';
import { columnSql } from './column-sql.ts';
import type { SealedColumn, SealedRow } from './sealed-columns.ts';

export interface ColumnReport {
  /** Such as `session_keys.value`. */
  name: string;
  /** Values that are sealed under the first key now and were not before. */
  resealed: number;
  /** Values that no key of this process opens. */
  unreadable: number;
  /** Values that are not under the first key at the end, the unreadable ones among them. */
  left: number;
}

const DEFAULT_BATCH = 200;
/** A row that was being written is met again in the next pass. */
const MAX_PASSES = 5;

/**
 * Opens and seals again. A value that no given key opens is left as it is and counted: it may belong to another key.
 */
function reseal(box: SecretBox, { context }: SealedColumn, rows: readonly (SealedRow & { sealed: Buffer })[]) {
  const renewed: { row: SealedRow; from: Buffer; to: Buffer }[] = [];
  for (const row of rows) {
    try {
      renewed.push({ row, from: row.sealed, to: box.seal(box.open(row.sealed, context(row)), context(row)) });
    } catch (error) {
      if (!(error instanceof UnsealError)) throw error;
    }
  }
  return renewed;
}

/**
 * Seals all values of a column that are under another master key under the first one, in batches by the primary key,
 * while the system runs.
 *
 * @param masterKeys the first seals, all open
 */
export async function resealColumn(
  db: Queryable,
  column: SealedColumn,
  { masterKeys, batch = DEFAULT_BATCH }: { masterKeys: readonly Uint8Array[]; batch?: number },
): Promise<ColumnReport> {
  const box = createSecretBox(masterKeys, column.box);
  const sql = columnSql(column);
  const keys = Object.keys(column.key);
  let resealed = 0;

  async function pass(): Promise<{ changed: number; unreadable: number }> {
    let [changed, unreadable] = [0, 0];
    let after: unknown[] = [];
    for (;;) {
      const { rows } = await db.query<SealedRow & { sealed: Buffer }>(sql.page(after.length === 0), [
        box.keyId,
        batch,
        ...after,
      ]);
      const renewed = reseal(box, column, rows);
      unreadable += rows.length - renewed.length;
      if (renewed.length > 0) {
        const { rowCount } = await db.query(sql.replace, [
          ...keys.map((name) => renewed.map(({ row }) => row[name])),
          renewed.map(({ from }) => from),
          renewed.map(({ to }) => to),
        ]);
        changed += rowCount ?? 0;
      }
      const last = rows.at(-1);
      if (!last || rows.length < batch) return { changed, unreadable };
      after = keys.map((name) => last[name]);
    }
  }

  async function countLeft(): Promise<number> {
    const { rows } = await db.query<{ count: number }>(sql.countOlder, [box.keyId]);
    return rows[0]!.count;
  }

  let unreadable = 0;
  let left = 0;
  for (let number = 0; number < MAX_PASSES; number += 1) {
    const result = await pass();
    resealed += result.changed;
    unreadable = result.unreadable;
    left = await countLeft();
    if (left <= unreadable) break;
  }
  return { name: `${column.table}.${column.column}`, resealed, unreadable, left };
}

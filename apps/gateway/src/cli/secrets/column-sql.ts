import { KEY_ID_SLICE } from '@wa-gate/kit';
import type { SealedColumn } from './sealed-columns.ts';

/** The statements for one sealed column; names come from the table of columns only. */
export interface ColumnSql {
  /** $1: key id, $2: limit, then the key of the last row of the page before. */
  page: (isFirst: boolean) => string;
  /** The key columns as arrays, then the old and the new values. */
  replace: string;
  /** $1: key id. */
  countOlder: string;
}

export function columnSql({ table, column, key, also = [] }: SealedColumn): ColumnSql {
  const keys = Object.keys(key);
  const types = Object.values(key);
  const keyId = `substring(t.${column} FROM ${KEY_ID_SLICE.from} FOR ${KEY_ID_SLICE.for})`;
  const keyOf = (alias: string) => keys.map((name) => `${alias}.${name}`).join(', ');
  const sameKey = (left: string, right: string) =>
    keys.map((name) => `${left}.${name} = ${right}.${name}`).join(' AND ');

  return {
    page: (isFirst) => {
      const after = `AND (${keyOf('t')}) > (${keys.map((_, index) => `$${index + 3}`).join(', ')})`;
      return `SELECT ${[...keys, ...also].map((name) => `t.${name}`).join(', ')}, t.${column} AS sealed FROM ${table} t
        WHERE ${keyId} <> $1 ${isFirst ? '' : after} ORDER BY ${keyOf('t')} LIMIT $2`;
    },
    // Compare and set: a newer value that a process has written meanwhile stays. Locked rows are skipped, so that no
    // two statements wait for each other, and a worker waits for one short statement at most.
    replace: `WITH wanted AS (
        SELECT * FROM unnest(${types.map((type, index) => `$${index + 1}::${type}[]`).join(', ')}, $${keys.length + 1}::bytea[], $${keys.length + 2}::bytea[])
          AS w(${keys.join(', ')}, old_value, new_value)
      ), locked AS (
        SELECT ${keyOf('w')}, w.old_value, w.new_value FROM ${table} t JOIN wanted w ON ${sameKey('t', 'w')}
        WHERE t.${column} = w.old_value FOR NO KEY UPDATE OF t SKIP LOCKED
      )
      UPDATE ${table} t SET ${column} = l.new_value FROM locked l WHERE ${sameKey('t', 'l')} AND t.${column} = l.old_value`,
    countOlder: `SELECT count(*) AS count FROM ${table} t WHERE ${keyId} <> $1`,
  };
}

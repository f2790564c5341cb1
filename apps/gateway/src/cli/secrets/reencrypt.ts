import { assertMasterKey, type Pool, rekeyInstallation } from '@wa-gate/db';
import type { ColumnReport } from './reseal-column.ts';
import { resealColumn } from './reseal-column.ts';
import { SEALED_COLUMNS } from './sealed-columns.ts';

export interface ReencryptReport {
  columns: ColumnReport[];
  resealed: number;
  /** Values that are not under the first key: as long as there are any, no key may be removed. */
  left: number;
}

/**
 * Seals everything under the first master key. The stored key check follows last, and only when no value is left under
 * another key. Until then a process that has only the new key is refused, because it could not read everything.
 *
 * @throws {MasterKeyError} when the keys are not those of this installation
 */
export async function reencrypt(pool: Pool, masterKeys: readonly Uint8Array[]): Promise<ReencryptReport> {
  await assertMasterKey(pool, masterKeys);
  const columns: ColumnReport[] = [];
  for (const column of SEALED_COLUMNS) columns.push(await resealColumn(pool, column, { masterKeys }));
  const sum = (field: 'resealed' | 'left') => columns.reduce((total, column) => total + column[field], 0);
  const report = { columns, resealed: sum('resealed'), left: sum('left') };
  if (report.left === 0) await rekeyInstallation(pool, masterKeys);
  return report;
}

/** For the operator. */
export function describeReencryption({ columns, resealed, left }: ReencryptReport, keyCount: number): string {
  const lines = columns.map(
    ({ name, resealed: done, left: open, unreadable }) =>
      `  ${name.padEnd(28)} ${done} sealed anew, ${open} left${unreadable > 0 ? ` (${unreadable} cannot be opened by any key given)` : ''}`,
  );
  return [`Sealed anew under the first master key: ${resealed}`, ...lines, '', conclusion(left, keyCount)].join('\n');
}

function conclusion(left: number, keyCount: number): string {
  if (left > 0) {
    return `${left} values are under another key. Restart every process with the new key first in WAG_MASTER_KEY, then run this again. Remove no key yet.`;
  }
  return keyCount > 1
    ? 'Nothing is left under an older key: all keys but the first can be removed from WAG_MASTER_KEY.'
    : 'Nothing is left under an older key.';
}

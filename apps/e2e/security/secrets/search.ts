import type { Pool } from '@wa-gate/db';
import type { System } from '../../harness/system.ts';
import { formsOf } from './collect.ts';

export interface Text {
  where: string;
  text: string;
}

/**
 * The texts that the installation has written for people: the output of all processes, and both logs of the database.
 */
export async function writtenBy(system: System): Promise<Text[]> {
  const outputs = await Promise.all(
    system.processes.map(async ({ name, log }) => ({ where: `output of ${name}`, text: await log.everything() })),
  );
  return [
    ...outputs,
    await tableOf(system.services.pool, 'system_logs'),
    await tableOf(system.services.pool, 'audit_logs'),
  ];
}

async function tableOf(pool: Pool, table: 'system_logs' | 'audit_logs'): Promise<Text> {
  const { rows } = await pool.query<{ line: string }>(`SELECT row_to_json(entry)::text AS line FROM ${table} entry`);
  return { where: table, text: rows.map(({ line }) => line).join('\n') };
}

/** The places of a secret in any of its forms. The secret itself is not repeated. */
export function leaksOf(secrets: Iterable<string>, texts: readonly Text[]): string[] {
  const leaks: string[] = [];
  for (const secret of secrets) {
    for (const { where, text } of texts) {
      const form = formsOf(secret).find((candidate) => text.includes(candidate));
      if (form === undefined) continue;
      const line = text.split('\n').find((candidate) => candidate.includes(form)) ?? '';
      leaks.push(`${where}: ${secret.slice(0, 9)}… in ${line.replaceAll(form, '…').slice(0, 300)}`);
    }
  }
  return leaks;
}

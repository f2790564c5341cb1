import type { Pool } from '@wa-gate/db';
import type { System } from '../../harness/system.ts';
import { formsOf } from './collect.ts';

/** Columns of boxes that hold secrets of customers. */
const SEALED: Readonly<Record<string, readonly string[]>> = {
  session_keys: ['value'],
  inbound_journal: ['stanza', 'plaintext'],
  webhooks: ['secret', 'previous_secret', 'configuration'],
  session_connections: ['proxy'],
  mails: ['content'],
  installation: ['message_key'],
};

export interface Text {
  where: string;
  text: string;
}

const METRICS = '/metrics';

/**
 * The texts that the installation has written for people: the output of all processes, their metrics, and both logs of
 * the database.
 */
export async function writtenBy(system: System, metricsToken: string): Promise<Text[]> {
  const outputs = await Promise.all(
    system.processes.map(async ({ name, log }) => ({ where: `output of ${name}`, text: await log.everything() })),
  );
  const metrics = await Promise.all(
    [...system.gateways, ...system.workers].map(async ({ name, spec }) => {
      const url = `http://127.0.0.1:${spec.env.METRICS_PORT}${METRICS}`;
      const answer = await fetch(url, { headers: { authorization: `Bearer ${metricsToken}` } });
      if (answer.status !== 200) throw new Error(`The metrics of ${name} were answered with ${answer.status}`);
      return { where: `metrics of ${name}`, text: await answer.text() };
    }),
  );
  return [
    ...outputs,
    ...metrics,
    await tableOf(system.services.pool, 'system_logs'),
    await tableOf(system.services.pool, 'audit_logs'),
  ];
}

async function tableOf(pool: Pool, table: 'system_logs' | 'audit_logs'): Promise<Text> {
  const { rows } = await pool.query<{ line: string }>(`SELECT row_to_json(entry)::text AS line FROM ${table} entry`);
  return { where: table, text: rows.map(({ line }) => line).join('\n') };
}

/** How many boxes of a column are searched for. */
const BOXES = 3;
/** Format and id of the key begin every box; nonce and tag are its own. */
const [BOX_OWN_FROM, BOX_OWN_UNTIL] = [5, 33];

/** Some of what stands sealed in the database: a part of each box that no other one has. */
export async function sealedIn(pool: Pool): Promise<Uint8Array[]> {
  const boxes: Uint8Array[] = [];
  for (const [table, columns] of Object.entries(SEALED)) {
    for (const column of columns) {
      const { rows } = await pool.query<{ box: Buffer }>(
        `SELECT ${column} AS box FROM ${table} WHERE length(${column}) >= ${BOX_OWN_UNTIL} LIMIT ${BOXES}`,
      );
      boxes.push(...rows.map(({ box }) => box.subarray(BOX_OWN_FROM, BOX_OWN_UNTIL)));
    }
  }
  return boxes;
}

/** The places of a secret in any of its forms. The secret itself is not repeated. */
export function leaksOf(secrets: Iterable<string | Uint8Array>, texts: readonly Text[]): string[] {
  const leaks: string[] = [];
  for (const secret of secrets) {
    const forms = formsOf(secret);
    const name = typeof secret === 'string' ? secret.slice(0, 9) : 'a sealed box';
    for (const { where, text } of texts) {
      const form = forms.find((candidate) => text.includes(candidate));
      if (form === undefined) continue;
      const line = text.split('\n').find((candidate) => candidate.includes(form)) ?? '';
      leaks.push(`${where}: ${name}… in ${line.replaceAll(form, '…').slice(0, 300)}`);
    }
  }
  return leaks;
}

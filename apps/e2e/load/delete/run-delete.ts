import { existsSync } from 'node:fs';
import type { Pool } from '@wa-gate/db';
import { ERASED_TABLES } from '@wa-gate/messaging';
import { pairSession, registerTenant } from '../../harness/pair-session.ts';
import type { System } from '../../harness/system.ts';
import { waitFor } from '../../harness/wait-for.ts';
import type { LoopResult } from '../measure/closed-loop.ts';
import { fillSession } from './fill.ts';
import type { DeleteLoadOptions } from './options.ts';
import { pauseOf } from './pause.ts';

/** What a deletion took, and what others noticed of it. */
export interface DeletionReport {
  /** Milliseconds until the answer of `DELETE`. */
  answerMs: number;
  unlinked: boolean;
  /** Rows of the session in all tables, before it. */
  rows: number;
  /** Seconds until none of them was left. */
  erasedSeconds: number;
  /** Messages a second that others sent, in each window. */
  before: number[];
  during: number[];
  /** In each window in which the deletion rested, where the windows alternate. */
  without: number[];
  left: Record<string, number>;
}

/** Others, who send meanwhile. Absent: nobody sends. */
export interface Others {
  run(loop: { clients: number; seconds: number; maxCount: number }): Promise<LoopResult>;
}

const NEVER = 10_000_000;
const HOLD_MS = 3_600_000;

/** Rows of the session and its webhook, by table. */
async function rowsOf(pool: Pool, session: { id: string; webhookId: string }): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  const tables = [
    ...ERASED_TABLES.session.map(({ table, subject }) => ({ table, subject, id: session.id })),
    ...ERASED_TABLES.webhook.map(({ table, subject }) => ({ table, subject, id: session.webhookId })),
    ...['sessions', 'webhooks'].map((table) => ({
      table,
      subject: 'id',
      id: table === 'sessions' ? session.id : session.webhookId,
    })),
  ];
  for (const { table, subject, id } of tables) {
    const { rows } = await pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table} WHERE ${subject} = $1`, [
      id,
    ]);
    if (rows[0]!.n > 0) found[table] = rows[0]!.n;
  }
  return found;
}

/** Whether a row of the big tables is left: quick, so that the question itself is no load. */
async function hasRows(pool: Pool, { id, webhookId }: { id: string; webhookId: string }): Promise<boolean> {
  const { rows } = await pool.query<{ left: boolean }>(
    `SELECT EXISTS (SELECT FROM events WHERE session_id = $1) OR EXISTS (SELECT FROM messages WHERE session_id = $1)
       OR EXISTS (SELECT FROM webhook_deliveries WHERE webhook_id = $2) AS left`,
    [id, webhookId],
  );
  return rows[0]!.left;
}

const total = (rows: Record<string, number>): number => Object.values(rows).reduce((sum, n) => sum + n, 0);

/** One window while rows are erased, one while the deletion rests; which comes first changes with each turn. */
async function alternate(
  pool: Pool,
  turns: number,
  report: DeletionReport,
  window: (into: number[]) => Promise<void>,
  isLeft: () => Promise<boolean>,
): Promise<void> {
  const deletion = await pauseOf(pool, isLeft);
  for (let turn = 0; turn < turns && (await isLeft()); turn += 1) {
    const during = async () => {
      await deletion.goOn();
      await window(report.during);
      // Nothing was erased any more in a part of it.
      if (!(await isLeft())) report.during.pop();
    };
    const without = async () => {
      await deletion.rest();
      await window(report.without);
    };
    for (const part of turn % 2 === 0 ? [during, without] : [without, during]) await part();
  }
  await deletion.goOn();
}

/** Deletes a linked session with a long past, while others send. */
export async function runDelete(
  system: System,
  pool: Pool,
  options: DeleteLoadOptions,
  others?: Others,
  say: (text: string) => void = () => undefined,
): Promise<DeletionReport> {
  const tenant = await registerTenant(system);
  const paired = await pairSession(system, tenant);
  await tenant.api.data(`/api/sessions/${paired.sessionId}/webhook`, {
    method: 'PUT',
    json: { url: 'http://127.0.0.1:9/', events: ['message.sent'] },
  });
  const { rows } = await pool.query<{ id: string; webhookId: string }>(
    'SELECT s.id, w.id AS "webhookId" FROM sessions s JOIN webhooks w ON w.session_id = s.id WHERE s.slug = $1',
    [paired.sessionId],
  );
  const session = rows[0]!;
  await pool.query('UPDATE webhooks SET is_active = false WHERE id = $1', [session.webhookId]);
  say(
    `Filling a session with ${options.messages} messages and ${options.messages * options.deliveries} deliveries ...`,
  );
  await fillSession(pool, session, options);
  const filled = total(await rowsOf(pool, session));
  const { hold } = options;
  if (hold !== undefined) {
    say(`${filled} rows. Waiting for the file ${hold} ...`);
    await waitFor(async () => existsSync(hold), { what: `the file ${hold}`, timeoutMs: HOLD_MS, everyMs: 200 });
  }

  const window = async (into: number[]) => {
    if (!others) return;
    const { count, seconds, failures, firstFailure } = await others.run({
      clients: options.sessions,
      seconds: options.seconds,
      maxCount: NEVER,
    });
    if (failures > 0) throw new Error(`${failures} sends failed, such as: ${firstFailure}`);
    into.push(count / seconds);
    say(`${(count / seconds).toFixed(1)} messages/s`);
  };
  const report: DeletionReport = {
    answerMs: 0,
    unlinked: false,
    rows: filled,
    erasedSeconds: 0,
    before: [],
    during: [],
    without: [],
    left: {},
  };
  for (let n = 0; n < options.before; n += 1) await window(report.before);

  const begun = performance.now();
  const answer = await tenant.api.call<{ data: { unlinked: boolean } }>(`/api/sessions/${paired.sessionId}`, {
    method: 'DELETE',
  });
  report.answerMs = performance.now() - begun;
  if (answer.status !== 200) throw new Error(`DELETE was answered ${answer.status} ${JSON.stringify(answer.body)}`);
  report.unlinked = answer.body.data.unlinked;
  say(`DELETE answered in ${report.answerMs.toFixed(0)} ms`);
  if (options.turns !== undefined) {
    await alternate(pool, options.turns, report, window, () => hasRows(pool, session));
  } else if (others) {
    for (let n = 0; n < options.during && (await hasRows(pool, session)); n += 1) await window(report.during);
  }
  await waitFor(async () => !(await hasRows(pool, session)), {
    what: 'the last row to be erased',
    timeoutMs: 3_600_000,
    everyMs: 500,
  });
  report.erasedSeconds = (performance.now() - begun) / 1_000;
  await waitFor(async () => total(await rowsOf(pool, session)) === 0, {
    what: 'all tables to be empty',
    timeoutMs: 30_000,
    everyMs: 500,
  }).catch(() => undefined);
  report.left = await rowsOf(pool, session);
  return report;
}

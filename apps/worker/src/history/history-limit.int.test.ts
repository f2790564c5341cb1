import { deflateSync } from 'node:zlib';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';
import { proto } from '../whatsapp/baileys.ts';
import { HISTORY_PACE } from './history-intake.ts';

const SESSIONS = 10;
const MESSAGES = 240;

let world: World;
beforeAll(async () => {
  // Each batch rests for ten times its own duration, so that the parts of all sessions overlap.
  world = await startWorld({
    workers: 2,
    history: { ...HISTORY_PACE, perWorker: SESSIONS, batch: 20, restShare: 10, pollMs: 50 },
  });
});
afterAll(() => world?.stop());

/** A part of the history with one chat. */
function part(): Buffer {
  const chat = '6281200000001@s.whatsapp.net';
  const messages = Array.from({ length: MESSAGES }, (_, n) => ({
    message: {
      key: { remoteJid: chat, fromMe: false, id: `3A${String(n).padStart(18, '0')}` },
      message: { conversation: `Past message ${n}` },
      messageTimestamp: Math.floor(Date.now() / 1_000) - n,
    },
  }));
  const { RECENT } = proto.HistorySync.HistorySyncType;
  const sync = proto.HistorySync.fromObject({ syncType: RECENT, conversations: [{ id: chat, messages }] });
  return deflateSync(proto.HistorySync.encode(sync).finish());
}

it('eight sessions of the whole fleet take their history in at a time, and the others wait (MR-012)', async () => {
  const { pool } = world.database;
  const sessions: string[] = [];
  for (let n = 0; n < SESSIONS; n += 1) sessions.push((await world.createPaired()).sessionId);
  await pool.query(
    `INSERT INTO history_chunks (id, session_id, fingerprint, kind, payload)
     SELECT gen_random_uuid(), id, 'part', 'recent', $2 FROM unnest($1::uuid[]) AS s(id)`,
    [sessions, part()],
  );
  let most = 0;
  await waitFor(
    async () => {
      const { rows } = await pool.query<{ taking: number; waiting: number }>(
        `SELECT (SELECT count(*)::int FROM history_syncs WHERE working_until > now()) AS taking,
           (SELECT count(*)::int FROM history_chunks WHERE state = 'waiting') AS waiting`,
      );
      most = Math.max(most, rows[0]!.taking);
      return rows[0]!.waiting === 0;
    },
    { timeoutMs: 60_000, what: 'all parts to be taken in' },
  );
  expect(most).toBe(HISTORY_PACE.perFleet);
  const { rows } = await pool.query(
    'SELECT session_id, count(*)::int AS count FROM messages WHERE is_history GROUP BY 1',
  );
  expect(rows.map(({ count }) => count)).toEqual(sessions.map(() => MESSAGES));
  const ofWorkers = () => Promise.all(world.workers.map(({ host }) => host.metrics.instruments.registry.metrics()));
  const metrics = (await ofWorkers()).join('\n');
  const sum = (sample: string) =>
    [...metrics.matchAll(new RegExp(`^${sample}(?:\\{[^}]*\\})? (\\d+)$`, 'gm'))].reduce(
      (all, [, n]) => all + Number(n),
      0,
    );
  expect(sum('wag_history_messages_total')).toBe(SESSIONS * MESSAGES);
  expect(metrics).toMatch(/wag_history_parts_total\{status="done"[^}]*\} \d/);
  const isIdle = (text: string) => /wag_history_sessions\{what="running"[^}]*\} 0/.test(text);
  await waitFor(async () => (await ofWorkers()).every(isIdle), { timeoutMs: 20_000, what: 'each worker to be idle' });
});

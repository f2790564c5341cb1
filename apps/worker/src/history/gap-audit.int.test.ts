import type { Ownership } from '@wa-gate/cluster';
import { createLogger } from '@wa-gate/kit';
import type { GapRequest } from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';
import { GAP_AUDIT_PACE, GapAudit, type GapAuditDependencies } from './gap-audit.ts';
import { HISTORY_PACE } from './history-intake.ts';

let world: World;
beforeAll(async () => {
  const retry = { initialMs: 50, maxMs: 200 };
  const history = { ...HISTORY_PACE, restShare: 0, pollMs: 200, retry };
  const gaps = { ...GAP_AUDIT_PACE, pollMs: 100, settleMs: 0, answerMs: 60_000, retryMs: 200 };
  world = await startWorld({ workers: 2, history, gaps });
});
afterAll(() => world?.stop());

const PATIENCE = { timeoutMs: 60_000 };
const HOUR = 3_600;
/** Seconds since 1970. */
const ago = (seconds: number) => Math.floor(Date.now() / 1_000) - seconds;

async function linked(settings: object = {}) {
  const sessionId = await world.createSession(settings);
  const [number, ann] = [await world.sandbox.createPhone(), await world.sandbox.createPhone('Ann')];
  await world.link(sessionId, number);
  return { sessionId, number, ann };
}

const texts = async (sessionId: string, type: string) =>
  (await world.events(sessionId, type)).map(({ data }) => data.text);

async function says(sessionId: string, from: string, to: string, text: string): Promise<void> {
  await world.sandbox.sendFrom(from, { to, type: 'text', text });
  await waitFor(async () => (await texts(sessionId, 'message.received')).includes(text), { ...PATIENCE, what: text });
}

/** All workers end, the phones have messages that no companion was told of, and the workers begin again. */
async function away(sessionId: string, seconds: number, missed?: { number: string; chats: object[] }): Promise<void> {
  await Promise.all(world.workers.map((worker) => worker.stop()));
  if (missed) await world.sandbox.post(`/phones/${missed.number}/past`, { chats: missed.chats });
  await world.database.pool.query(
    'UPDATE sessions SET last_seen_at = now() - make_interval(secs => $2) WHERE id = $1',
    [sessionId, seconds],
  );
  await Promise.all(world.workers.map((worker) => worker.start()));
  await waitFor(
    async () =>
      (await world.session(sessionId)).state === 'CONNECTED' &&
      world.workers.some(({ supervisor }) => supervisor?.find(sessionId)?.state.name === 'connected'),
    { ...PATIENCE, what: 'the session to be connected again' },
  );
}

const chatsOf = async (sessionId: string) =>
  (
    await world.database.pool.query<{ state: string; rounds: number; attempts: number; stored: number }>(
      'SELECT state, rounds, attempts, stored FROM history_gap_chats WHERE session_id = $1 ORDER BY chat_jid',
      [sessionId],
    )
  ).rows;
const audited = (sessionId: string, state = 'done') =>
  waitFor(async () => (await chatsOf(sessionId)).find((chat) => chat.state === state), {
    ...PATIENCE,
    what: `a chat that is ${state}`,
  });
/** What was asked counts as asked long ago. */
const ageRequests = (sessionId: string) =>
  world.database.pool.query(
    `UPDATE history_gap_chats SET asked_at = asked_at - interval '5 minutes' WHERE session_id = $1 AND state = 'asked'`,
    [sessionId],
  );
const gapOf = async (sessionId: string) =>
  (await world.database.pool.query('SELECT 1 FROM history_gaps WHERE session_id = $1', [sessionId])).rowCount;

describe('after a long absence, the phone is asked for what a chat is missing (MR-012)', () => {
  it('at its first message: what was missed is told once, what is older is stored; other chats are left alone', async () => {
    const { sessionId, number, ann } = await linked();
    const bob = await world.sandbox.createPhone('Bob');
    const missed = [3, 2, 1].map((n) => ({ text: `missed ${n}`, at: ago(HOUR + n) }));
    const sent = { text: 'written on the phone', at: ago(HOUR), fromMe: true };
    const older = [5, 4].map((n) => ({ text: `older ${n}`, at: ago(n * HOUR) }));
    await away(sessionId, 3 * HOUR, {
      number,
      chats: [
        { chat: ann, messages: [...missed, sent, ...older] },
        { chat: bob, messages: [{ text: 'of a silent chat', at: ago(HOUR) }] },
      ],
    });
    await says(sessionId, ann, number, 'after');
    expect(await audited(sessionId)).toEqual({ state: 'done', rounds: 1, attempts: 0, stored: 6 });
    await says(sessionId, ann, number, 'and after');

    expect(await texts(sessionId, 'message.received')).toEqual(['after', 'and after']);
    expect((await texts(sessionId, 'message.recovered')).toSorted()).toEqual(['missed 1', 'missed 2', 'missed 3']);
    expect((await world.events(sessionId, 'message.sent')).map(({ data }) => [data.text, data.source])).toEqual([
      ['written on the phone', 'phone'],
    ]);
    const [told, ...more] = await world.events(sessionId, 'history.progress');
    expect(more).toEqual([]);
    expect(told!.data).toMatchObject({ kind: 'gap', stored: 6, hasMore: false, requestId: expect.any(String) });
    const { rows } = await world.database.pool.query<{ text: string; isInOrder: boolean }>(
      'SELECT text, message_time(id) = wa_timestamp AS "isInOrder" FROM messages WHERE session_id = $1 AND is_history',
      [sessionId],
    );
    expect(rows.map(({ text }) => text).toSorted()).toEqual(
      [...missed, sent, ...older].map(({ text }) => text).toSorted(),
    );
    expect(rows.every(({ isInOrder }) => isInOrder)).toBe(true);
    expect(await chatsOf(sessionId)).toHaveLength(1);
  });

  it('again and again, until the beginning of the absence is reached', async () => {
    const { sessionId, number, ann } = await linked();
    // 160 messages, one a minute: 119 of the two hours that were missed, and the others older.
    await away(sessionId, 2 * HOUR, {
      number,
      chats: [{ chat: ann, count: 160, newestAt: ago(60), stepSeconds: 60 }],
    });
    await says(sessionId, ann, number, 'after');
    const { rounds, stored } = await audited(sessionId);
    expect([rounds, stored]).toEqual([3, 150]);
    const told = [
      ...(await texts(sessionId, 'message.recovered')),
      ...(await texts(sessionId, 'message.sent')),
    ] as string[];
    expect(new Set(told).size).toBe(told.length);
    expect(told.length).toBeGreaterThanOrEqual(118);
    expect(told.length).toBeLessThanOrEqual(120);
  });

  it('also when the worker dies amid it: the request is the same one, and each message comes once', async () => {
    const { sessionId, number, ann } = await linked();
    const missed = [2, 1].map((n) => ({ text: `missed ${n}`, at: ago(HOUR + n) }));
    await away(sessionId, 3 * HOUR, { number, chats: [{ chat: ann, messages: missed }] });
    await says(sessionId, ann, number, 'after');
    await waitFor(async () => (await chatsOf(sessionId)).some(({ state }) => state !== 'waiting'), {
      ...PATIENCE,
      what: 'the phone to be asked',
    });
    const owner = world.workers.find(({ supervisor }) => supervisor?.find(sessionId))!;
    await owner.kill();
    // Whether it has sent the request, nobody knows.
    await ageRequests(sessionId);
    await owner.start();
    const { stored } = await audited(sessionId);
    expect(stored).toBe(2);
    expect((await texts(sessionId, 'message.recovered')).toSorted()).toEqual(['missed 1', 'missed 2']);
    const { rows } = await world.database.pool.query(
      `SELECT count(DISTINCT request_id)::int AS ids FROM history_chunks WHERE session_id = $1 AND kind = 'on_request'`,
      [sessionId],
    );
    expect(rows[0].ids).toBe(1);
  });

  it('a phone that never answers is asked three times, with one request', async () => {
    const { sessionId, number, ann } = await linked();
    await away(sessionId, 3 * HOUR);
    const [{ id } = { id: 0 }] = await world.sandbox.devices(number);
    await says(sessionId, ann, number, 'after');
    await world.sandbox.fault({ kind: 'drop', device: `${number}:${id}`, count: 1_000 });
    await world.database.pool.query(
      `UPDATE history_gap_chats SET state = 'waiting', attempts = 0 WHERE session_id = $1`,
      [sessionId],
    );
    await waitFor(
      async () => {
        await ageRequests(sessionId);
        return (await chatsOf(sessionId)).some(({ state }) => state === 'unanswered');
      },
      { ...PATIENCE, what: 'the chat to be given up' },
    );
    const [chat] = await chatsOf(sessionId);
    expect(chat).toMatchObject({ attempts: GAP_AUDIT_PACE.attempts, stored: 0 });
  });
});

/** A session without a connection, whose phone is to be asked about one chat. */
async function waitingForAnswer() {
  const sessionId = await world.createSession();
  const { owner } = await world.actor(sessionId);
  const { pool } = world.database;
  await pool.query(`UPDATE sessions SET paired_at = now() - interval '1 day' WHERE id = $1`, [sessionId]);
  await pool.query(
    `WITH gap AS (INSERT INTO history_gaps VALUES ($1, now() - interval '3 hours', now(), now(), now() + interval '1 day'))
     INSERT INTO history_gap_chats (session_id, chat_jid, since, until, anchor) VALUES ($1, 'chat', now() - interval '3 hours', now(), '{}')`,
    [sessionId],
  );
  return { sessionId, owner };
}

function auditOf(owners: readonly Ownership[], ask: GapAuditDependencies['ask'], pace: object = {}): GapAudit {
  return new GapAudit({
    pool: world.database.pool,
    logger: createLogger({ service: 'worker', level: 'silent' }),
    onStale: () => undefined,
    owners: () => owners,
    isConnected: () => true,
    ask,
    mayStart: () => true,
    onRequest: () => undefined,
    pace: { ...GAP_AUDIT_PACE, pollMs: 20, settleMs: 0, retryMs: 0, ...pace },
  });
}

it('a request that fails to be sent may have left: it counts, and is given up like one without an answer', async () => {
  const { sessionId, owner } = await waitingForAnswer();
  const requests: string[] = [];
  const failing = async ({ requestId }: GapRequest) => {
    requests.push(requestId);
    throw new Error('The socket has closed.');
  };
  const audit = auditOf([owner], failing, { answerMs: 0 });
  audit.start();
  await audited(sessionId, 'unanswered');
  await audit.stop();
  expect(requests).toEqual(Array.from({ length: GAP_AUDIT_PACE.attempts }, () => requests[0]));
});

it('a request that is slow to be sent holds up no other session, and is made once', async () => {
  const [one, other] = [await waitingForAnswer(), await waitingForAnswer()];
  const asked: string[] = [];
  let send: () => void = () => undefined;
  const sent = new Promise<void>((resolve) => (send = resolve));
  const audit = auditOf([one.owner, other.owner], async ({ sessionId }) => {
    asked.push(sessionId);
    await sent;
    return true;
  });
  audit.start();
  try {
    await waitFor(() => asked.length === 2, { what: 'both phones to be asked' });
  } finally {
    send();
    await audit.stop();
  }
  expect(asked.toSorted()).toEqual([one.sessionId, other.sessionId].toSorted());
});

describe('the phone is not asked', () => {
  it.each([
    ['after a short absence', {}, 600],
    ['where the session does not want it', { fillGaps: false }, 3 * HOUR],
  ])('%s', async (_when, settings, seconds) => {
    const { sessionId } = await linked(settings);
    await away(sessionId, seconds);
    expect(await gapOf(sessionId)).toBe(0);
  });
});

it('after a restored backup, a short absence counts, from the time of the backup', async () => {
  const { sessionId, number, ann } = await linked();
  const { pool } = world.database;
  await away(sessionId, 300);
  expect(await gapOf(sessionId)).toBe(0);
  await pool.query(
    `INSERT INTO recoveries (id, kind, as_of, recovered_at) VALUES (gen_random_uuid(), 'restored', now() - interval '10 minutes', now())`,
  );
  await away(sessionId, 300, { number, chats: [{ chat: ann, messages: [{ text: 'of after it', at: ago(500) }] }] });
  await says(sessionId, ann, number, 'after');
  await audited(sessionId);
  expect(await texts(sessionId, 'message.recovered')).toEqual(['of after it']);
  await pool.query('DELETE FROM recoveries');
});

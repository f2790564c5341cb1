import { newId } from '@wa-gate/kit';
import { acceptHistoryChunk } from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';
import { HISTORY_PACE } from './history-intake.ts';

let world: World;
beforeAll(async () => {
  const retry = { initialMs: 50, maxMs: 200 };
  world = await startWorld({ workers: 2, history: { ...HISTORY_PACE, batch: 50, restShare: 0, pollMs: 200, retry } });
});
afterAll(() => world?.stop());

const PATIENCE = { timeoutMs: 60_000 };
const DAY = 86_400;
const now = () => Math.floor(Date.now() / 1000);

async function linked(history: string, past: (ann: string) => object) {
  const sessionId = await world.createSession({ history });
  const [number, ann] = [await world.sandbox.createPhone(), await world.sandbox.createPhone('Ann')];
  await world.sandbox.post(`/phones/${number}/past`, past(ann));
  await world.link(sessionId, number);
  return { sessionId, number, ann };
}

const progress = (sessionId: string) => world.events(sessionId, 'history.');
const chunks = async (sessionId: string) =>
  (
    await world.database.pool.query<{
      kind: string;
      state: string;
      found: number;
      stored: number;
      error: string | null;
    }>('SELECT kind, state, found, stored, error FROM history_chunks WHERE session_id = $1 ORDER BY received_at', [
      sessionId,
    ])
  ).rows;
const complete = (sessionId: string, count: number) =>
  waitFor(
    async () => {
      const all = await chunks(sessionId);
      return all.length >= count && all.every(({ state }) => state !== 'waiting') && all;
    },
    { ...PATIENCE, what: `${count} parts of the history` },
  );
const stored = async (sessionId: string) =>
  (
    await world.database.pool.query<{
      text: string;
      state: string;
      direction: string;
      isHistory: boolean;
      at: Date;
      idAt: Date;
    }>(
      `SELECT text, state, direction, is_history AS "isHistory", wa_timestamp AS at, message_time(id) AS "idAt" FROM messages
       WHERE session_id = $1 ORDER BY id DESC`,
      [sessionId],
    )
  ).rows;

describe('the history of a new session', () => {
  it('is not taken in where nothing was asked for', async () => {
    const { sessionId, number } = await linked('none', (ann) => ({ chats: [{ chat: ann, count: 30 }] }));
    await world.sandbox.greeted(number);
    expect([await chunks(sessionId), await stored(sessionId), await progress(sessionId)]).toEqual([[], [], []]);
  });

  it('`recent`: each message once, in the order of its time, with its state, and without an event of its own', async () => {
    const newestAt = now() - DAY;
    const { sessionId } = await linked('recent', (ann) => ({
      chats: [{ chat: ann, count: 300, newestAt, stepSeconds: DAY / 2 }],
      chunkMessages: 70,
      isDisordered: true,
    }));
    const parts = await complete(sessionId, 4);
    expect(parts.map(({ error }) => error).filter(Boolean)).toEqual([]);
    const messages = await stored(sessionId);
    // Of 300 messages, two a day, those of 90 days.
    expect(messages.map(({ text }) => text)).toEqual(
      Array.from({ length: messages.length }, (_, n) => `Past message ${n + 1}`),
    );
    expect(messages.length).toBeGreaterThanOrEqual(177);
    expect(messages.length).toBeLessThanOrEqual(179);
    expect(messages[0]).toMatchObject({ state: 'READ', direction: 'OUTBOUND', isHistory: true });
    expect(messages[1]).toMatchObject({ state: 'RECEIVED', direction: 'INBOUND', isHistory: true });
    for (const { at, idAt } of messages) expect(idAt).toEqual(at);
    expect(await world.events(sessionId, 'message.')).toEqual([]);
    const told = await progress(sessionId);
    expect(told.length).toBe(parts.length);
    expect(told.reduce((sum, { data }) => sum + Number(data.stored), 0)).toBe(messages.length);
  });

  it('`full`: also what is older; a worker that dies in the middle leaves nothing out and stores nothing twice', async () => {
    // The tier would delete what is older than 90 days, so it is not stored either.
    await world.database.pool.query('UPDATE tiers SET message_retention_days = NULL');
    const { sessionId } = await linked('full', (ann) => ({
      chats: [{ chat: ann, count: 3_000, newestAt: now() - 100, stepSeconds: DAY / 10 }],
      chunkMessages: 1_500,
    }));
    await waitFor(async () => (await stored(sessionId)).length > 100, { ...PATIENCE, what: 'the first messages' });
    const owner = world.workers.find(({ supervisor }) => supervisor?.find(sessionId))!;
    await owner.kill();
    await owner.start();
    await complete(sessionId, 4);
    const messages = await stored(sessionId);
    expect(messages.length).toBe(3_000);
    expect(new Set(messages.map(({ text }) => text)).size).toBe(3_000);
    const counted = (await chunks(sessionId)).reduce((sum, part) => sum + part.stored, 0);
    expect(counted).toBe(3_000);
  });
});

it('rows that nothing reads any more go: of linkings before the last one, and of requests, each after a while', async () => {
  const { pool } = world.database;
  const sessionId = await world.createSession({ history: 'recent' });
  const old = async (kind: string, days: number) => {
    await pool.query(
      `INSERT INTO history_chunks (id, session_id, kind, fingerprint, state, received_at, finished_at)
       VALUES (gen_random_uuid(), $1, $2, $3, 'done', now() - $4 * interval '1 day', now() - $4 * interval '1 day')`,
      [sessionId, kind, Buffer.from(`${kind} ${days}`), days],
    );
  };
  const left = async () =>
    (
      await pool.query<{ fingerprint: Buffer }>(
        `SELECT fingerprint FROM history_chunks WHERE session_id = $1 AND length(fingerprint) < 32 ORDER BY received_at`,
        [sessionId],
      )
    ).rows.map(({ fingerprint }) => fingerprint.toString());
  for (const days of [61, 59]) await old('recent', days);
  await world.link(sessionId, await world.sandbox.createPhone());
  expect(await left()).toEqual(['recent 59']);

  for (const [kind, days] of [
    ['recent', 61],
    ['on_request', 61],
    ['on_request', 59],
  ] as const)
    await old(kind, days);
  const { rows } = await pool.query<{ epoch: number }>('SELECT epoch FROM session_placements WHERE session_id = $1', [
    sessionId,
  ]);
  const notice = { id: newId(), kind: 'on_request' as const, fingerprint: Buffer.from('new'), payload: Buffer.of(1) };
  expect(await acceptHistoryChunk(pool, { sessionId, epoch: rows[0]!.epoch }, notice, [])).toBe(true);
  expect(await left()).toEqual(['recent 61', 'recent 59', 'on_request 59', 'new']);
});

describe('what the history tells', () => {
  it('names the people of the chats, whose number and LID are one contact', async () => {
    const { sessionId, ann } = await linked('recent', (friend) => ({ chats: [{ chat: friend, count: 3 }] }));
    await complete(sessionId, 2);
    const { lid } = await world.sandbox.phone(ann);
    const { rows } = await world.database.pool.query(
      `SELECT c.name, array_agg(i.jid ORDER BY i.jid) AS jids FROM contact_identities i JOIN contacts c ON c.id = i.contact_id
       WHERE c.id = (SELECT contact_id FROM contact_identities WHERE jid = $1) GROUP BY c.name`,
      [`${lid}@lid`],
    );
    expect(rows).toEqual([{ name: 'Ann', jids: [`${ann}@s.whatsapp.net`, `${lid}@lid`].sort() }]);
  });

  it('leaves files where they are until somebody asks', async () => {
    const { sessionId } = await linked('recent', (ann) => ({
      chats: [
        {
          chat: ann,
          messages: [{ text: 'a picture', at: now() - 100, image: Buffer.from('a picture').toString('base64') }],
        },
      ],
    }));
    await complete(sessionId, 2);
    const { rows } = await world.database.pool.query(
      `SELECT m.status, (SELECT count(*)::int FROM media_downloads d WHERE d.media_id = m.id) AS downloads FROM media m WHERE m.session_id = $1`,
      [sessionId],
    );
    expect(rows).toEqual([{ status: 'pending', downloads: 0 }]);
  });

  it('leaves out a message that PostgreSQL does not take, says so, and stores all others', async () => {
    const { pool } = world.database;
    await pool.query(`CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN IF NEW.text = 'Past message 7' THEN RAISE EXCEPTION 'poison' USING ERRCODE = '22000'; END IF; RETURN NEW; END $$`);
    await pool.query(
      'CREATE TRIGGER refuse_poison BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION refuse_poison()',
    );
    try {
      const past = { count: 40, newestAt: now() - 100, stepSeconds: 60 };
      const { sessionId } = await linked('recent', (ann) => ({ chats: [{ chat: ann, ...past }] }));
      const parts = await complete(sessionId, 1);
      expect(parts.filter(({ state }) => state !== 'done')).toEqual([]);
      const texts = (await stored(sessionId)).map(({ text }) => text);
      expect([texts.length, texts.includes('Past message 7')]).toEqual([39, false]);
      // The first part of a new session has messages that come in another one, too.
      const told = (await progress(sessionId)).map(({ data }) => Number(data.refused ?? 0));
      expect(Math.max(...told)).toBeGreaterThan(0);
    } finally {
      await pool.query('DROP TRIGGER refuse_poison ON messages');
    }
  });

  it('gives up a part whose messages PostgreSQL never stores in time', async () => {
    const { pool } = world.database;
    await pool.query(`CREATE FUNCTION refuse_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN IF NEW.text = 'Past message 7' THEN RAISE EXCEPTION 'too slow' USING ERRCODE = '55P03'; END IF; RETURN NEW; END $$`);
    await pool.query(
      'CREATE TRIGGER refuse_in_time BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION refuse_in_time()',
    );
    try {
      const past = { count: 40, newestAt: now() - 100, stepSeconds: 60 };
      const { sessionId } = await linked('recent', (ann) => ({ chats: [{ chat: ann, ...past }] }));
      const failed = (await complete(sessionId, 1)).filter(({ state }) => state === 'failed');
      expect(failed.length).toBeGreaterThan(0);
      for (const { error } of failed) expect(error).toContain('too slow');
      const told = (await progress(sessionId)).map(({ data }) => data.failed).filter(Boolean);
      expect(told).toHaveLength(failed.length);
    } finally {
      await pool.query('DROP TRIGGER refuse_in_time ON messages');
    }
  });

  it('gives up a part that has ended its worker too often', async () => {
    const { sessionId } = await linked('recent', (ann) => ({
      chats: [{ chat: ann, count: 10, newestAt: now() - 100, stepSeconds: 60 }],
    }));
    await complete(sessionId, 1);
    const { rows } = await world.database.pool.query<{ id: string }>(
      `UPDATE history_chunks SET state = 'waiting', attempts = $2, payload = '' WHERE session_id = $1 RETURNING id`,
      [sessionId, HISTORY_PACE.maxAttempts],
    );
    const parts = await complete(sessionId, rows.length);
    expect(parts.map(({ error }) => error)).toEqual(rows.map(() => expect.stringContaining('ended each time')));
  });

  it('gives up a part whose file cannot be read, says why, and goes on with the others', async () => {
    const { sessionId, number } = await linked('recent', (ann) => ({ chats: [{ chat: ann, count: 3 }] }));
    await complete(sessionId, 2);
    await world.database.pool.query(
      `INSERT INTO history_chunks (id, session_id, fingerprint, kind, payload) VALUES (gen_random_uuid(), $1, 'x', 'recent', 'no zlib')`,
      [sessionId],
    );
    const parts = await complete(sessionId, 3);
    expect(parts.filter(({ state }) => state === 'failed')).toMatchObject([
      { error: 'The history cannot be inflated.' },
    ]);
    expect((await progress(sessionId)).at(-1)!.data).toMatchObject({ failed: 'The history cannot be inflated.' });
    expect(number).toBeTruthy();
  });
});

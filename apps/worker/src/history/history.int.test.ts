import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';
import { HISTORY_PACE } from './history-intake.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ workers: 2, history: { ...HISTORY_PACE, batch: 50, restShare: 0, pollMs: 200 } });
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

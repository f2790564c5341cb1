import { type Ownership, placeSession, registerWorker, scaleTiming } from '@wa-gate/cluster';
import { createTestDatabase, seedSession, type TestDatabase, workerRegistration } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { appendNoticedEvents, type NoticedEvent } from './noticed-events.ts';

let database: TestDatabase;
let owner: Ownership;

const newOwner = async (): Promise<Ownership> => {
  const { sessionId } = await seedSession(database.pool, { state: 'CONNECTED' });
  return { sessionId, epoch: (await placeSession(database.pool, sessionId))!.epoch };
};

beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
});
afterAll(() => database?.drop());
beforeEach(async () => {
  owner = await newOwner();
});

const news = (about: string, notice?: string, of = owner): NoticedEvent => ({
  ...of,
  jid: '15550002@s.whatsapp.net',
  type: 'contact.updated',
  data: { changed: ['about'], about },
  notice,
});
const told = async ({ sessionId } = owner) => {
  const { rows } = await database.pool.query<{ about: string }>(
    `SELECT data->>'about' AS about FROM events WHERE session_id = $1 ORDER BY seq`,
    [sessionId],
  );
  return rows.map(({ about }) => about);
};

describe('news of people', () => {
  it('that WhatsApp tells again, because it has no confirmation, are no second event (I11)', async () => {
    await appendNoticedEvents(database.pool, [news('one', 'n1'), news('one', 'n1'), news('two', 'n2')]);
    const { events } = await appendNoticedEvents(database.pool, [
      news('one', 'n1'),
      news('three', 'n3'),
      news('two', 'n2'),
    ]);
    expect(events).toHaveLength(1);
    expect(await told()).toEqual(['one', 'two', 'three']);
  });

  it('that a session has told are news to another one, and those without a name are always news', async () => {
    const other = await newOwner();
    await appendNoticedEvents(database.pool, [news('one', 'n1'), news('by us')]);
    await appendNoticedEvents(database.pool, [news('one', 'n1', other), news('by us')]);
    expect([await told(), await told(other)]).toEqual([['one', 'by us', 'by us'], ['one']]);
  });

  it('are remembered while they may come again, and not for ever', async () => {
    for (let at = 0; at < 50; at += 1) await appendNoticedEvents(database.pool, [news(`${at}`, `n${at}`)]);
    const { rows } = await database.pool.query('SELECT notices FROM person_notices WHERE session_id = $1', [
      owner.sessionId,
    ]);
    expect(rows[0].notices).toEqual(Array.from({ length: 32 }, (_, at) => `n${49 - at}`));
  });
});

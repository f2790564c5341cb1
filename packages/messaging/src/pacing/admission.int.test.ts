import { type Ownership, placeSession, registerWorker, releaseSession, scaleTiming } from '@wa-gate/cluster';
import { newId } from '@wa-gate/kit';
import { createTestDatabase, seedSession, type TestDatabase, workerRegistration } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acceptMessages } from '../outbox/accept-many.ts';
import type { AcceptedMessage } from '../outbox/acceptance.ts';
import { claimOutbox } from '../outbox/outbox.ts';
import { newWaMessageId } from '../outbox/wa-message-id.ts';
import { admitHeld, findHeld, readAdmission, readHeld } from './admission.ts';

let database: TestDatabase;
let owner: Ownership;

beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
});
afterAll(() => database?.drop());
beforeEach(async () => {
  const { sessionId } = await seedSession(database.pool, { state: 'CONNECTED' });
  owner = { sessionId, epoch: (await placeSession(database.pool, sessionId))!.epoch };
});

const inSeconds = (seconds: number) => ({ at: new Date(Date.now() + seconds * 1_000).toISOString() });
const message = (more: Partial<AcceptedMessage> = {}): AcceptedMessage => ({
  messageId: newId(),
  waMessageId: newWaMessageId(),
  sessionId: owner.sessionId,
  chatJid: '15550001@s.whatsapp.net',
  request: { type: 'text', text: 'hello' },
  lane: 'BULK',
  ...more,
});
async function accept(...messages: AcceptedMessage[]): Promise<string[]> {
  await Promise.all(acceptMessages(database.pool, messages));
  return messages.map(({ messageId }) => messageId);
}
const view = async () => (await readAdmission(database.pool, owner.sessionId, 10))!;
const next = { nextAt: null, nextFirstContactAt: null };
const admitAll = async (
  day = '2026-01-15',
  after: typeof next | { nextAt: number; nextFirstContactAt: null } = next,
) => {
  const { held } = await view();
  return await admitHeld(database.pool, owner, { admit: held, next: after }, day);
};
const receive = (chatJid: string) =>
  database.pool.query(
    `WITH m AS (INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_me, kind, state)
       VALUES ($1, $2, 'INBOUND', $3, $4, false, 'text', 'RECEIVED') RETURNING *)
     INSERT INTO message_keys SELECT session_id, chat_jid, from_me, wa_message_id, id FROM m`,
    [newId(), owner.sessionId, newWaMessageId(), chatJid],
  );

describe('what is held', () => {
  it('is read when its time has come, by lane and time; what is later is only known to come', async () => {
    const [bulk, low, , urgent] = await accept(
      message(),
      message({ lane: 'CAMPAIGN' }),
      message({ schedule: inSeconds(3_600) }),
      message({ lane: 'URGENT', schedule: inSeconds(0.2) }),
    );
    const before = await view();
    expect(before.held.map(({ messageId }) => messageId)).toEqual([bulk, low]);
    expect(before.nextDueAt! - before.now).toBeLessThan(1_000);
    await database.pool.query('SELECT pg_sleep(0.25)');
    const { held, nextDueAt, now } = await view();
    expect(held.map(({ messageId, lane }) => [messageId, lane])).toEqual([
      [urgent, 'URGENT'],
      [bulk, 'BULK'],
      [low, 'CAMPAIGN'],
    ]);
    expect(nextDueAt! - now).toBeGreaterThan(3_500_000);
  });

  it('knows who has never written, by all names, and whom a time-lock holds back', async () => {
    await receive('15550002@s.whatsapp.net');
    await accept(message(), message({ chatJid: '15550002@s.whatsapp.net' }), message({ chatJid: '120363@g.us' }));
    expect((await view()).held.map(({ isFirstContact }) => isFirstContact)).toEqual([true, false, false]);
    await database.pool.query(`UPDATE sessions SET reachout_locked_until = now() + interval '1 hour' WHERE id = $1`, [
      owner.sessionId,
    ]);
    const { held, session, now } = await view();
    expect(held.map(({ isHeldBack }) => isHeldBack)).toEqual([true, false, false]);
    expect(session.lockedUntil! - now).toBeGreaterThan(3_500_000);
  });

  it('is found for many sessions at once, and only what is due soon', async () => {
    const later = await seedSession(database.pool, { state: 'CONNECTED' });
    const none = await seedSession(database.pool, { state: 'CONNECTED' });
    await accept(message(), message({ sessionId: later.sessionId, schedule: inSeconds(2) }));
    const sessions = [owner.sessionId, later.sessionId, none.sessionId];
    const found = await findHeld(database.pool, sessions, 4_000);
    expect(found.map(({ sessionId }) => sessionId).sort()).toEqual([owner.sessionId, later.sessionId].sort());
    expect(found.find(({ sessionId }) => sessionId === owner.sessionId)!.inMs).toBe(0);
    expect(await findHeld(database.pool, [later.sessionId], 100)).toEqual([]);
  });

  it('costs no claim anything: ten thousand for later are not read by the queries of the queue (MR-101)', async () => {
    await database.pool.query(
      `WITH m AS (INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_me, kind, state)
         SELECT gen_random_uuid(), $1, 'OUTBOUND', 'H' || n, 'chat' || n, true, 'text', 'QUEUED' FROM generate_series(1, 10000) n
         RETURNING id, session_id, wa_message_id, chat_jid)
       INSERT INTO outbox (message_id, session_id, lane, state, wa_message_id, chat_jid, request, not_before)
       SELECT id, session_id, 'BULK', 'HELD', wa_message_id, chat_jid, '{"type":"text","text":"x"}', now() + interval '1 day' FROM m`,
      [owner.sessionId],
    );
    await database.pool.query('ANALYZE outbox');
    const touched = async (run: () => Promise<unknown>) => {
      const blocks = async () => {
        const { rows } = await database.pool.query(
          `SELECT pg_stat_force_next_flush(), (SELECT sum(idx_tup_read)::int FROM pg_stat_user_indexes WHERE relname = 'outbox') AS read`,
        );
        return rows[0].read as number;
      };
      await blocks();
      const before = await blocks();
      await run();
      await database.pool.query('SELECT pg_stat_force_next_flush()');
      return (await blocks()) - before;
    };
    expect(await touched(() => claimOutbox(database.pool, [owner], 10))).toBeLessThan(20);
    expect(await touched(() => findHeld(database.pool, [owner.sessionId], 4_000))).toBeLessThan(20);
    expect(await touched(view)).toBeLessThan(50);
  });
});

describe('an admission', () => {
  it('puts messages behind those in the queue, in their order, and counts them', async () => {
    const messages = await accept(message(), message(), message({ lane: 'CAMPAIGN' }));
    const nextAt = Date.now() + 5_000;
    expect((await admitAll('2026-01-15', { nextAt, nextFirstContactAt: null })).size).toBe(3);
    const after = await view();
    expect([after.held, after.queued]).toEqual([[], 3]);
    expect(after.session).toMatchObject({ countedOn: '2026-01-15', sent: 3, firstContacts: 3, nextAt });
    const claimed = await claimOutbox(database.pool, [owner], 10);
    expect(claimed.map(({ messageId }) => messageId)).toEqual(messages);
    await accept(message());
    await admitAll('2026-01-15');
    await accept(message());
    await admitAll('2026-01-16');
    expect((await view()).session).toMatchObject({ countedOn: '2026-01-16', sent: 1, firstContacts: 1 });
  });

  it('counts nothing of what is not paced', async () => {
    await accept(message({ lane: 'URGENT', schedule: inSeconds(0.05) }));
    await database.pool.query('SELECT pg_sleep(0.1)');
    expect((await admitAll()).size).toBe(1);
    expect((await view()).session).toMatchObject({ sent: 0, countedOn: null });
  });

  it('is refused to one who is not the owner any more (I2)', async () => {
    await accept(message());
    const { held } = await view();
    await releaseSession(database.pool, owner.sessionId, 'test');
    expect((await admitHeld(database.pool, owner, { admit: held, next }, '2026-01-15')).size).toBe(0);
    expect(await view()).toMatchObject({ session: { sent: 0 }, held });
  });

  it('happens once, however many ask for it', async () => {
    await accept(message());
    const { held } = await view();
    const all = await Promise.all(
      Array.from({ length: 10 }, () => admitHeld(database.pool, owner, { admit: held, next }, '2026-01-15')),
    );
    expect(all.filter(({ size }) => size > 0)).toHaveLength(1);
    expect((await view()).session.sent).toBe(1);
  });
});

it('tells of one message what it waits for', async () => {
  const [first, later] = await accept(message(), message({ schedule: inSeconds(60) }));
  expect(await readHeld(database.pool, first!)).toMatchObject({
    message: { messageId: first, lane: 'BULK', isFirstContact: true },
    session: { sent: 0, settings: { mode: 'on' } },
  });
  expect(await readHeld(database.pool, later!)).toBeNull();
});

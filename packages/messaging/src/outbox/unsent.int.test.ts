import { type Ownership, placeSession, registerWorker, scaleTiming } from '@wa-gate/cluster';
import { newId } from '@wa-gate/kit';
import { createTestDatabase, seedSession, type TestDatabase, workerRegistration } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findViolations } from '../invariants/invariants.ts';
import { admitHeld } from '../pacing/admission.ts';
import { acceptMessage } from './accept.ts';
import { acceptChange } from './accept-change.ts';
import type { AcceptedMessage } from './acceptance.ts';
import { claimOutbox } from './outbox.ts';
import { cancelMessage, cancelMessages, endExpired, moveScheduled } from './unsent.ts';
import { newWaMessageId } from './wa-message-id.ts';

let database: TestDatabase;
let owner: Ownership;

beforeAll(async () => {
  database = await createTestDatabase({ max: 20 });
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
});
afterAll(() => database?.drop());
beforeEach(async () => {
  const { sessionId } = await seedSession(database.pool, { state: 'CONNECTED' });
  owner = { sessionId, epoch: (await placeSession(database.pool, sessionId))!.epoch };
  await database.pool.query(`INSERT INTO session_keys VALUES ($1, 'creds', 'creds', 'x')`, [sessionId]);
});

const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
async function accept(more: Partial<AcceptedMessage> = {}): Promise<string> {
  const messageId = newId();
  const outcome = await acceptMessage(database.pool, {
    messageId,
    waMessageId: newWaMessageId(),
    sessionId: owner.sessionId,
    chatJid: '15550001@s.whatsapp.net',
    request: { type: 'text', text: 'hello' },
    ...more,
  });
  expect(outcome).toEqual({ outcome: 'accepted' });
  return messageId;
}
const scheduled = (hours = 5, more: Partial<AcceptedMessage> = {}) =>
  accept({ lane: 'BULK', schedule: { at: inHours(hours) }, ...more });
const cancel = (messageId: string, partIds: string[] = []) =>
  cancelMessage(database.pool, { sessionId: owner.sessionId, messageId, partIds });
const stateOf = async (messageId: string) =>
  (
    await database.pool.query(
      `SELECT m.state, m.error_code AS error, o.state AS outbox FROM messages m JOIN outbox o ON o.message_id = m.id WHERE m.id = $1`,
      [messageId],
    )
  ).rows[0];
const CANCELLED = { state: 'FAILED', error: 'MESSAGE_CANCELLED', outbox: 'FAILED' };
const claim = () => claimOutbox(database.pool, [owner], 10);

describe('a cancellation', () => {
  it('ends what is scheduled and what is queued, and says so by an event', async () => {
    for (const messageId of [await scheduled(), await accept()]) {
      const { events, messageIds } = await cancel(messageId);
      expect(messageIds).toEqual([messageId]);
      expect(events).toMatchObject([
        { type: 'message.failed', data: { messageId, errorCode: 'MESSAGE_CANCELLED', state: 'cancelled' } },
      ]);
      expect(await stateOf(messageId)).toEqual(CANCELLED);
    }
    expect(await claim()).toEqual([]);
    expect(await findViolations(database.pool)).toEqual([]);
  });

  it('comes too late for what has begun to leave, and for what was cancelled', async () => {
    const messageId = await accept();
    expect(await claim()).toHaveLength(1);
    expect((await cancel(messageId)).messageIds).toEqual([]);
    expect(await stateOf(messageId)).toMatchObject({ state: 'QUEUED', outbox: 'SENDING' });
    const other = await scheduled();
    await cancel(other);
    expect((await cancel(other)).messageIds).toEqual([]);
  });

  it('comes too late for what an attempt was made of: it may have left', async () => {
    const messageId = await accept();
    await database.pool.query(`UPDATE outbox SET attempts = 1 WHERE message_id = $1`, [messageId]);
    expect((await cancel(messageId)).messageIds).toEqual([]);
  });

  it('takes the parts along, and the changes that wait', async () => {
    const part = {
      messageId: newId(),
      waMessageId: newWaMessageId(),
      request: { type: 'text' as const, text: 'part' },
    };
    const messageId = await scheduled(5, { parts: [part] });
    const changeId = newId();
    await acceptChange(database.pool, {
      changeId,
      sessionId: owner.sessionId,
      messageId,
      waMessageId: newWaMessageId(),
      request: { type: 'change', change: 'edit', data: { text: 'better' } } as never,
    });
    const { rows: held } = await database.pool.query('SELECT state FROM outbox WHERE message_id = $1', [changeId]);
    expect(held).toEqual([{ state: 'HELD' }]);
    expect((await cancel(messageId, [part.messageId])).messageIds.sort()).toEqual([messageId, part.messageId].sort());
    const { rows } = await database.pool.query(
      `SELECT c.state, c.error_code AS error, o.state AS outbox FROM message_changes c JOIN outbox o ON o.message_id = c.id WHERE c.id = $1`,
      [changeId],
    );
    expect(rows).toEqual([{ state: 'FAILED', error: 'MESSAGE_NOT_SENT', outbox: 'FAILED' }]);
    expect(await findViolations(database.pool)).toEqual([]);
  });

  it('of many ends those that it can', async () => {
    const messages = [await scheduled(), await accept(), await scheduled()];
    await claim();
    expect((await cancelMessages(database.pool, owner.sessionId, messages)).messageIds.sort()).toEqual(
      [messages[0], messages[2]].sort(),
    );
  });

  it('and the moment at which it is due: exactly one of the two happens, a hundred times (MR-101)', async () => {
    let cancelled = 0;
    for (let round = 0; round < 100; round += 1) {
      const messageId = await scheduled(1);
      await database.pool.query('UPDATE outbox SET not_before = now() WHERE message_id = $1', [messageId]);
      const held = { messageId, lane: 'BULK' as const, chatJid: 'x', isFirstContact: false, isHeldBack: false };
      const admit = async () => {
        const next = { nextAt: null, nextFirstContactAt: null };
        const admitted = await admitHeld(database.pool, owner, { admit: [held], next }, '2026-01-15');
        return admitted.size > 0 && (await claim()).length > 0;
      };
      const [ended, left] = await Promise.all(
        round % 2 === 0
          ? [cancel(messageId), admit()]
          : ([admit(), cancel(messageId)].reverse() as [ReturnType<typeof cancel>, Promise<boolean>]),
      );
      const isCancelled = ended.messageIds.length === 1;
      expect(isCancelled).toBe(!left);
      expect(await stateOf(messageId)).toMatchObject(isCancelled ? CANCELLED : { outbox: 'SENDING' });
      cancelled += isCancelled ? 1 : 0;
    }
    expect(cancelled).toBeGreaterThan(0);
  });
});

describe('a scheduled message', () => {
  const move = (messageId: string, hours: number) =>
    moveScheduled(database.pool, {
      sessionId: owner.sessionId,
      messageId,
      partIds: [],
      schedule: { at: inHours(hours) },
    });

  it('gets another time as long as it is held', async () => {
    const messageId = await scheduled(5);
    expect(await move(messageId, 8)).toBe('moved');
    const { rows } = await database.pool.query('SELECT not_before AS at, schedule FROM outbox WHERE message_id = $1', [
      messageId,
    ]);
    expect(rows[0].at.toISOString()).toBe(rows[0].schedule.at);
    expect([await move(messageId, -1), await move(messageId, 9_000)]).toEqual(['past', 'too-far']);
    await cancel(messageId);
    expect([await move(messageId, 8), await move(await accept(), 8)]).toEqual(['begun', 'begun']);
  });

  it('does not get one at which it has expired', async () => {
    expect(await move(await scheduled(5, { expiresAt: inHours(6) }), 7)).toBe('expired');
  });
});

describe('a message that was not sent in time', () => {
  const expire = (messageId: string) =>
    database.pool.query(`UPDATE outbox SET expires_at = now() - interval '1 second' WHERE message_id = $1`, [
      messageId,
    ]);

  it('is claimed no more, ends, and says so', async () => {
    const messages = [await accept(), await scheduled()];
    for (const messageId of messages) await expire(messageId);
    expect(await claim()).toEqual([]);
    const ended = await endExpired(database.pool, 100);
    expect(ended.flatMap(({ messageIds }) => messageIds).sort()).toEqual([...messages].sort());
    expect(ended[0]!.events[0]).toMatchObject({ data: { errorCode: 'MESSAGE_EXPIRED', state: 'expired' } });
    expect(await endExpired(database.pool, 100)).toEqual([]);
    expect(await findViolations(database.pool)).toEqual([]);
  });

  it('goes on when an attempt had begun before', async () => {
    const messageId = await accept();
    await database.pool.query(`UPDATE outbox SET attempts = 1 WHERE message_id = $1`, [messageId]);
    await expire(messageId);
    expect(await endExpired(database.pool, 100)).toEqual([]);
    expect(await claim()).toHaveLength(1);
  });
});

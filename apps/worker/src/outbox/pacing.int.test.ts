import { type Ownership, placeSession, registerWorker, scaleTiming } from '@wa-gate/cluster';
import type { PacingSettings } from '@wa-gate/contracts';
import { createLogger, newId, systemClock } from '@wa-gate/kit';
import { type AcceptedMessage, acceptMessages, cancelMessages, newWaMessageId } from '@wa-gate/messaging';
import { createTestDatabase, seedSession, type TestDatabase, waitFor, workerRegistration } from '@wa-gate/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ChatTimers } from '../chats/chat-timers.ts';
import { KeyedLock } from '../keyed-lock.ts';
import { FakeConnection } from '../testing/fake-connection.ts';
import { createChangeWriter } from './change-writer.ts';
import { Dispatcher } from './dispatcher.ts';
import { createOutcomeWriter } from './outcome-writer.ts';

let database: TestDatabase;
let owner: Ownership;
let dispatcher: Dispatcher;
/** When each message left, by WhatsApp's id. Monotonic milliseconds. */
let left: Map<string, number>;

beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
});
afterAll(() => database?.drop());
beforeEach(async () => {
  const { sessionId } = await seedSession(database.pool, { state: 'CONNECTED' });
  owner = { sessionId, epoch: (await placeSession(database.pool, sessionId))!.epoch };
  left = new Map();
  dispatcher = createDispatcher();
});
afterEach(() => dispatcher.stop(0));

function createDispatcher(): Dispatcher {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const { pool } = database;
  const nothing = () => undefined;
  const writing = { pool, writeLock: new KeyedLock(), clock: systemClock, logger, announce: nothing, onStale: nothing };
  const outcomes = createOutcomeWriter(writing);
  const made = new Dispatcher({
    pool,
    clock: systemClock,
    logger,
    messageKey: Buffer.alloc(32, 7),
    outcomes,
    changes: createChangeWriter({ ...writing, outcomes }),
    timers: new ChatTimers(pool),
    uploads: { upload: () => Promise.reject(new Error('No message here has a file.')), giveWay: () => undefined },
    mayStart: () => true,
    onStuck: nothing,
    isTimeLocked: async () => false,
    onAcknowledged: nothing,
  });
  made.start();
  return made;
}

/** A connection that acknowledges everything at once. */
function open(of = dispatcher, connection = new FakeConnection()): void {
  connection.onRelayed = ({ waMessageId }) => {
    left.set(waMessageId, performance.now());
    of.acknowledged(owner, { waMessageId });
  };
  of.opened(owner, connection);
}

const pace = (settings: Partial<PacingSettings>) =>
  database.pool.query(
    `INSERT INTO session_pacing (session_id, settings) VALUES ($1, $2) ON CONFLICT (session_id) DO UPDATE SET settings = excluded.settings`,
    [
      owner.sessionId,
      JSON.stringify({
        jitter: 0,
        chatGapMs: 0,
        warmUp: false,
        firstContactsPerDay: null,
        firstContactsPerHour: null,
        ...settings,
      }),
    ],
  );

let chats = 0;
async function accept(count: number, more: Partial<AcceptedMessage> = {}): Promise<AcceptedMessage[]> {
  const messages = Array.from({ length: count }, (): AcceptedMessage => {
    chats += 1;
    return {
      messageId: newId(),
      waMessageId: newWaMessageId(),
      sessionId: owner.sessionId,
      chatJid: `${10_000 + chats}@s.whatsapp.net`,
      request: { type: 'text', text: `text ${chats}` },
      lane: 'BULK',
      ...more,
    };
  });
  await Promise.all(acceptMessages(database.pool, messages));
  dispatcher.notify(owner.sessionId);
  return messages;
}
const allLeft = (messages: readonly AcceptedMessage[]) =>
  waitFor(() => messages.every(({ waMessageId }) => left.has(waMessageId)), { what: `${messages.length} left` });
const timesOf = (messages: readonly AcceptedMessage[]) => messages.map(({ waMessageId }) => left.get(waMessageId)!);
const gapsOf = (messages: readonly AcceptedMessage[]) => {
  const times = timesOf(messages);
  return times.slice(1).map((at, index) => at - times[index]!);
};

describe('paced messages (MR-097)', () => {
  it('leave one after the other, never closer than the gap', async () => {
    await pace({ messageGapMs: 80 });
    open();
    const messages = await accept(12);
    await allLeft(messages);
    for (const gap of gapsOf(messages)) expect(gap).toBeGreaterThanOrEqual(79);
  });

  it('keep the gap over a new owner', async () => {
    await pace({ messageGapMs: 900 });
    open();
    const messages = await accept(2);
    await waitFor(() => left.size === 1);
    await dispatcher.stop(0);
    dispatcher = createDispatcher();
    open();
    await allLeft(messages);
    expect(gapsOf(messages)[0]).toBeGreaterThanOrEqual(899);
  });

  it('keep the gap behind a message that left late, just before its owner died', async () => {
    await pace({ messageGapMs: 900 });
    const slow = new FakeConnection();
    slow.beforeRelay = () => systemClock.sleep(700);
    open(dispatcher, slow);
    const messages = await accept(2);
    await waitFor(() => left.size === 1, { everyMs: 5 });
    await dispatcher.stop(0);
    dispatcher = createDispatcher();
    open();
    await allLeft(messages);
    expect(gapsOf(messages)[0]).toBeGreaterThanOrEqual(899);
  });

  it('keep the gap behind a message that the owner before has let in and not sent', async () => {
    await pace({ messageGapMs: 400 });
    const stuck = new FakeConnection();
    stuck.beforeRelay = () => new Promise(() => undefined);
    dispatcher.opened(owner, stuck);
    const messages = await accept(2);
    // The gap that its admission has begun is over before the next owner sends it.
    await waitFor(async () => {
      const sql = `SELECT 1 FROM outbox o JOIN session_pacing p USING (session_id)
        WHERE o.message_id = $1 AND o.state <> 'HELD' AND p.next_at < now()`;
      return (await database.pool.query(sql, [messages[0]!.messageId])).rowCount === 1;
    });
    await dispatcher.stop(0);
    dispatcher = createDispatcher();
    open();
    await allLeft(messages);
    expect(gapsOf(messages)[0]).toBeGreaterThanOrEqual(399);
  });

  it('keep the gap behind a message whose sending takes longer than the gap', async () => {
    await pace({ messageGapMs: 300 });
    let release!: () => void;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = new FakeConnection();
    slow.beforeRelay = () => released;
    open(dispatcher, slow);
    const messages = await accept(2);
    // The gap that the admission of the first has begun is over, and the poll has looked again at what is held.
    await waitFor(async () => {
      const sql = `SELECT 1 FROM session_pacing WHERE session_id = $1 AND next_at < now() - interval '2500 ms'`;
      return (await database.pool.query(sql, [owner.sessionId])).rowCount === 1;
    });
    release();
    await allLeft(messages);
    expect(gapsOf(messages)[0]).toBeGreaterThanOrEqual(299);
  });

  it('of low priority come after all others, and an urgent one before all (MR-100)', async () => {
    await pace({ messageGapMs: 60, broadcastGapMs: 60 });
    const low = await accept(3, { lane: 'CAMPAIGN' });
    const bulk = await accept(400);
    open();
    await waitFor(() => left.size >= 2);
    const asked = performance.now();
    const [urgent] = await accept(1, { lane: 'URGENT' });
    const [single] = await accept(1, { lane: 'INTERACTIVE' });
    await allLeft([urgent!, single!]);
    expect(timesOf([urgent!, single!]).every((at) => at - asked < 1_000)).toBe(true);
    expect(low.some(({ waMessageId }) => left.has(waMessageId))).toBe(false);
    expect(bulk.filter(({ waMessageId }) => left.has(waMessageId)).length).toBeLessThan(20);
  });

  it('off: hundreds leave at once, and an urgent one passes them', async () => {
    await pace({ mode: 'off' });
    open();
    const bulk = await accept(300);
    await waitFor(() => left.size >= 20);
    const before = left.size;
    const [urgent] = await accept(1, { lane: 'URGENT' });
    await allLeft([urgent!]);
    expect(left.size - before).toBeLessThan(60);
    await allLeft(bulk);
  });

  it('follow a change of the settings at once', async () => {
    await pace({ messageGapMs: 3_600_000 });
    open();
    const messages = await accept(3);
    await waitFor(() => left.size === 1);
    await pace({ messageGapMs: 10 });
    await database.pool.query('UPDATE session_pacing SET next_at = now() WHERE session_id = $1', [owner.sessionId]);
    await dispatcher.stop(0);
    dispatcher = createDispatcher();
    open();
    await allLeft(messages);
  });

  it('into one chat keep its gap, and other chats do not wait for it', async () => {
    await pace({ messageGapMs: 10, chatGapMs: 700 });
    open();
    const same = await accept(2, { chatJid: '777@s.whatsapp.net' });
    const others = await accept(5);
    await allLeft([...same, ...others]);
    expect(gapsOf(same)[0]).toBeGreaterThanOrEqual(690);
    expect(Math.max(...timesOf(others))).toBeLessThan(timesOf(same)[1]!);
  });

  it('that are cancelled never leave', async () => {
    await pace({ messageGapMs: 50 });
    open();
    const messages = await accept(50);
    await waitFor(() => left.size >= 2);
    const ids = messages.map(({ messageId }) => messageId);
    const { messageIds } = await cancelMessages(database.pool, owner.sessionId, ids);
    const [mark] = await accept(1);
    await allLeft([mark!]);
    const cancelled = new Set(messageIds);
    const both = messages.filter(({ messageId, waMessageId }) => cancelled.has(messageId) && left.has(waMessageId));
    expect(both).toEqual([]);
    expect(left.size + cancelled.size).toBe(51);
  });
});

describe('scheduled messages (MR-101)', () => {
  it('leave at their time, each once, in the order of their times', async () => {
    await pace({ mode: 'off' });
    open();
    const began = Date.now();
    const offset = performance.now() - began;
    const later = await accept(3, { schedule: { at: new Date(began + 1_500).toISOString() } });
    const soon = await accept(3, { lane: 'URGENT', schedule: { at: new Date(began + 700).toISOString() } });
    await allLeft([...soon, ...later]);
    expect(Math.min(...timesOf(soon))).toBeGreaterThanOrEqual(began + 699 + offset);
    expect(Math.min(...timesOf(later))).toBeGreaterThanOrEqual(began + 1_499 + offset);
    expect(Math.max(...timesOf(later))).toBeLessThan(began + 4_500 + offset);
  });

  it('of a session that was away go out when it is back', async () => {
    await pace({ mode: 'off' });
    const messages = await accept(20, { schedule: { at: new Date(Date.now() + 50).toISOString() } });
    await database.pool.query('SELECT pg_sleep(0.1)');
    open();
    await allLeft(messages);
    expect(left.size).toBe(20);
  });
});

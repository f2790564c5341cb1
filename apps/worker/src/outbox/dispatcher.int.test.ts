import { randomBytes } from 'node:crypto';
import { type Ownership, placeSession, registerWorker, releaseSession, scaleTiming } from '@wa-gate/cluster';
import type { ChangeRequest, OutboundRequest } from '@wa-gate/contracts';
import type { Pool } from '@wa-gate/db';
import { type Clock, createLogger, newId, systemClock } from '@wa-gate/kit';
import { type AcceptedMessage, acceptChange, acceptMessage, newWaMessageId } from '@wa-gate/messaging';
import { createTestDatabase, seedSession, type TestDatabase, waitFor, workerRegistration } from '@wa-gate/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ChatTimers } from '../chats/chat-timers.ts';
import { buildMessage, encodeMessage, type OutboundContent } from '../content/outbound.ts';
import { KeyedLock } from '../keyed-lock.ts';
import { FakeConnection } from '../testing/fake-connection.ts';
import { recipientNotOnWhatsApp } from '../whatsapp/errors.ts';
import { createKeyWriter, type KeyWriter } from '../whatsapp/key-writer.ts';
import { createChangeWriter } from './change-writer.ts';
import { DEADLINES } from './deadlines.ts';
import { Dispatcher } from './dispatcher.ts';
import { createOutcomeWriter } from './outcome-writer.ts';

/** The lease of the one worker, which nobody renews, outlasts the file. */
const LASTING = scaleTiming(60);

let database: TestDatabase;
let owner: Ownership;
let fake: FakeConnection;
let keys: KeyWriter;
let dispatcher: Dispatcher;
let stuck: Ownership[];
let mayStart: boolean;
let asked: number;
/** Milliseconds by which the clock of the dispatcher is ahead. */
let ahead: number;
let askTimeLock: () => Promise<boolean>;

beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), LASTING);
});
afterAll(() => database?.drop());
beforeEach(async () => {
  const { sessionId } = await seedSession(database.pool, { state: 'CONNECTED' });
  owner = { sessionId, epoch: (await placeSession(database.pool, sessionId))!.epoch };
  stuck = [];
  mayStart = true;
  asked = 0;
  ahead = 0;
  askTimeLock = async () => false;
  keys = createKeyWriter({ pool: database.pool, clock: systemClock });
  fake = newConnection();
  dispatcher = createDispatcher();
});
afterEach(() => dispatcher.stop(0));

/** Texts that begin with `by chance` are built with a secret that nobody can make again, as the key of a file is. */
const isByChance = (request: OutboundRequest): boolean =>
  request.type === 'text' && request.text.startsWith('by chance');
const PARTLY_BY_CHANCE: OutboundContent = {
  build: (request, secret) => buildMessage(request, isByChance(request) ? randomBytes(32) : secret),
  upload: () => undefined,
  isReproducible: (request) => !isByChance(request),
};

const noUploads = {
  upload: async (): Promise<never> => {
    throw new Error('No message here has a file.');
  },
  giveWay: () => undefined,
};

function createDispatcher(pool = database.pool): Dispatcher {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + ahead };
  const writing = {
    pool,
    writeLock: new KeyedLock(),
    clock,
    logger,
    announce: () => undefined,
    onStale: () => undefined,
  };
  const outcomes = createOutcomeWriter(writing);
  const made: Dispatcher = new Dispatcher({
    pool,
    clock,
    logger,
    messageKey: Buffer.alloc(32, 7),
    outcomes,
    changes: createChangeWriter({ ...writing, outcomes }),
    timers: new ChatTimers(pool),
    uploads: noUploads,
    mayStart: () => {
      asked += 1;
      return mayStart;
    },
    onStuck: (who) => stuck.push(who),
    isTimeLocked: () => askTimeLock(),
    onAcknowledged: () => undefined,
    content: PARTLY_BY_CHANCE,
  });
  made.start();
  return made;
}

/** Its ratchet steps write nothing but the acceptance that rides with them. */
function newConnection(writer = keys): FakeConnection {
  const connection = new FakeConnection();
  connection.accept = (acceptance) => writer.write({ owner, upserts: [], deletes: [], acceptance });
  return connection;
}

async function accept(text = 'hello', more: { chatJid?: string; failIfUncertain?: boolean } = {}) {
  const ids = { messageId: newId(), waMessageId: newWaMessageId() };
  const { sessionId } = owner;
  const request = { type: 'text' as const, text };
  await acceptMessage(database.pool, {
    ...ids,
    sessionId,
    chatJid: '1@s.whatsapp.net',
    request,
    ...more,
  });
  dispatcher.notify(sessionId);
  return ids;
}
const open = (connection = fake) => dispatcher.opened(owner, connection);
const acknowledge = (waMessageId: string, error?: string) =>
  dispatcher.acknowledged(owner, { waMessageId, ...(error !== undefined && { error }) });
const acknowledgeAll = () => {
  fake.onRelayed = ({ waMessageId }) => acknowledge(waMessageId);
};
const relayed = (count: number, of = fake) => waitFor(() => of.relayed.length >= count, { what: `${count} relayed` });

async function read(messageId: string) {
  const { rows } = await database.pool.query(
    `SELECT m.state AS message, o.state AS outbox, m.error_code AS error, o.attempts, m.wire_at AS "wireAt", o.payload
     FROM messages m JOIN outbox o ON o.message_id = m.id WHERE m.id = $1`,
    [messageId],
  );
  return rows[0];
}
const becomes = (messageId: string, message: string) =>
  waitFor(
    async () => {
      const row = await read(messageId);
      return row.message === message ? row : false;
    },
    { what: message },
  );
const inOutbox = (messageId: string, outbox: string) =>
  waitFor(async () => (await read(messageId)).outbox === outbox, { what: outbox });

/** Waits that the test ends. */
function gate() {
  let lift: () => void = () => undefined;
  const lifted = new Promise<void>((resolve) => {
    lift = resolve;
  });
  return { lift, wait: () => lifted };
}

describe('without the lease (I3)', () => {
  it('nothing is claimed, and what waits goes when the lease is held again', async () => {
    mayStart = false;
    open();
    const { messageId } = await accept();
    // By the connection, the doorbell, sweeps and a poll.
    await waitFor(() => asked >= 5);
    expect(await read(messageId)).toMatchObject({ outbox: 'QUEUED', attempts: 0 });
    mayStart = true;
    await relayed(1);
  });

  it('nothing is relayed that was claimed before it was lost; it goes back to its place', async () => {
    const { lift, wait } = gate();
    fake.beforeRelay = wait;
    const ids = [await accept('one'), await accept('two')];
    open();
    await inOutbox(ids[0]!.messageId, 'SENDING');
    mayStart = false;
    lift();
    for (const { messageId } of ids) await inOutbox(messageId, 'QUEUED');
    expect(fake.relayed).toEqual([]);
    mayStart = true;
    ahead += 10_000;
    await relayed(2);
    expect(fake.ids).toEqual(ids.map(({ waMessageId }) => waMessageId));
  });
});

describe('draining one session', () => {
  it('waits for what flies, gives back what was not begun, and takes nothing more', async () => {
    const ids = [];
    for (let n = 0; n < 5; n += 1) ids.push(await accept(`text ${n}`));
    const { lift, wait } = gate();
    fake.afterRelay = wait;
    open();
    await relayed(1);
    let isDrained = false;
    const draining = dispatcher.drain(owner, 10_000).then(() => {
      isDrained = true;
    });
    for (const { messageId } of ids.slice(1)) await inOutbox(messageId, 'QUEUED');
    lift();
    expect([(await read(ids[0]!.messageId)).outbox, isDrained]).toEqual(['SENDING', false]);
    acknowledge(ids[0]!.waMessageId);
    await draining;
    await becomes(ids[0]!.messageId, 'SENT');
    dispatcher.notify(owner.sessionId);
    expect(fake.relayed).toHaveLength(1);
    // A new connection begins anew, in order.
    const next = newConnection();
    open(next);
    await relayed(4, next);
    expect(next.ids).toEqual(ids.slice(1).map(({ waMessageId }) => waMessageId));
  });

  it('ends with its time, and what has no word goes back when the connection is closed', async () => {
    const { messageId } = await accept();
    open();
    await relayed(1);
    await dispatcher.drain(owner, 30);
    expect((await read(messageId)).outbox).toBe('SENDING');
    dispatcher.closed(owner);
    await inOutbox(messageId, 'QUEUED');
  });

  it('is done at once for a session without a connection', async () => {
    await dispatcher.drain(owner, 60_000);
  });
});

describe('an offered message', () => {
  const declined: string[] = [];
  beforeEach(() => {
    declined.length = 0;
  });
  function offer(text = 'hello', more: Partial<AcceptedMessage> = {}): AcceptedMessage {
    const message: AcceptedMessage = {
      messageId: newId(),
      waMessageId: newWaMessageId(),
      sessionId: owner.sessionId,
      chatJid: '1@s.whatsapp.net',
      request: { type: 'text', text },
      ...more,
    };
    dispatcher.offer(message, () => declined.push(message.messageId));
    return message;
  }
  /** Open, and everything that waited is claimed. */
  async function openIdle(connection = fake): Promise<void> {
    const { messageId, waMessageId } = await accept('before');
    open(connection);
    await waitFor(() => connection.ids.includes(waMessageId));
    acknowledge(waMessageId);
    await becomes(messageId, 'SENT');
    connection.relayed.splice(0);
  }
  const isDeclined = ({ messageId }: AcceptedMessage) => waitFor(() => declined.includes(messageId));

  it.each([
    ['by chance', 'its bytes'],
    ['by rule', 'what they are made of'],
  ])('%s is in the outbox with %s before it is relayed, and sent when it is acknowledged (I8)', async (text) => {
    await openIdle();
    let before: Awaited<ReturnType<typeof read>>;
    const { messageId, waMessageId } = offer(text);
    fake.onRelayed = () => {
      before = read(messageId);
    };
    await relayed(1);
    const payload = text === 'by chance' ? encodeMessage(fake.relayed[0]!.message) : null;
    expect(await before).toMatchObject({ outbox: 'SENDING', attempts: 1, payload, message: 'QUEUED' });
    acknowledge(waMessageId);
    expect(await becomes(messageId, 'SENT')).toMatchObject({ payload, wireAt: expect.any(Date), attempts: 1 });
    expect(declined).toEqual([]);
  });

  it.each([
    ['without a connection', () => undefined],
    ['without the lease (I3)', () => (mayStart = false)],
    ['while the session drains', () => dispatcher.drain(owner, 0)],
    ['while a doorbell has not been answered', () => dispatcher.notify(owner.sessionId)],
    [
      'to somebody whom WhatsApp must be asked for',
      async () => void fake.strangers.set('1@s.whatsapp.net', async () => ''),
    ],
  ])('is declined %s', async (what, make) => {
    if (what !== 'without a connection') await openIdle();
    void make();
    const message = offer();
    await isDeclined(message);
    mayStart = true;
    expect([await read(message.messageId), fake.relayed]).toEqual([undefined, []]);
  });

  it.each(['120363400000000000@newsletter', 'status@broadcast'])(
    'to %s is declined: it takes no ratchet step that could accept it',
    async (chatJid) => {
      await openIdle();
      const message = offer('hello', { chatJid });
      await isDeclined(message);
      expect([await read(message.messageId), fake.relayed]).toEqual([undefined, []]);
    },
  );

  it('is declined behind a row whose doorbell was lost, and never overtakes it', async () => {
    await openIdle();
    acknowledgeAll();
    const first = { messageId: newId(), waMessageId: newWaMessageId(), sessionId: owner.sessionId };
    const request = { type: 'text', text: 'first' } as const;
    await acceptMessage(database.pool, { ...first, chatJid: '1@s.whatsapp.net', request });
    const second = offer('second');
    await isDeclined(second);
    expect(fake.ids).toEqual([]);
    await acceptMessage(database.pool, second);
    dispatcher.notify(owner.sessionId);
    await becomes(second.messageId, 'SENT');
    expect(fake.ids).toEqual([first.waMessageId, second.waMessageId]);
  });

  it('waits for those before it, in order', async () => {
    await openIdle();
    acknowledgeAll();
    const messages = Array.from({ length: 10 }, (_, n) => offer(`text ${n}`));
    for (const { messageId } of messages) await becomes(messageId, 'SENT');
    expect(fake.ids).toEqual(messages.map(({ waMessageId }) => waMessageId));
  });

  it('is declined when a doorbell comes while it waits: rows of the outbox do not starve', async () => {
    await openIdle();
    acknowledgeAll();
    const { lift, wait } = gate();
    fake.afterRelay = wait;
    const first = offer('first');
    await relayed(1);
    const third = offer('third');
    const second = await accept('second');
    lift();
    await isDeclined(third);
    await becomes(second.messageId, 'SENT');
    expect(fake.ids).toEqual([first.waMessageId, second.waMessageId]);
  });

  it('is declined, with nothing stored, when the connection ends before it is accepted', async () => {
    await openIdle();
    const { lift, wait } = gate();
    fake.beforeRelay = wait;
    const [first, second] = [offer('first'), offer('second')];
    await waitFor(() => asked > 0);
    dispatcher.closed(owner);
    await isDeclined(second);
    lift();
    await isDeclined(first);
    expect([await read(first.messageId), await read(second.messageId), fake.ids]).toEqual([undefined, undefined, []]);
  });

  it('goes out again under its id when the connection ends after it was accepted', async () => {
    await openIdle();
    const message = offer('again');
    await relayed(1);
    const next = newConnection();
    open(next);
    await relayed(1, next);
    expect(next.ids).toEqual([message.waMessageId]);
    expect(encodeMessage(next.relayed[0]!.message)).toEqual(encodeMessage(fake.relayed[0]!.message));
    acknowledge(message.waMessageId);
    expect(await becomes(message.messageId, 'SENT')).toMatchObject({ attempts: 2 });
  });

  it('is unknown then, when its caller wants no second attempt', async () => {
    await openIdle();
    const message = offer('careful', { failIfUncertain: true });
    await relayed(1);
    open(newConnection());
    expect(await becomes(message.messageId, 'UNKNOWN')).toMatchObject({ error: 'SEND_UNCERTAIN' });
  });

  it('that its gateway has withdrawn is not accepted', async () => {
    await openIdle();
    const { lift, wait } = gate();
    fake.beforeRelay = wait;
    const [first, second] = [offer('first'), offer('second')];
    dispatcher.withdraw(second);
    dispatcher.withdraw(first);
    lift();
    await isDeclined(first);
    expect([await read(first.messageId), await read(second.messageId), fake.ids]).toEqual([undefined, undefined, []]);
  });

  it('whose acceptance PostgreSQL has stored without an answer is found in the outbox, and goes out', async () => {
    await openIdle();
    const query = async (statement: string): Promise<never> => {
      await database.pool.query(statement);
      throw new Error('Connection terminated unexpectedly');
    };
    const broken = newConnection(createKeyWriter({ pool: { query } as unknown as Pool, clock: systemClock }));
    fake.accept = broken.accept;
    const message = offer('lost and found');
    await isDeclined(message);
    expect([(await read(message.messageId)).outbox, fake.ids]).toEqual(['SENDING', []]);
    // The gateway finds it accepted.
    expect(await acceptMessage(database.pool, message)).toEqual({ outcome: 'accepted' });
    const next = newConnection();
    open(next);
    await relayed(1, next);
    expect(next.ids).toEqual([message.waMessageId]);
    acknowledge(message.waMessageId);
    await becomes(message.messageId, 'SENT');
  });
});

describe('when the connection ends before the acknowledgement (I8)', () => {
  it('the same bytes go out again under the same id', async () => {
    const { messageId, waMessageId } = await accept('again');
    open();
    await relayed(1);
    const next = newConnection();
    open(next);
    await relayed(1, next);
    expect(next.ids).toEqual([waMessageId]);
    expect(encodeMessage(next.relayed[0]!.message)).toEqual(encodeMessage(fake.relayed[0]!.message));
    acknowledge(waMessageId);
    const row = await becomes(messageId, 'SENT');
    expect(row).toMatchObject({ attempts: 2, wireAt: expect.any(Date) });
    // Nothing but the request is stored, and a phone that asks again gets the same.
    expect(row.payload).toBeNull();
    const repeated = await dispatcher.sentMessage(owner, waMessageId);
    expect(encodeMessage(repeated!)).toEqual(encodeMessage(fake.relayed[0]!.message));
  });

  it('a message with onUncertain "fail" is unknown, and never relayed again', async () => {
    const careful = await accept('careful', { failIfUncertain: true });
    const other = await accept('other');
    open();
    await relayed(2);
    const next = newConnection();
    open(next);
    const row = await becomes(careful.messageId, 'UNKNOWN');
    expect(row).toMatchObject({ outbox: 'UNKNOWN', error: 'SEND_UNCERTAIN' });
    await relayed(1, next);
    expect(next.ids).toEqual([other.waMessageId]);
    // Its phone tells after all.
    dispatcher.receipts(owner, [{ waMessageId: careful.waMessageId, state: 'DELIVERED', at: new Date() }]);
    await becomes(careful.messageId, 'DELIVERED');
  });

  it('but goes out when it had not been given to Baileys yet', async () => {
    const { lift, wait } = gate();
    fake.beforeRelay = wait;
    const { messageId, waMessageId } = await accept('careful', { failIfUncertain: true });
    open();
    await inOutbox(messageId, 'SENDING');
    const next = newConnection();
    open(next);
    await relayed(1, next);
    expect(next.ids).toEqual([waMessageId]);
    // The old connection comes too late.
    lift();
    acknowledge(waMessageId);
    await becomes(messageId, 'SENT');
    expect(fake.relayed).toEqual([]);
  });

  it('is unknown when the owner before has left it in the middle; what was only claimed with it goes out', async () => {
    const { wait } = gate();
    const careful = await accept('careful', { failIfUncertain: true });
    const other = await accept('other', { failIfUncertain: true });
    fake.afterRelay = wait;
    open();
    await relayed(1);
    await inOutbox(other.messageId, 'SENDING');
    // The process is gone: nothing gives anything back.
    await releaseSession(database.pool, owner.sessionId, 'test');
    const before = dispatcher;
    owner = { ...owner, epoch: (await placeSession(database.pool, owner.sessionId))!.epoch };
    dispatcher = createDispatcher();
    const next = newConnection();
    open(next);
    await relayed(1, next);
    expect(next.ids).toEqual([other.waMessageId]);
    await becomes(careful.messageId, 'UNKNOWN');
    await before.stop(0);
  });
});

describe('a step that takes too long ends the connection', () => {
  it.each([
    ['preparing', 'beforeRelay', DEADLINES.prepareMs],
    ['relaying', 'afterRelay', DEADLINES.relayMs],
  ] as const)('%s', async (_step, where, deadline) => {
    const { lift, wait } = gate();
    fake[where] = wait;
    const { messageId } = await accept();
    open();
    await inOutbox(messageId, 'SENDING');
    if (where === 'afterRelay') await relayed(1);
    expect(stuck).toEqual([]);
    ahead += deadline + 1;
    await waitFor(() => stuck.length > 0);
    expect(stuck[0]).toEqual(owner);
    lift();
  });

  it('the acknowledgement, also while others are sent', async () => {
    const first = await accept('never acknowledged');
    open();
    await relayed(1);
    acknowledgeAll();
    ahead += DEADLINES.ackMs + 1;
    await becomes((await accept('next')).messageId, 'SENT');
    await waitFor(() => stuck.length > 0);
    expect((await read(first.messageId)).message).toBe('QUEUED');
  });
});

it('after a time-lock nothing is claimed until it is written, and then only what begins no chat', async () => {
  const stranger = '2@s.whatsapp.net';
  const known = await accept('known');
  open();
  await relayed(1);
  acknowledge(known.waMessageId);
  await becomes(known.messageId, 'SENT');

  const { lift, wait } = gate();
  askTimeLock = async () => {
    await wait();
    const sql = `UPDATE sessions SET reachout_locked_until = now() + interval '1 hour' WHERE id = $1`;
    await database.pool.query(sql, [owner.sessionId]);
    return true;
  };
  const refused = await accept('refused', { chatJid: stranger });
  await relayed(2);
  acknowledge(refused.waMessageId, '463');
  const [held, free] = [await accept('held', { chatJid: stranger }).catch(() => null), await accept('free')];
  expect(fake.relayed).toHaveLength(2);
  lift();
  expect(await becomes(refused.messageId, 'FAILED')).toMatchObject({ error: 'WA_REACHOUT_TIMELOCK' });
  await relayed(3);
  expect(fake.ids.at(-1)).toBe(free.waMessageId);
  expect((await read(held!.messageId)).outbox).toBe('QUEUED');
});

it('a failed attempt keeps its place, and is given up after the last one', async () => {
  fake.beforeRelay = () => Promise.reject(new Error('not now'));
  const [first, second] = [await accept('first'), await accept('second')];
  open();
  for (let attempt = 1; attempt < 3; attempt += 1) {
    await waitFor(async () => {
      // More, when the next poll was quicker than this look.
      const { outbox, attempts } = await read(first.messageId);
      return outbox !== 'SENDING' && attempts >= attempt;
    });
    ahead += 3_000;
    dispatcher.notify(owner.sessionId);
  }
  expect(await becomes(first.messageId, 'FAILED')).toMatchObject({ error: 'SEND_FAILED', attempts: 3 });
  fake.beforeRelay = async () => undefined;
  ahead += 3_000;
  dispatcher.notify(owner.sessionId);
  await relayed(1);
  expect(fake.ids).toEqual([second.waMessageId]);
});

it('a message that cannot be built fails, and holds up no other', async () => {
  const [broken, next] = [await accept('broken'), await accept('next')];
  await database.pool.query(`UPDATE outbox SET payload = '\\xff' WHERE message_id = $1`, [broken.messageId]);
  open();
  expect(await becomes(broken.messageId, 'FAILED')).toMatchObject({ error: 'SEND_FAILED' });
  await relayed(1);
  expect(fake.ids).toEqual([next.waMessageId]);
});

/**
 * The connection of a process to its database, which a kill ends: what was asked before may have been done, what is
 * asked after never comes.
 */
describe('bytes that cannot be made again (I8)', () => {
  it('are stored before they are sent, and are those of every retry receipt', async () => {
    acknowledgeAll();
    const held = gate();
    fake.beforeRelay = held.wait;
    open();
    const { messageId, waMessageId } = await accept('by chance');
    const row = await waitFor(
      async () => {
        const found = await read(messageId);
        return found.payload ? found : false;
      },
      { what: 'stored bytes' },
    );
    expect(row).toMatchObject({ message: 'QUEUED', outbox: 'SENDING' });
    held.lift();
    await becomes(messageId, 'SENT');
    expect(encodeMessage(fake.relayed[0]!.message)).toEqual(row.payload);
    expect(encodeMessage((await dispatcher.sentMessage(owner, waMessageId))!)).toEqual(row.payload);
    await database.pool.query('UPDATE outbox SET payload = NULL WHERE message_id = $1', [messageId]);
    expect(await dispatcher.sentMessage(owner, waMessageId)).toBeUndefined();
  });

  it('are not sent by an owner that may not store them: it is another one by now (I2)', async () => {
    const held = gate();
    const { pool } = database;
    const asked: string[] = [];
    const query = async (statement: { name: string }) => {
      asked.push(statement.name);
      if (statement.name === 'store-payload') await held.wait();
      return pool.query(statement as never);
    };
    const stale = createDispatcher({ query } as unknown as Pool);
    const { messageId } = await accept('by chance');
    stale.opened(owner, fake);
    await inOutbox(messageId, 'SENDING');
    await releaseSession(pool, owner.sessionId, 'test');
    held.lift();
    // It gives back what it could not store, which is not its own any more either.
    await waitFor(() => asked.includes('return-outbox'));
    await stale.stop(0);
    expect(fake.ids).toEqual([]);
    expect(await read(messageId)).toMatchObject({ outbox: 'SENDING', payload: null });
  });

  it('cost a text nothing: its statements are the claim and the outcome', async () => {
    const asked: string[] = [];
    const query = (statement: { name: string }) => {
      asked.push(statement.name);
      return database.pool.query(statement as never);
    };
    const counting = createDispatcher({ query } as unknown as Pool);
    acknowledgeAll();
    fake.onRelayed = ({ waMessageId }) => counting.acknowledged(owner, { waMessageId });
    counting.opened(owner, fake);
    const send = async () => {
      const { messageId } = await accept();
      counting.notify(owner.sessionId);
      await becomes(messageId, 'SENT');
    };
    // The first message of a session reads the timers of its chats, for all that follow.
    await send();
    expect(asked.filter((name) => name === 'read-chat-timers')).toHaveLength(1);
    asked.length = 0;
    await send();
    await counting.stop(0);
    // The poll of the outbox is no statement of a message.
    const ofMessage = asked.filter((name) => name !== 'inspect-outbox');
    expect([...new Set(ofMessage)].sort()).toEqual(['claim-outbox', 'record-outcomes']);
  });
});

function mortalPool(end: { statement: string; when: 'before' | 'after' } | null) {
  const never = new Promise<never>(() => undefined);
  const life = { isOver: false };
  const query = async (asked: { name: string; text: string; values: unknown[] }): Promise<unknown> => {
    const isLast = asked.name === end?.statement;
    if (isLast && end?.when === 'before') life.isOver = true;
    if (life.isOver) return never;
    const answer = await database.pool.query(asked);
    if (isLast && answer.rowCount) life.isOver = true;
    return life.isOver ? never : answer;
  };
  return { life, pool: { query } as unknown as Pool };
}

describe('I8 the process is killed between any two steps of a send, and another owner goes on', () => {
  const CLAIM = 'claim-outbox';
  const RECORD = 'record-outcomes';
  const BEGIN = 'begin-attempt';
  const STORE = 'store-payload';

  it.each([
    { step: 'before the claim', end: { statement: CLAIM, when: 'before' }, leaves: 0, again: true },
    { step: 'after the claim', end: { statement: CLAIM, when: 'after' }, leaves: 0, again: true },
    { step: 'before the relay', end: null, holds: 'beforeRelay', leaves: 0, again: true },
    { step: 'after the relay', end: null, holds: 'afterRelay', leaves: 1, again: true },
    { step: 'after the word of the server', end: { statement: RECORD, when: 'before' }, leaves: 1, again: true },
    { step: 'after its outcome', end: { statement: RECORD, when: 'after' }, leaves: 1, again: false },
    { step: 'careful, before the attempt is noted', end: { statement: BEGIN, when: 'before' }, leaves: 0, again: true },
    { step: 'careful, after it is noted', end: { statement: BEGIN, when: 'after' }, leaves: 0, again: false },
    {
      step: 'by chance, before its bytes are stored',
      end: { statement: STORE, when: 'before' },
      leaves: 0,
      again: true,
    },
    { step: 'by chance, after they are stored', end: { statement: STORE, when: 'after' }, leaves: 0, again: true },
    { step: 'by chance, before the relay', end: null, holds: 'beforeRelay', leaves: 0, again: true },
    { step: 'by chance, after the relay', end: null, holds: 'afterRelay', leaves: 1, again: true },
    {
      step: 'by chance, after the word of the server',
      end: { statement: RECORD, when: 'before' },
      leaves: 1,
      again: true,
    },
  ] as const)('$step', async ({ step, end, leaves, again, ...more }) => {
    const failIfUncertain = step.startsWith('careful');
    const { life, pool } = mortalPool(end);
    const killed = createDispatcher(pool);
    const first = await accept(step.startsWith('by chance') ? 'by chance' : 'first', { failIfUncertain });
    fake.onRelayed = ({ waMessageId }) => end && killed.acknowledged(owner, { waMessageId });
    const held = gate();
    let isHeld = false;
    if ('holds' in more) {
      fake[more.holds] = () => {
        isHeld = true;
        return held.wait();
      };
    }
    killed.opened(owner, fake);
    await waitFor(() => life.isOver || isHeld, { what: step });
    life.isOver = true;
    const { payload: stored } = await read(first.messageId);

    await releaseSession(database.pool, owner.sessionId, 'test');
    owner = { ...owner, epoch: (await placeSession(database.pool, owner.sessionId))!.epoch };
    const second = await accept('second');
    const before = fake;
    fake = newConnection();
    acknowledgeAll();
    open();
    await becomes(second.messageId, 'SENT');
    await becomes(first.messageId, failIfUncertain && !again ? 'UNKNOWN' : 'SENT');

    expect(before.ids).toEqual(leaves ? [first.waMessageId] : []);
    expect(fake.ids).toEqual(again ? [first.waMessageId, second.waMessageId] : [second.waMessageId]);
    if (leaves && again)
      expect(encodeMessage(fake.relayed[0]!.message)).toEqual(encodeMessage(before.relayed[0]!.message));
    if (again && stored) expect(encodeMessage(fake.relayed[0]!.message)).toEqual(stored);
    expect(stored !== null).toBe(step.startsWith('by chance') && step !== 'by chance, before its bytes are stored');
  });
});

describe('a recipient that WhatsApp must be asked for (MR-156)', () => {
  const STRANGER = '525512345678@s.whatsapp.net';
  const ACCOUNT = '5215512345678@s.whatsapp.net';
  const chatOf = async (messageId: string) => {
    const { rows } = await database.pool.query(
      `SELECT m.chat_jid AS message, o.chat_jid AS outbox, k.chat_jid AS key
       FROM messages m JOIN outbox o ON o.message_id = m.id JOIN message_keys k ON k.message_id = m.id WHERE m.id = $1`,
      [messageId],
    );
    return rows[0];
  };

  it('keeps nobody else waiting, and its messages keep their order', async () => {
    const answer = gate();
    fake.strangers.set(STRANGER, async () => {
      await answer.wait();
      fake.strangers.clear();
      return STRANGER;
    });
    acknowledgeAll();
    const first = await accept('first', { chatJid: STRANGER });
    const other = await accept('to a friend');
    const second = await accept('second', { chatJid: STRANGER });
    open();
    await becomes(other.messageId, 'SENT');
    expect(fake.ids).toEqual([other.waMessageId]);
    answer.lift();
    await becomes(second.messageId, 'SENT');
    expect(fake.ids).toEqual([other.waMessageId, first.waMessageId, second.waMessageId]);
  });

  it('is the chat under the name that WhatsApp answers with', async () => {
    fake.strangers.set(STRANGER, async () => ACCOUNT);
    acknowledgeAll();
    const { messageId } = await accept('hello', { chatJid: STRANGER });
    open();
    await becomes(messageId, 'SENT');
    expect(fake.relayed.map(({ chatJid }) => chatJid)).toEqual([ACCOUNT]);
    expect(await chatOf(messageId)).toEqual({ message: ACCOUNT, outbox: ACCOUNT, key: ACCOUNT });
  });

  it('that is not on WhatsApp fails with a sentence, with all that waited for the answer', async () => {
    fake.strangers.set(STRANGER, async () => {
      throw recipientNotOnWhatsApp();
    });
    const messages = [await accept('one', { chatJid: STRANGER }), await accept('two', { chatJid: STRANGER })];
    open();
    for (const { messageId } of messages)
      expect(await becomes(messageId, 'FAILED')).toMatchObject({ error: 'RECIPIENT_NOT_ON_WHATSAPP' });
    expect(fake.relayed).toEqual([]);
  });

  it('waits in the outbox when the connection ends before the answer, and is asked for again', async () => {
    fake.strangers.set(STRANGER, () => new Promise(() => undefined));
    const { messageId } = await accept('hello', { chatJid: STRANGER });
    open();
    await inOutbox(messageId, 'SENDING');
    dispatcher.closed(owner);
    await inOutbox(messageId, 'QUEUED');
    fake = newConnection();
    acknowledgeAll();
    open();
    expect(await becomes(messageId, 'SENT')).toMatchObject({ attempts: 1 });
  });
});

describe('a change of a message (MR-130)', () => {
  const EDIT: ChangeRequest = { type: 'change', change: 'edit', data: { type: 'text', text: 'second' } };

  async function change(messageId: string, request: ChangeRequest = EDIT) {
    const ids = { changeId: newId(), waMessageId: newWaMessageId() };
    const accepted = await acceptChange(database.pool, { ...ids, sessionId: owner.sessionId, messageId, request });
    dispatcher.notify(owner.sessionId);
    return { ...ids, accepted };
  }
  const readChange = async (changeId: string) => {
    const { rows } = await database.pool.query(
      `SELECT c.state, c.is_current AS "isCurrent", c.error_code AS error, o.state AS outbox, o.attempts FROM message_changes c
       JOIN outbox o ON o.message_id = c.id WHERE c.id = $1`,
      [changeId],
    );
    return rows[0];
  };
  const changeBecomes = (changeId: string, state: string) =>
    waitFor(
      async () => {
        const row = await readChange(changeId);
        return row.state === state ? row : false;
      },
      { what: `the change to be ${state}` },
    );
  const events = async (type: string) => {
    const { rows } = await database.pool.query('SELECT data FROM events WHERE session_id = $1 AND type = $2', [
      owner.sessionId,
      type,
    ]);
    return rows.map(({ data }) => data as Record<string, unknown>);
  };
  async function sent(text?: string) {
    const ids = await accept(text);
    await waitFor(() => fake.ids.includes(ids.waMessageId));
    acknowledge(ids.waMessageId);
    await becomes(ids.messageId, 'SENT');
    return ids;
  }

  it('follows its message, counts with the acknowledgement, and is told once, as by the API', async () => {
    const { messageId, waMessageId } = await accept();
    const { changeId, waMessageId: id } = await change(messageId);
    open();
    await relayed(2);
    expect(fake.ids).toEqual([waMessageId, id]);
    expect(fake.relayed[1]).toMatchObject({
      chatJid: '1@s.whatsapp.net',
      message: {
        protocolMessage: { key: { id: waMessageId, fromMe: true }, editedMessage: { conversation: 'second' } },
      },
    });
    expect(await readChange(changeId)).toMatchObject({ state: 'QUEUED', outbox: 'SENDING', isCurrent: false });
    acknowledge(waMessageId);
    acknowledge(id);
    expect(await changeBecomes(changeId, 'SENT')).toMatchObject({ outbox: 'SENT', isCurrent: true });
    acknowledge(id);
    expect(await events('message.edited')).toMatchObject([
      { messageId, changeId: id, text: 'second', fromMe: true, source: 'api' },
    ]);
    const { rows } = await database.pool.query('SELECT text, edited_at FROM messages WHERE id = $1', [messageId]);
    expect(rows).toMatchObject([{ text: 'second', edited_at: expect.any(Date) }]);
  });

  it('is sent again under its id and with its bytes when the connection ends before the acknowledgement', async () => {
    open();
    const { messageId } = await sent();
    const { changeId, waMessageId } = await change(messageId);
    await relayed(2);
    dispatcher.closed(owner);
    await waitFor(async () => (await readChange(changeId)).outbox === 'QUEUED');
    const next = newConnection();
    open(next);
    await relayed(1, next);
    expect(next.relayed[0]).toEqual(fake.relayed[1]);
    acknowledge(waMessageId);
    await changeBecomes(changeId, 'SENT');
    expect(await events('message.edited')).toHaveLength(1);
  });

  it('fails with the code of the server, and leaves the message as it is', async () => {
    open();
    const { messageId } = await sent();
    const { changeId, waMessageId } = await change(messageId, { type: 'change', change: 'revoke', data: {} });
    await relayed(2);
    acknowledge(waMessageId, '403');
    expect(await changeBecomes(changeId, 'FAILED')).toMatchObject({ error: 'WA_NOT_ALLOWED', outbox: 'FAILED' });
    expect(await events('message.revoked')).toEqual([]);
    const { rows } = await database.pool.query('SELECT text FROM messages WHERE id = $1', [messageId]);
    expect(rows).toEqual([{ text: 'hello' }]);
  });

  it('fails when its message was deleted, or could not be sent, before its turn came', async () => {
    open();
    const { messageId } = await sent();
    dispatcher.closed(owner);
    const late = await change(messageId);
    await database.pool.query('UPDATE messages SET revoked_at = now() WHERE id = $1', [messageId]);
    const unsent = await accept('refused');
    const follower = await change(unsent.messageId);
    fake.onRelayed = ({ waMessageId }) => {
      if (waMessageId === unsent.waMessageId) acknowledge(waMessageId, '404');
    };
    fake.afterRelay = async () => void (await becomes(unsent.messageId, 'FAILED'));
    open();
    expect(await changeBecomes(late.changeId, 'FAILED')).toMatchObject({ error: 'MESSAGE_DELETED' });
    expect(await changeBecomes(follower.changeId, 'FAILED')).toMatchObject({ error: 'MESSAGE_NOT_SENT' });
    expect(fake.ids).not.toContain(late.waMessageId);
  });

  it('of a caption whose file is not known cannot be built: it fails, and what comes after it goes', async () => {
    open();
    const { messageId } = await sent();
    await database.pool.query(`UPDATE messages SET kind = 'image' WHERE id = $1`, [messageId]);
    const { changeId } = await change(messageId);
    expect(await changeBecomes(changeId, 'FAILED')).toMatchObject({ error: 'CHANGE_NOT_POSSIBLE' });
    await sent('after it');
  });
});

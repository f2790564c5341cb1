import { createPool, type Queryable } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { type AcceptedMessage, hashRequest, newWaMessageId } from '@wa-gate/messaging';
import { createTestDatabase, freePort, type SeededSession, seedSession, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAccepting } from './accepting.ts';

let database: TestDatabase;
let session: SeededSession;
/** The names of the statements that were asked for. */
let asked: string[];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  session = await seedSession(database.pool, { state: 'CONNECTED' });
  asked = [];
});

/** Runs statements on the pool and notes their names. */
const notingOn = (pool: Queryable): Queryable => ({
  query: ((...args: unknown[]) => {
    asked.push((args[0] as { name: string }).name);
    return pool.query(...(args as [string]));
  }) as unknown as Queryable['query'],
});

const message = (more: Partial<AcceptedMessage> = {}): AcceptedMessage => ({
  messageId: newId(),
  waMessageId: newWaMessageId(),
  sessionId: session.sessionId,
  chatJid: '15550001@s.whatsapp.net',
  request: { type: 'text', text: 'hello' },
  ...more,
});
const keyed = (key: string, text = 'hello') => ({ key, requestHash: hashRequest({ text }) });
const stored = async () =>
  (
    await database.pool.query<{ id: string }>(
      'SELECT message_id AS id FROM outbox WHERE session_id = $1 ORDER BY seq',
      [session.sessionId],
    )
  ).rows.map(({ id }) => id);

describe('accepting the messages of many callers (I8)', () => {
  it('takes one that comes alone at once, by the statement for one', async () => {
    const accepting = createAccepting(notingOn(database.pool));
    const first = message();
    expect(await accepting.accept(first)).toEqual({ outcome: 'accepted' });
    expect(await stored()).toEqual([first.messageId]);
    expect(asked).toEqual(['accept-message']);
  });

  it('takes what comes together, and what comes while statements run, in few statements and in its order', async () => {
    const accepting = createAccepting(notingOn(database.pool));
    const messages = Array.from({ length: 60 }, () => message());
    const some = messages.slice(0, 20).map((each) => accepting.accept(each));
    await new Promise((resolve) => setImmediate(resolve));
    const more = messages.slice(20).map((each) => accepting.accept(each));
    const outcomes = await Promise.all([...some, ...more]);
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['accepted']));
    expect(new Set(await stored())).toEqual(new Set(messages.map(({ messageId }) => messageId)));
    expect((await stored()).filter((id) => messages.slice(0, 20).some(({ messageId }) => messageId === id))).toEqual(
      messages.slice(0, 20).map(({ messageId }) => messageId),
    );
    expect(asked).toEqual(['accept-messages', 'accept-messages']);
  });

  it('tells each what became of it: a session that refuses, a key in use, another request under it', async () => {
    const accepting = createAccepting(notingOn(database.pool));
    const other = await seedSession(database.pool, { state: 'LOGGED_OUT' });
    const earlier = message({ idempotency: keyed('a') });
    await accepting.accept(earlier);
    const outcomes = await Promise.all(
      [
        message(),
        message({ sessionId: other.sessionId }),
        message({ sessionId: newId() }),
        message({ idempotency: keyed('a') }),
        message({ idempotency: keyed('a', 'other') }),
        message({ idempotency: keyed('b') }),
      ].map((each) => accepting.accept(each)),
    );
    const used = { outcome: 'used', messageIds: [earlier.messageId] };
    expect(outcomes).toEqual([
      { outcome: 'accepted' },
      { outcome: 'logged-out' },
      { outcome: 'unknown-session' },
      { ...used, isSameRequest: true },
      { ...used, isSameRequest: false },
      { outcome: 'accepted' },
    ]);
  });

  it('refuses what cannot be stored alone: the others of its statement are accepted', async () => {
    const accepting = createAccepting(notingOn(database.pool));
    const spoiled = message({ metadata: { text: 'a\u0000b' } });
    const others = [message(), message()];
    const outcomes = await Promise.allSettled([others[0]!, spoiled, others[1]!].map((each) => accepting.accept(each)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { code: '22P05' } });
    expect(new Set(await stored())).toEqual(new Set(others.map(({ messageId }) => messageId)));
  });

  it('lets a statement that waits for a lock keep nobody else waiting', async () => {
    const accepting = createAccepting(notingOn(database.pool));
    const locked = await seedSession(database.pool, { state: 'CONNECTED' });
    const client = await database.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('SELECT FROM sessions WHERE id = $1 FOR UPDATE', [locked.sessionId]);
      // As many as there are statements in flight.
      const waiting: Promise<unknown>[] = [];
      for (let n = 1; n <= 2; n += 1) {
        waiting.push(accepting.accept(message({ sessionId: locked.sessionId })));
        await expect.poll(() => asked.length).toBe(n);
      }
      expect(await accepting.accept(message())).toEqual({ outcome: 'accepted' });
      await client.query('COMMIT');
      expect(await Promise.all(waiting)).toEqual([{ outcome: 'accepted' }, { outcome: 'accepted' }]);
    } finally {
      client.release();
    }
  });

  it('tells all of a statement that PostgreSQL is away, and asks once', async () => {
    const away = createPool({ url: `postgres://nobody@127.0.0.1:${await freePort()}/none`, name: 'test' });
    const accepting = createAccepting(notingOn(away));
    const outcomes = await Promise.allSettled([message(), message()].map((each) => accepting.accept(each)));
    await away.end();
    expect(outcomes).toMatchObject([{ reason: { code: 'ECONNREFUSED' } }, { reason: { code: 'ECONNREFUSED' } }]);
    expect(asked).toEqual(['accept-messages']);
  });
});

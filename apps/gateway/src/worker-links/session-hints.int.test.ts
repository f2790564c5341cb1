import { createLogger, createRedis, type Redis, redisKeys } from '@wa-gate/kit';
import { publishHints, type SessionHint } from '@wa-gate/messaging';
import { createFaultProxy, type FaultProxy, testRedisUrl, waitFor } from '@wa-gate/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSessionHints, type SessionHints } from './session-hints.ts';
import { createSubscriptions } from './subscriptions.ts';

const KEEP_MS = 200;
const logger = createLogger({ service: 'gateway', level: 'silent' });

/** Redis as the gateway reaches it. */
let redisLine: FaultProxy;
let publisher: Redis;
let subscriber: Redis;
let hints: SessionHints;
/** The worker that hosts the session and has a stream. */
let owner: string | undefined;
let ofStream: { hints: (hints: readonly SessionHint[]) => void; lost: (workerId: string) => void };

beforeEach(async () => {
  redisLine = await createFaultProxy(testRedisUrl());
  publisher = createRedis({ url: testRedisUrl(), logger, name: 'test' });
  subscriber = createRedis({ url: redisLine.url, logger, name: 'test-subscriber' });
  await Promise.all([publisher.connect(), subscriber.connect()]);
  owner = undefined;
  ofStream = { hints: () => undefined, lost: () => undefined };
  hints = createSessionHints({
    doorbells: { ownerWithStream: async () => owner },
    streams: {
      onHints: (listener) => {
        ofStream.hints = listener;
      },
      onLost: (listener) => {
        ofStream.lost = listener;
      },
    },
    subscriptions: createSubscriptions(subscriber),
    logger,
    keepMs: KEEP_MS,
  });
});
afterEach(async () => {
  publisher.disconnect();
  subscriber.disconnect();
  await redisLine.close();
});

const hint = (sessionId: string, seq: number): SessionHint => ({ sessionId, seq, messages: [] });

/** A listener, and what it was told: the seq of hints, and `lost`. */
async function listen(sessionId: string) {
  const told: (number | 'lost')[] = [];
  const subscription = await hints.listen(sessionId, {
    onHint: ({ seq }) => told.push(seq),
    onLost: () => told.push('lost'),
  });
  return { told, subscription };
}
const subscribers = async (sessionId: string) => (await publisher.pubsub('NUMSUB', redisKeys.events(sessionId)))[1];

describe('with a stream to the owner', () => {
  beforeEach(() => {
    owner = 'w1';
  });

  it('hints of a session reach its listeners and no others, until they close', async () => {
    const [a, again, b] = [await listen('a'), await listen('a'), await listen('b')];
    ofStream.hints([hint('a', 1), hint('b', 2)]);
    a.subscription.close();
    ofStream.hints([hint('a', 3)]);
    expect([a.told, again.told, b.told]).toEqual([[1], [1, 3], [2]]);
    expect([a, again, b].map(({ subscription }) => subscription.source)).toEqual(['stream', 'stream', 'stream']);
  });

  it('I10 Redis has no subscription', async () => {
    await listen('streamed');
    expect(await subscribers('streamed')).toBe(0);
  });

  it('its end is told to the listeners that relied on it', async () => {
    const a = await listen('a');
    owner = 'w2';
    const b = await listen('b');
    ofStream.lost('w1');
    expect([a.told, b.told]).toEqual([['lost'], []]);
    expect([a.subscription.source, b.subscription.source]).toEqual(['none', 'stream']);
  });
});

describe('without a stream', () => {
  it('hints come over Redis', async () => {
    const { told, subscription } = await listen('a');
    publishHints(publisher, [hint('b', 1), hint('a', 2)]);
    await waitFor(() => told.length > 0);
    expect([told, subscription.source]).toEqual([[2], 'redis']);
  });

  it('a stream that opens later is heard too', async () => {
    const { told } = await listen('a');
    ofStream.hints([hint('a', 1)]);
    expect(told).toEqual([1]);
  });

  it('a Redis that has gone silent costs a moment, and there is no source', async () => {
    redisLine.set('stall');
    expect((await listen('a')).subscription.source).toBe('none');
  });

  it('the end of the connection is told, and listening anew finds Redis when it is back', async () => {
    const { told, subscription } = await listen('a');
    redisLine.set('refuse');
    await waitFor(() => told.length > 0);
    expect([told, subscription.source]).toEqual([['lost'], 'none']);
    expect((await listen('a')).subscription.source).toBe('none');
    redisLine.set('forward');
    await waitFor(async () => (await listen('a')).subscription.source === 'redis');
  });

  it('a channel lasts as long as it has listeners, and some time after the last one', async () => {
    const [long, short] = [await listen('kept'), await listen('kept')];
    short.subscription.close();
    await new Promise((resolve) => setTimeout(resolve, 3 * KEEP_MS));
    expect(await subscribers('kept')).toBe(1);
    long.subscription.close();
    expect(await subscribers('kept')).toBe(1);
    await waitFor(async () => (await subscribers('kept')) === 0);
    expect(long.told).toEqual([]);
  });
});

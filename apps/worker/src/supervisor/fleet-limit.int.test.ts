import { createLogger, createRedis, type Redis } from '@wa-gate/kit';
import { createFaultProxy, createTestRedis, type FaultProxy, testRedisUrl } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { createFleetLimit } from './fleet-limit.ts';

const logger = createLogger({ service: 'test', level: 'silent' });

let redis: Redis;
let line: FaultProxy;
let behindLine: Redis;
beforeAll(async () => {
  redis = await createTestRedis();
  line = await createFaultProxy(testRedisUrl());
  behindLine = createRedis({ url: line.url, logger, name: 'fleet limit' });
  await behindLine.connect();
});
beforeEach(() => redis.flushdb());
afterAll(async () => {
  behindLine?.disconnect();
  redis?.disconnect();
  await line?.close();
});

it('all workers of a network together start no more in a second than its limit; the next second they go on', async () => {
  const clock = new FakeClock();
  const worker = (name = 'live') => createFleetLimit({ redis, name, perSecond: 5, clock, logger });
  const [one, two] = [worker(), worker()];
  expect([await one(3), await two(4), await one(1)]).toEqual([3, 2, 0]);
  expect(await worker('sandbox')(4)).toBe(4);
  await clock.advance(1_000);
  expect(await two(9)).toBe(5);
});

it('I10 a Redis that is silent holds nobody back, and is not waited for twice', async () => {
  const clock = new FakeClock();
  const limit = createFleetLimit({ redis: behindLine, name: 'live', perSecond: 5, clock, logger });
  line.set('stall');
  const asked = limit(8);
  await clock.advance(50);
  expect(await asked).toBe(8);
  // Answered at once: the clock stands still.
  expect(await limit(8)).toBe(8);
});

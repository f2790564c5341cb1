import { createFaultProxy, type FaultProxy, testRedisUrl, waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGatewayFixture, type GatewayFixture, type TestUser } from '../../testing/gateway-fixture.ts';
import { otherwiseFor } from '../../testing/timing.ts';

/** A revocation is in force everywhere within a second. */
const BOUND_MS = 1_000;

let redisLine: FaultProxy;
let here: GatewayFixture;
let there: GatewayFixture;
let user: TestUser;
beforeAll(async () => {
  redisLine = await createFaultProxy(testRedisUrl());
  here = await createGatewayFixture({}, { redis: redisLine.url });
  there = await createGatewayFixture({}, { redis: redisLine.url, beside: here, cutsDatabase: true });
  await here.startWorker('worker-001');
  user = await here.register();
});
afterAll(async () => {
  await there?.close();
  await here?.close();
  await redisLine?.close();
});

const statusThere = async (as: string): Promise<number> => (await there.call('GET', '/api/sessions', { as })).status;

/**
 * Lets the other gateway cache the key, makes a change here, and returns for how long the other one still accepted the
 * key.
 */
async function refusedAfter(key: string, change: () => Promise<{ status: number }>): Promise<number> {
  for (let time = 0; time < 3; time += 1) expect(await statusThere(key)).toBe(200);
  expect((await change()).status).toBeLessThan(300);
  return otherwiseFor(async () => (await statusThere(key)) === 401);
}

async function newKey(): Promise<{ id: string; token: string }> {
  const { body } = await here.call('POST', '/api/keys', { as: user.token, body: { name: 'Test' } });
  return { id: body.data.key.id, token: body.data.apiKey };
}

describe.each(['there', 'cut', 'silent'] as const)(
  'with Redis %s, a gateway hears within a second of what another one did (MR-053, MR-149)',
  (redis) => {
    beforeAll(() => redisLine.set(redis === 'there' ? 'forward' : redis === 'cut' ? 'refuse' : 'stall'));
    afterAll(() => redisLine.set('forward'));

    it('a revoked key', async () => {
      const { id, token } = await newKey();
      const ms = await refusedAfter(token, () => here.call('DELETE', `/api/keys/${id}`, { as: user.token }));
      process.stdout.write(`Redis ${redis}: revoked key taken by the other gateway for ${ms.toFixed(0)} ms\n`);
      expect(ms).toBeLessThan(BOUND_MS);
    });

    it('a key rotated without overlap', async () => {
      const { id, token } = await newKey();
      const ms = await refusedAfter(token, () =>
        here.call('POST', `/api/keys/${id}/rotate`, { as: user.token, body: { overlapSeconds: 0 } }),
      );
      expect(ms).toBeLessThan(BOUND_MS);
    });

    it('the key of a deleted session', async () => {
      const session = await here.createSession(user);
      const ms = await refusedAfter(session.key, () =>
        here.call('DELETE', `/api/sessions/${session.slug}`, { as: user.token }),
      );
      expect(ms).toBeLessThan(BOUND_MS);
    });
  },
);

it('a gateway that cannot hear of revocations asks PostgreSQL each time, and takes nothing from memory', async () => {
  const { id, token } = await newKey();
  expect(await statusThere(token)).toBe(200);
  // The other gateway loses PostgreSQL: after a second it does not use its memory, so it refuses the key.
  there.databaseLine.set('refuse');
  await here.call('DELETE', `/api/keys/${id}`, { as: user.token });
  const revokedAt = performance.now();
  await waitFor(async () => (await statusThere(token)) === 503 && performance.now() - revokedAt > BOUND_MS);
  there.databaseLine.set('forward');
  const statuses = new Set<number>();
  await waitFor(async () => {
    statuses.add(await statusThere(token));
    return statuses.has(401);
  });
  expect(statuses).not.toContain(200);
});

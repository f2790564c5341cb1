import { createFaultProxy, type FaultProxy, testRedisUrl, waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGatewayFixture, type GatewayFixture } from '../../testing/gateway-fixture.ts';

let line: FaultProxy;
let fixture: GatewayFixture;
let admin: string;

beforeAll(async () => {
  line = await createFaultProxy(testRedisUrl());
  fixture = await createGatewayFixture({ TRUST_PROXY: 'true' }, { redis: line.url, rateLimits: 'default' });
  admin = await fixture.adminToken();
  // Another gateway that answers, and one that was there yesterday.
  await fixture.database.pool.query(
    `INSERT INTO gateway_replicas (id, seen_at) VALUES (gen_random_uuid(), now() + interval '1 hour'),
       (gen_random_uuid(), now() - interval '1 day')`,
  );
});
afterAll(async () => {
  await fixture?.close();
  await line?.close();
});

const set = (max: number) =>
  fixture.call('PUT', '/api/admin/rate-limits/ip', { as: admin, body: { max, windowSeconds: 900 } });
const ask = (address = '10.0.0.1') => fixture.call('GET', '/api/tiers', { headers: { 'x-forwarded-for': address } });
/** By the policy: how many this gateway allows. */
const allowed = async () => Number.parseInt(String((await ask()).headers['ratelimit-limit']), 10);

it('gives each gateway a fair share while Redis is away, and is never open (MR-095)', { timeout: 60_000 }, async () => {
  await set(40);
  await waitFor(async () => (await allowed()) === 40, { timeoutMs: 15_000 });
  line.set('refuse');
  // Which gateways there are is known after a look at PostgreSQL.
  await waitFor(async () => (await allowed()) === 20, { timeoutMs: 15_000 });
  const statuses = [];
  for (let index = 0; index < 30; index += 1) statuses.push((await ask('10.0.0.2')).status);
  expect(statuses).toEqual([...Array(20).fill(200), ...Array(10).fill(429)]);
  const refused = await ask('10.0.0.2');
  expect(refused.body.error).toMatch(/at most 20 in 15 minutes/);
  expect(refused.headers['ratelimit-policy']).toBe('20;w=900;name="ip"');
  line.set('forward');
  await waitFor(async () => (await allowed()) === 40, { timeoutMs: 15_000 });
});

it('does not wait long for a Redis that says nothing', { timeout: 60_000 }, async () => {
  await set(1_000_000);
  await waitFor(async () => (await allowed()) === 1_000_000, { timeoutMs: 15_000 });
  line.set('stall');
  const begun = performance.now();
  for (let index = 0; index < 400; index += 1) expect((await ask()).status).toBe(200);
  // The first three wait 50 ms each, then Redis is tried once a second. If every request waited, it would be 20 s.
  expect(performance.now() - begun).toBeLessThan(15_000);
  expect(await allowed()).toBe(500_000);
  line.set('forward');
  await waitFor(async () => (await allowed()) === 1_000_000, { timeoutMs: 15_000 });
});

it('loses no hit for usage while Redis is away', { timeout: 60_000 }, async () => {
  const { token, email } = await fixture.register();
  const hits = async () => {
    const { rows } = await fixture.database.pool.query<{ hits: number }>(
      `SELECT coalesce(sum(r.usage_count), 0)::int AS hits FROM users u LEFT JOIN usage_records r ON r.user_id = u.id WHERE u.email = $1`,
      [email],
    );
    return rows[0]!.hits;
  };
  line.set('refuse');
  // Until the connection is known to be lost, a request may have arrived there.
  await waitFor(async () => (await allowed()) === 500_000, { timeoutMs: 15_000 });
  for (let index = 0; index < 7; index += 1) await fixture.call('GET', '/api/sessions', { as: token });
  await waitFor(async () => (await hits()) === 7, { timeoutMs: 20_000 });
  line.set('forward');
});

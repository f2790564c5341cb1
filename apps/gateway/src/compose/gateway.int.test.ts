import { LIMITS } from '@wa-gate/contracts';
import { claimOutbox, recordOutcomes } from '@wa-gate/messaging';
import { createFaultProxy, testRedisUrl, waitFor } from '@wa-gate/testkit';
import { expect, it } from 'vitest';
import { createGatewayFixture, type GatewayFixture, type TestSession } from '../testing/gateway-fixture.ts';

const text = { to: '6281234567890', message: 'hello' };

async function connectedSession(fixture: GatewayFixture): Promise<TestSession> {
  await fixture.startWorker('worker-1');
  const session = await fixture.createSession(await fixture.register());
  await fixture.setState(session, 'CONNECTED');
  return session;
}

const send = (fixture: GatewayFixture, session: TestSession) =>
  fixture.call('POST', `/api/sessions/${session.slug}/send?timeoutMs=${LIMITS.waitMaxMs}`, {
    as: session.key,
    body: text,
  });

it('stopping answers those who wait with what is true now, and ends within the grace', async () => {
  const fixture = await createGatewayFixture();
  const session = await connectedSession(fixture);
  fixture.gateway.start();
  const waiting = send(fixture, session);
  await waitFor(async () => (await fixture.database.pool.query('SELECT 1 FROM outbox')).rowCount);
  const begun = performance.now();
  await fixture.gateway.stop();
  expect(performance.now() - begun).toBeLessThan(LIMITS.waitMaxMs / 2);
  const { status, body } = await waiting;
  expect([status, body.data.status]).toEqual([202, 'queued']);
  await fixture.close();
});

it('a gateway that starts without Redis does everything, and uses Redis when it comes', async () => {
  const redis = await createFaultProxy(testRedisUrl());
  redis.set('refuse');
  const fixture = await createGatewayFixture({}, { redis: redis.url });
  const session = await connectedSession(fixture);
  fixture.gateway.start();
  const answer = send(fixture, session);
  const owner = { sessionId: session.id, epoch: 1 };
  const item = await waitFor(async () => (await claimOutbox(fixture.database.pool, [owner], 1))[0]);
  await recordOutcomes(fixture.database.pool, [
    { ...owner, waMessageId: item.waMessageId, state: 'SENT', at: new Date() },
  ]);
  expect((await answer).body.data.status).toBe('sent');
  expect((await fixture.call('GET', '/health')).body).toMatchObject({
    status: 'degraded',
    services: { redis: 'disconnected', queue: 'stopped', database: 'connected', whatsapp: 'connected' },
  });
  redis.set('forward');
  await waitFor(async () => (await fixture.call('GET', '/api/health')).body.status === 'healthy');
  await fixture.close();
  await redis.close();
});

it('a process that only runs jobs has probes and metrics, and no API', async () => {
  const fixture = await createGatewayFixture({ ROLE: 'jobs' });
  expect((await fixture.call('GET', '/livez')).body).toEqual({ status: 'ok' });
  expect((await fixture.call('GET', '/readyz')).status).toBe(200);
  expect((await fixture.call('GET', '/api/sessions')).body.code).toBe('ROUTE_NOT_FOUND');
  await fixture.close();
});

it('metrics count requests by route and show what waits (MR-125)', async () => {
  const fixture = await createGatewayFixture();
  const session = await connectedSession(fixture);
  await fixture.call('POST', `/api/sessions/${session.slug}/send?wait=queued`, { as: session.key, body: text });
  const { body } = await fixture.call('GET', '/metrics');
  expect(body).toContain('wag_queue_depth{queue="message-queue",service="gateway"} 1');
  expect(body).toContain('wag_queue_depth{queue="webhook-queue",service="gateway"} 0');
  expect(body).toMatch(
    /wag_http_request_duration_seconds_count\{.*route="\/api\/sessions\/:id\/send",status="202"\} 1/,
  );
  expect(body).not.toContain(session.slug);
  await fixture.close();
});

it('metrics are not there where ENABLE_METRICS says so (MR-125)', async () => {
  const fixture = await createGatewayFixture({ ENABLE_METRICS: 'false' });
  expect((await fixture.call('GET', '/metrics')).status).toBe(404);
  expect((await fixture.call('GET', '/health')).status).toBe(200);
  await fixture.close();
});

import { LIMITS } from '@wa-gate/contracts';
import { metricsFrom } from '@wa-gate/kit';
import { claimOutbox, recordOutcomes } from '@wa-gate/messaging';
import { createFaultProxy, testRedisUrl, waitFor } from '@wa-gate/testkit';
import { expect, it } from 'vitest';
import {
  createGatewayFixture,
  type GatewayFixture,
  METRICS_TOKEN,
  type TestSession,
} from '../testing/gateway-fixture.ts';

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
  const { body } = await fixture.call('GET', '/metrics', { as: METRICS_TOKEN });
  expect(body).toContain('wag_queue_depth{queue="message-queue",service="gateway"} 1');
  expect(body).toContain('wag_queue_depth{queue="webhook-queue",service="gateway"} 0');
  expect(body).toMatch(/wag_http_requests_total\{method="POST",route="\/api\/sessions\/:id\/send",status="202",.*\} 1/);
  expect(body).toMatch(/wag_http_request_duration_seconds_count\{.*class="send".*\} 1/);
  expect(body).toMatch(/wag_messages_accepted_total\{kind="text",by="gateway",.*\} 1/);
  expect(body).not.toContain(session.slug);
  await fixture.close();
});

it.each([
  ['api', ['gateway']],
  ['jobs', ['gateway', 'jobs']],
  ['all', ['gateway', 'jobs']],
] as const)(
  'a process with the role %s serves the metrics of the registry that belong to it (MR-125)',
  async (ROLE, from) => {
    const fixture = await createGatewayFixture({ ROLE });
    const { body } = await fixture.call('GET', '/metrics', { as: METRICS_TOKEN });
    const served = [...String(body).matchAll(/^# TYPE (wag_\w+) /gm)].map(([, name]) => name);
    expect(served.sort()).toEqual(
      metricsFrom(...from)
        .filter((name) => name !== 'wag_system_log_lines_total') // of the starter of the process
        .sort(),
    );
    await fixture.close();
  },
);

it('metrics of a database that is silent are left out, in time for the scrape (MR-125)', async () => {
  const fixture = await createGatewayFixture({}, { cutsDatabase: true });
  fixture.databaseLine.set('stall');
  const begun = performance.now();
  const { status, body } = await fixture.call('GET', '/metrics', { as: METRICS_TOKEN });
  expect(status).toBe(200);
  expect(performance.now() - begun).toBeLessThan(8_000);
  expect(body).toContain('wag_postgres_up{service="gateway"} 0');
  for (const name of ['wag_queue_depth', 'wag_autoscaling_sessions', 'wag_postgres_database_bytes']) {
    expect(body).toContain(`# TYPE ${name} gauge`);
    expect(body).not.toMatch(new RegExp(`^${name}[ {]`, 'm'));
  }
  fixture.databaseLine.set('forward');
  await fixture.close();
});

it('without a port of their own and without a token, metrics are refused with what to set (MR-125)', async () => {
  const fixture = await createGatewayFixture({ METRICS_TOKEN: '' });
  const { status, body } = await fixture.call('GET', '/metrics', { as: METRICS_TOKEN });
  expect([status, body]).toEqual([401, expect.stringMatching(/METRICS_PORT.*METRICS_TOKEN/)]);
  await fixture.close();
});

it('figures of PostgreSQL and of what is stored are its own (MR-125)', async () => {
  const fixture = await createGatewayFixture();
  const session = await connectedSession(fixture);
  const { body } = await fixture.call('GET', '/metrics', { as: METRICS_TOKEN });
  const value = (series: string) => Number(new RegExp(`^${series} (\\S+)$`, 'm').exec(String(body))?.[1]);
  const { rows } = await fixture.database.pool.query('SELECT pg_database_size(current_database()) AS size');
  expect(value('wag_postgres_up\\{service="gateway"\\}')).toBe(1);
  expect(value('wag_postgres_database_bytes\\{service="gateway"\\}') / rows[0].size).toBeCloseTo(1, 1);
  expect(value('wag_postgres_transactions_total\\{outcome="committed",service="gateway"\\}')).toBeGreaterThan(0);
  expect(value('wag_postgres_table_bytes\\{table="sessions",service="gateway"\\}')).toBeGreaterThan(8_000);
  expect(body).toContain('wag_stored_sessions{network="sandbox",state="connected",service="gateway"} 1');
  expect(body).not.toContain(session.slug);
  await fixture.close();
});

it('metrics are not there where ENABLE_METRICS says so (MR-125)', async () => {
  const fixture = await createGatewayFixture({ ENABLE_METRICS: 'false' });
  expect((await fixture.call('GET', '/metrics', { as: METRICS_TOKEN })).status).toBe(404);
  expect((await fixture.call('GET', '/health')).status).toBe(200);
  await fixture.close();
});

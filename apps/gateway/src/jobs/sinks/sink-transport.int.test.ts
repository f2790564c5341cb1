import { EVENTS } from '@wa-gate/contracts';
import { createInstruments, createLogger, createSecretBox, systemClock } from '@wa-gate/kit';
import { findViolations } from '@wa-gate/messaging';
import { createFaultProxy, type FaultProxy, testRedisUrl, waitFor } from '@wa-gate/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createJobsMetrics } from '../../metrics/index.ts';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import { createWebhookDeliverer } from '../webhooks/index.ts';
import { createSinkClient, createSinkTransport } from './index.ts';

const STREAM = 'events-of-deliveries';
const fixture = useGateway({ WEBHOOK_ALLOW_PRIVATE: 'true' });
let user: TestUser;
let session: TestSession;
let line: FaultProxy;
let deliverer: ReturnType<typeof createWebhookDeliverer>;

beforeEach(async () => {
  user = await fixture.register();
  await fixture.startWorker('worker-1');
  line = await createFaultProxy(testRedisUrl());
  session = await fixture.createSession(user);
  await fixture.redis.del(STREAM);
  const { pool } = fixture.database;
  const logger = createLogger({ service: 'test', level: 'silent' });
  const secrets = createSecretBox([fixture.masterKey], 'webhook-secrets');
  const metrics = createJobsMetrics(createInstruments({ service: 'test', version: '1' }), pool);
  const client = createSinkClient({ allowPrivate: true, clock: systemClock, metrics: metrics.sinks, logger });
  const transports = { redis: createSinkTransport({ client, secrets, clock: systemClock }) };
  deliverer = createWebhookDeliverer(
    { pool, transports, clock: systemClock, metrics, logger },
    { sweepEveryMs: 200, tickEveryMs: 200 },
  );
  deliverer.start();
});
afterEach(async () => {
  await deliverer?.stop();
  await line?.close();
});

const status = { type: 'session.status', data: EVENTS['session.status'].example } as const;
const append = async (count: number) => {
  for (let index = 0; index < count; index += 1) await fixture.appendEvent(session, status);
};
const seqsInStream = async () =>
  (await fixture.redis.xrange(STREAM, '-', '+')).map(([, fields]) => Number(fields[fields.indexOf('seq') + 1]));

it('events of a workspace wait for a broker that is away, and come in order when it is back (MR-045)', async () => {
  const body = { type: 'redis', url: line.url, stream: STREAM, events: ['session.status'] };
  const made = (await fixture.call('POST', '/api/webhooks', { as: user.token, body })).body.data.webhook;
  const get = async () => (await fixture.call('GET', `/api/webhooks/${made.id}`, { as: user.token })).body.data.webhook;
  await append(3);
  await waitFor(async () => (await seqsInStream()).length === 3, { what: 'the first events' });

  line.shut();
  await append(20);
  const down = await waitFor(
    async () => {
      const now = await get();
      return now.state === 'down' && now.backlog.count === 20 ? now : undefined;
    },
    { what: 'the endpoint to be down, with all events waiting' },
  );
  expect(down.lastError).toMatch(/^Redis at 127\.0\.0\.1:\d+ cannot be reached/);

  await line.open();
  await waitFor(async () => (await seqsInStream()).length === 23, { what: 'all events' });
  const seqs = await seqsInStream();
  expect(seqs).toEqual([...seqs].sort((one, other) => one - other));
  expect(new Set(seqs).size).toBe(23);
  await waitFor(async () => (await get()).state === 'active', { what: 'the endpoint to be active again' });
  expect(await findViolations(fixture.database.pool)).toEqual([]);
});

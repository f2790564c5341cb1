import { createLogger, createRedis, newId, type Redis, redisKeys } from '@wa-gate/kit';
import { createFaultProxy, type FaultProxy, testRedisUrl, waitFor } from '@wa-gate/testkit';
import { Queue } from 'bullmq';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createWebhookDoorbell, QUEUE_NAMES, type WebhookDoorbell } from './queues.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
let proxy: FaultProxy;
let doorbell: WebhookDoorbell;
let queue: Queue;
let connection: Redis;

beforeEach(async () => {
  proxy = await createFaultProxy(testRedisUrl());
  doorbell = createWebhookDoorbell({ redisUrl: proxy.url, logger });
  connection = createRedis({ url: testRedisUrl(), logger, name: 'test', blocking: true });
  queue = new Queue(QUEUE_NAMES.webhooks, { connection, prefix: redisKeys.bullPrefix });
});
afterEach(async () => {
  await doorbell.close();
  await queue.close();
  connection.disconnect();
  await proxy.close();
});

const isNotified = async (webhookId: string) =>
  (await queue.getJobs(['waiting', 'active', 'delayed', 'completed'])).some(({ data }) => data.webhookId === webhookId);

it('the first notification reaches the queue, however many there are of one endpoint (MR-099)', async () => {
  const webhookId = newId();
  for (let n = 0; n < 100; n += 1) doorbell.notify(webhookId);
  await waitFor(() => isNotified(webhookId));
  const its = (await queue.getJobs(['waiting'])).filter(({ data }) => data.webhookId === webhookId);
  expect(its).toHaveLength(1);
});

it.each(['refuse', 'stall'] as const)(
  'Redis that was never there (%s): nothing waits for ever, and what is told when it comes arrives',
  async (mode) => {
    proxy.set(mode);
    const [early, late] = [newId(), newId()];
    const begun = performance.now();
    doorbell.notify(early);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(performance.now() - begun).toBeLessThan(2_000);
    proxy.set('forward');
    doorbell.notify(late);
    await waitFor(() => isNotified(late), { timeoutMs: 10_000 });
    await waitFor(() => isNotified(early));
  },
);

it('Redis that was never there does not keep a process from ending', async () => {
  proxy.set('refuse');
  doorbell.notify(newId());
  const begun = performance.now();
  await doorbell.close();
  expect(performance.now() - begun).toBeLessThan(3_000);
});

it('Redis that goes away and comes back takes notifications again', async () => {
  const [before, after] = [newId(), newId()];
  doorbell.notify(before);
  await waitFor(() => isNotified(before));
  proxy.set('refuse');
  for (let n = 0; n < 50; n += 1) doorbell.notify(newId());
  proxy.set('forward');
  await waitFor(
    () => {
      doorbell.notify(after);
      return isNotified(after);
    },
    { timeoutMs: 15_000 },
  );
});

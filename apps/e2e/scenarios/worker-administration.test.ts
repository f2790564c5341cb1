import { beforeAll, expect, test } from 'vitest';
import type { GatewayClient } from '../harness/gateway-client.ts';
import {
  addPhone,
  type PairedSession,
  pairSession,
  registerTenant,
  type Tenant,
  waitForStatus,
} from '../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';

const system = useSystem({ workers: 2 });
let admin: GatewayClient;
let tenant: Tenant;
let session: PairedSession;
/** The worker that hosts the session, and the other one. */
let host: string;
let other: string;

beforeAll(async () => {
  const { email, password } = system().admin;
  admin = system().gateway.as((await system().gateway.login(email, password)).token);
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  const all = await workers();
  host = all.find(({ sessionCount }) => sessionCount === 1)!.id;
  other = all.find(({ id }) => id !== host)!.id;
});

const workers = async () => (await admin.wa.workers.list()).workers;
const worker = (id: string) => admin.wa.workers.get({ id });
const processOf = (id: string) => system().workers.find(({ name }) => id.startsWith(`${name}-`))!;

test('all workers are asked at once, and each answers for itself (MR-028)', async () => {
  const { succeeded, failed, results } = await admin.wa.fleet.operate({ body: { operation: 'stats' } });
  expect([succeeded, failed]).toEqual([2, 0]);
  const ofHost = results.find(({ workerId }) => workerId === host);
  expect(ofHost?.stats).toMatchObject({ placed: 1, actors: 1, states: { connected: 1 } });
  expect(ofHost?.stats?.rssBytes).toBeGreaterThan(10_000_000);
  for (const operation of ['ping', 'converge'] as const) {
    const answer = await admin.wa.fleet.operate({ body: { operation } });
    expect(answer.succeeded).toBe(2);
  }
});

test('heartbeats bring real figures (MR-018, MR-121, MR-122)', async () => {
  const figures = await waitFor(
    async () => {
      const metrics = await admin.wa.workers.metricsOfOne({ id: host, range: '1h' });
      return (metrics.avgCpu ?? 0) > 0 ? metrics : undefined;
    },
    { what: 'a heartbeat that tells of work' },
  );
  expect(figures.samples.length).toBeGreaterThan(0);
  expect(figures.avgMemory).toBeGreaterThan(0);
});

const statsOf = async (id: string) => {
  const { results } = await admin.wa.fleet.operate({ body: { operation: 'stats' } });
  return results.find(({ workerId }) => workerId === id)?.stats;
};
const hasCounted = (id: string, messages: number) =>
  waitFor(async () => ((await statsOf(id))?.messageCount ?? 0) >= messages, { what: `${messages} messages of ${id}` });

test('a worker counts its messages on over a restart and a crash, and one that came back is in the system log (MR-018, MR-134)', async () => {
  const { number } = await addPhone(system());
  for (let message = 0; message < 3; message += 1) {
    await tenant.api.wa.session(session.sessionId).sendText(number, `message ${message}`, { wait: 'sent' });
  }
  await hasCounted(host, 3);
  const before = (await statsOf(host))!.messageCount;
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await system().restart(processOf(host).name, signal);
    await hasCounted(host, before);
  }
  const told = await waitFor(
    async () => {
      const { logs } = await admin.wa.systemLogs.list({ worker: host, level: 'warn' });
      return logs.find(({ message }) => /a worker process has died|registers again without a goodbye/.test(message));
    },
    { what: 'the death in the system log' },
  );
  expect(told.details).toMatchObject({ incarnation: expect.any(Number) });
  // The session has moved to the other worker meanwhile.
  const all = await waitFor(async () => {
    const now = await workers();
    return now.some(({ sessionCount }) => sessionCount === 1) && now;
  });
  host = all.find(({ sessionCount }) => sessionCount === 1)!.id;
  other = all.find(({ id }) => id !== host)!.id;
  await waitForStatus(tenant.api, session.sessionId, 'connected');
});

test('maintenance moves the session away and lasts over a restart of the worker (MR-020)', async () => {
  await admin.wa.workers.maintenance({ id: host });
  await waitFor(async () => (await worker(other)).sessionCount === 1, { what: 'the session to move' });
  await waitForStatus(tenant.api, session.sessionId, 'connected');
  await system().restart(processOf(host).name);
  await waitFor(async () => (await worker(host)).lastHeartbeat !== null);
  expect(await worker(host)).toMatchObject({ status: 'maintenance', state: 'maintenance', sessionCount: 0 });
  const ended = await admin.wa.workers.endMaintenance({ id: host });
  expect(ended).toMatchObject({ status: 'online', state: 'ready' });
});

test('a worker that is removed hands its session over, and its process may not come back (MR-019)', async () => {
  const removed = await admin.wa.workers.remove({ id: other });
  expect(removed).toEqual({ workerId: other, removed: true, movedSessions: 1, waitingSessions: 0 });
  expect((await workers()).map(({ id }) => id)).toEqual([host]);
  await waitForStatus(tenant.api, session.sessionId, 'connected');
  const { log, url } = processOf(other);
  await waitFor(async () => (await log.everything()).includes('An administrator has removed this worker'), {
    what: 'the process to be refused',
  });
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  expect((await workers()).map(({ id }) => id)).toEqual([host]);
  const refusals = async () => (await log.everything()).split('An administrator has removed this worker').length;
  const asked = await refusals();
  // Longer than the longest pause between two attempts of a worker that is refused for another reason.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  expect(await refusals()).toBe(asked);
});

test('the last worker is not removed while it has sessions (MR-019)', async () => {
  const refused = await admin.call(`/api/admin/workers/${host}`, { method: 'DELETE' });
  expect(refused).toMatchObject({ status: 409, body: { code: 'WORKER_NOT_EMPTY', retryable: true } });
  expect(await worker(host)).toMatchObject({ state: 'ready', sessionCount: 1 });
});

test('added by its endpoint alone, the process that runs there is back, as in the brief (MR-016)', async () => {
  const endpoint = processOf(other).url;
  const json = { endpoint, maxSessions: 20 };
  const added = await admin.wa.workers.add({ body: json });
  expect(added).toMatchObject({ workerId: other, endpoint, status: 'online', maxSessions: 20 });
});

expectSoundSystem(system);

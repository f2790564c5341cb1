import {
  type ClusterTiming,
  createRouteTable,
  DEFAULT_TIMING,
  endLease,
  registerWorker,
  setWorkerAdminState,
} from '@wa-gate/cluster';
import { createLogger, type Redis, systemClock } from '@wa-gate/kit';
import {
  createTestDatabase,
  createTestRedis,
  seedSession,
  type TestDatabase,
  waitFor,
  workerRegistration,
} from '@wa-gate/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createGatewayMetrics, type GatewayMetrics } from '../metrics/index.ts';
import { createRevocations } from '../revocations/revocations.ts';
import type { EvidenceListener } from './control-streams.ts';
import { createPlacementService } from './placement.ts';
import { createReconciler, type Reconciler } from './reconciler.ts';

/** Rounds begin by notifications only. */
const NEVER = 3_600_000;

let database: TestDatabase;
let redis: Redis;
let metrics: GatewayMetrics;
let notified: string[];
/** Says that a process life is over, as the control streams do. */
let onEvidence: EvidenceListener;
const streams = {
  onEvidence(listener: EvidenceListener) {
    onEvidence = listener;
  },
};
let told: string[];
const running: Reconciler[] = [];

beforeEach(async () => {
  database = await createTestDatabase({ max: 20 });
  redis = await createTestRedis();
  metrics = createGatewayMetrics(database.pool);
  notified = [];
  told = [];
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((reconciler) => reconciler.stop()));
  redis.disconnect();
  await database.drop();
});

function startReconciler(reconcileEveryMs: number): Reconciler {
  const logger = createLogger({
    service: 'test',
    level: 'info',
    destination: { write: (line: string) => void told.push(JSON.parse(line).msg) },
  });
  const routes = createRouteTable({ db: database.pool, redis, logger });
  const timing: ClusterTiming = { ...DEFAULT_TIMING, reconcileEveryMs };
  const placement = createPlacementService({
    pool: database.pool,
    revocations: createRevocations({ pool: database.pool, watchPool: database.pool, logger }),
    routes,
    strategy: 'least-loaded',
    timing,
    doorbells: { notifyWorker: (workerId) => void notified.push(workerId) },
  });
  const reconciler = createReconciler({ placement, streams, clock: systemClock, logger, metrics, timing });
  running.push(reconciler);
  reconciler.start();
  return reconciler;
}

async function register(id: string, maxSessions = 50): Promise<void> {
  await registerWorker(database.pool, workerRegistration(id, { maxSessions }), DEFAULT_TIMING);
  // Nobody renews it here, and a busy machine takes longer for a test than a lease lasts.
  await database.pool.query(`UPDATE worker_leases SET expires_at = now() + interval '1 hour' WHERE worker_id = $1`, [
    id,
  ]);
}
const seed = (count: number) => Promise.all(Array.from({ length: count }, () => seedSession(database.pool)));
async function placements() {
  const { rows } = await database.pool.query<{ worker_id: string | null; epoch: number; state: string }>(
    'SELECT worker_id, epoch, state FROM session_placements ORDER BY session_id',
  );
  return rows;
}
const allOn =
  (...workers: (string | null)[]) =>
  async () =>
    (await placements()).every(({ worker_id }) => workers.includes(worker_id));
const metricOf = async (name: string, labels: Record<string, string>) => {
  const metric = await metrics.instruments.registry.getSingleMetric(name)?.get();
  return metric?.values.find((value) => Object.entries(labels).every(([key, label]) => value.labels[key] === label))
    ?.value;
};

it('I1 places what waits when notified, each session once, however many reconcile (MR-170)', async () => {
  await seed(5);
  const reconcilers = [startReconciler(NEVER), startReconciler(NEVER), startReconciler(NEVER)];
  await register('w1');
  for (const reconciler of reconcilers) reconciler.notify();
  await waitFor(allOn('w1'));
  expect((await placements()).map(({ epoch }) => epoch)).toEqual([1, 1, 1, 1, 1]);
  expect(notified.length).toBeGreaterThan(0);
  expect(new Set(notified)).toEqual(new Set(['w1']));
});

it('I1 takes over the sessions of a worker that is gone, notifies the workers that got them, and counts why (MR-169)', async () => {
  await register('w1');
  await seed(50);
  const reconciler = startReconciler(NEVER);
  await waitFor(allOn('w1'));
  await Promise.all([register('w2'), register('w3')]);
  await endLease(database.pool, { workerId: 'w1', incarnation: 1 }, 'connection refused');
  reconciler.notify();
  await waitFor(allOn('w2', 'w3'));
  expect((await placements()).every(({ epoch, state }) => epoch === 2 && state === 'ASSIGNED')).toBe(true);
  await waitFor(() => notified.includes('w2') && notified.includes('w3'));
  await waitFor(async () => (await metricOf('wag_takeovers_total', { cause: 'connection refused' })) === 50);
});

it('begins a round when evidence ends a lease, and counts that death once (MR-169)', async () => {
  await register('w1');
  await seed(1);
  startReconciler(NEVER);
  await waitFor(allOn('w1'));
  await register('w2');
  const target = { workerId: 'w1', endpoint: 'http://127.0.0.1:1', incarnation: 1 };
  onEvidence(target, 'goodbye', await endLease(database.pool, target, 'goodbye'));
  await waitFor(allOn('w2'));
  onEvidence(target, 'goodbye', await endLease(database.pool, target, 'goodbye'));
  expect(await metricOf('wag_worker_deaths_total', { evidence: 'goodbye' })).toBe(1);
});

it('finds by itself that a lease has expired', async () => {
  await register('w1');
  await seed(1);
  startReconciler(20);
  await waitFor(allOn('w1'));
  await register('w2');
  await database.pool.query(`UPDATE worker_leases SET expires_at = now() - interval '1 minute' WHERE worker_id = 'w1'`);
  await waitFor(allOn('w2'));
});

it('does not stop at a batch, and gets what somebody had locked', { timeout: 90_000 }, async () => {
  const [first] = await seed(450);
  await register('w1', 1_000);
  const holder = await database.pool.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT 1 FROM session_placements WHERE session_id = $1 FOR SHARE', [first!.sessionId]);
  startReconciler(NEVER);
  const placed = async () => (await placements()).filter(({ worker_id }) => worker_id === 'w1').length;
  await waitFor(async () => (await placed()) === 449, { timeoutMs: 60_000 });
  await holder.query('COMMIT');
  holder.release();
  await waitFor(allOn('w1'));
});

it('a worker gets the sessions of one that is gone in turns, by itself: more than it can start would wait for it', async () => {
  await register('w1', 200);
  await seed(160);
  startReconciler(1_000);
  await waitFor(allOn('w1'));
  await register('w2', 200);
  await endLease(database.pool, { workerId: 'w1', incarnation: 1 }, 'connection refused');
  await waitFor(allOn('w2'));
  const { rows } = await database.pool.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM session_placements GROUP BY changed_at ORDER BY changed_at',
  );
  expect(rows.map(({ count }) => count)).toEqual([75, 75, 10]);
  await waitFor(async () => (await metricOf('wag_takeovers_total', { cause: 'connection refused' })) === 160);
});

it('asks a draining worker for its sessions, and notifies it', async () => {
  await register('w1');
  await seed(3);
  const reconciler = startReconciler(NEVER);
  await waitFor(allOn('w1'));
  await register('w2');
  await setWorkerAdminState(database.pool, 'w1', 'DRAINING');
  notified.length = 0;
  reconciler.notify();
  await waitFor(async () => (await placements()).every(({ state }) => state === 'RELEASING'));
  await waitFor(() => notified.includes('w1'));
  await waitFor(async () => (await metricOf('wag_placement_moves_asked_total', { reason: 'drain' })) === 3);
});

it('says once that the storm brake holds, and once that it lets go', async () => {
  await Promise.all(['w1', 'w2', 'w3', 'w4'].map((id) => register(id)));
  await seed(8);
  startReconciler(10);
  await waitFor(allOn('w1', 'w2', 'w3', 'w4'));
  const lapse = (ms: number) =>
    database.pool.query(
      `UPDATE worker_leases SET expires_at = now() - $1 * interval '1 ms' WHERE worker_id IN ('w1', 'w2', 'w3')`,
      [ms],
    );
  await lapse(DEFAULT_TIMING.takeoverGraceMs + 1_000);
  await waitFor(async () => (await metricOf('wag_placement_waiting', { why: 'storm brake' })) === 6);
  await lapse(DEFAULT_TIMING.takeoverGraceMs + DEFAULT_TIMING.leaseTtlMs + 1_000);
  await waitFor(allOn('w4'));
  await waitFor(() => told.includes('storm brake released'));
  expect(told.filter((sentence) => sentence.startsWith('storm brake: '))).toHaveLength(1);
});

import { DEFAULT_TIMING, handOverMany, renewLease } from '@wa-gate/cluster';
import { createLogger, systemClock } from '@wa-gate/kit';
import { waitFor } from '@wa-gate/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type GatewayFixture, JOIN_TOKEN } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import type { WorkerStandIn } from '../../testing/worker-stand-in.ts';
import { SYSTEM_ACTOR } from '../audit/index.ts';
import { createWorkerRemoval } from './worker-removal.ts';

const fixture = useGateway();
let admin: string;
let round = 0;
let w1: string;
let w2: string;
let owner: Awaited<ReturnType<GatewayFixture['register']>>;
beforeAll(async () => {
  fixture.gateway.start();
  admin = await fixture.adminToken();
  owner = await fixture.register();
});
beforeEach(async () => {
  // One after the other: in one transaction they could wait for the reconciler, which waits for them.
  await query('DELETE FROM sessions');
  await query('DELETE FROM workers');
  // New names each time: rows that are deleted by hand leave no incarnation behind, and the streams of this gateway
  // would take the new w1 for the old one.
  round += 1;
  w1 = `w1-${round}`;
  w2 = `w2-${round}`;
});

const query = async (sql: string, values?: unknown[]) => (await fixture.database.pool.query(sql, values)).rows;
const remove = (workerId: string, force = false) =>
  fixture.call('DELETE', `/api/admin/workers/${workerId}${force ? '?force=true' : ''}`, { as: admin });
const placements = () =>
  query(`SELECT worker_id AS "workerId", state, epoch FROM session_placements ORDER BY worker_id`);
const isListed = async (workerId: string) =>
  (await fixture.call('GET', '/api/admin/workers', { as: admin })).body.data.workers.some(
    ({ id }: { id: string }) => id === workerId,
  );
const looks = (worker: WorkerStandIn): number => worker.frames.filter(({ type }) => type === 'look').length;

/** What the supervisor of a worker does with sessions that should leave it. */
async function handOver(workerId: string): Promise<void> {
  const rows = await query(
    `SELECT session_id AS "sessionId", epoch FROM session_placements WHERE worker_id = $1 AND state = 'RELEASING'`,
    [workerId],
  );
  const timing = DEFAULT_TIMING;
  await handOverMany(fixture.database.pool, rows as never, { strategy: 'least-loaded', timing });
}

describe('removing a worker (MR-019)', () => {
  it('moves its sessions first; then its process has no lease, no token, and may not come back', async () => {
    const worker = await fixture.startWorker(w1);
    await fixture.createSession(owner);
    await fixture.createSession(owner);
    await fixture.startWorker(w2);
    let isRemoved = false;
    const removing = remove(w1).finally(() => {
      isRemoved = true;
    });
    while (!isRemoved) await handOver(w1);
    const { status, body } = await removing;
    expect([status, body.data]).toEqual([200, { workerId: w1, removed: true, movedSessions: 2, waitingSessions: 0 }]);
    expect(await placements()).toEqual([
      { workerId: w2, state: 'ASSIGNED', epoch: 2 },
      { workerId: w2, state: 'ASSIGNED', epoch: 2 },
    ]);
    expect(await isListed(w1)).toBe(false);
    const load = { cpuUsage: 0, memoryUsage: 0, eventLoopDelayMs: 0 };
    const life = { workerId: w1, incarnation: 1, ttlMs: 20_000 };
    expect(await renewLease(fixture.database.pool, life, load)).toBe(false);
    const back = await fixture.call('POST', '/api/admin/workers/register', {
      as: JOIN_TOKEN,
      body: { workerId: w1, endpoint: worker.endpoint },
    });
    expect([back.status, back.body.code]).toEqual([403, 'WORKER_REMOVED']);
    // The streams to it end with its lease.
    await waitFor(() => worker.streams.size === 0);
  });

  it('that is gone already, after its sessions were taken over', async () => {
    await fixture.startWorker(w1);
    const session = await fixture.createSession(owner);
    await fixture.startWorker(w2);
    await query(`UPDATE worker_leases SET ended_at = now(), ended_reason = 'test' WHERE worker_id = $1`, [w1]);
    expect((await remove(w1)).body.data).toMatchObject({ removed: true, waitingSessions: 0 });
    expect(await query('SELECT worker_id FROM session_placements WHERE session_id = $1', [session.id])).toEqual([
      { worker_id: w2 },
    ]);
  });

  it('is refused when nobody has room, and the worker goes on as before', async () => {
    await fixture.startWorker(w1);
    await fixture.createSession(owner);
    const { status, body } = await remove(w1);
    expect([status, body.code, body.details, body.retryable]).toEqual([
      409,
      'WORKER_NOT_EMPTY',
      { workerId: w1, sessions: 1 },
      true,
    ]);
    expect(await query('SELECT admin_state FROM workers')).toEqual([{ admin_state: 'ACTIVE' }]);
    expect(await placements()).toEqual([{ workerId: w1, state: 'ASSIGNED', epoch: 1 }]);
    const entries = await query(`SELECT 1 FROM audit_logs WHERE action = 'worker.removed' AND resource_id = $1`, [w1]);
    expect(entries).toEqual([]);
  });

  it('with force leaves the rest waiting, tells the worker to look, and says so in the audit log', async () => {
    const worker = await fixture.startWorker(w1);
    await fixture.createSession(owner);
    await worker.isHeard();
    const before = looks(worker);
    const { status, body } = await remove(w1, true);
    expect([status, body.data]).toMatchObject([200, { movedSessions: 0, waitingSessions: 1 }]);
    expect(await placements()).toEqual([{ workerId: null, state: 'UNASSIGNED', epoch: 2 }]);
    await waitFor(() => looks(worker) > before);
    const [entry] = await query(
      `SELECT before, after FROM audit_logs WHERE action = 'worker.removed' ORDER BY id DESC LIMIT 1`,
    );
    expect(entry).toMatchObject({ before: { wasRunning: true, adminState: 'ACTIVE' }, after: { waitingSessions: 1 } });
    // The next worker that comes gets it.
    await fixture.startWorker(w2);
    await waitFor(async () => (await placements())[0]?.workerId === w2);
  });

  it('waits longer while sessions are on their way, but not for ever', async () => {
    await fixture.startWorker(w1);
    await fixture.createSession(owner);
    await fixture.startWorker(w2);
    const removal = createWorkerRemoval({
      pool: fixture.database.pool,
      clock: systemClock,
      timing: DEFAULT_TIMING,
      onMoved: async () => undefined,
      onChanged: () => undefined,
      logger: createLogger({ service: 'test', level: 'silent' }),
      patience: { totalMs: 60_000, stalledMs: 1, movingMs: 300 },
    });
    await query(`UPDATE session_placements SET state = 'RELEASING'`);
    const begun = performance.now();
    await expect(removal.remove(w1, { force: false }, SYSTEM_ACTOR)).rejects.toMatchObject({
      code: 'WORKER_NOT_EMPTY',
    });
    expect(performance.now() - begun).toBeGreaterThan(299);
  });

  it('is for administrators only (MR-147)', async () => {
    await fixture.startWorker(w1);
    const { status } = await fixture.call('DELETE', `/api/admin/workers/${w1}`, { as: owner.token });
    expect([status, await isListed(w1)]).toEqual([403, true]);
  });
});

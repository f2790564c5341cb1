import { createLogger, internalToken } from '@wa-gate/kit';
import { Agent } from 'undici';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { METRICS_TOKEN } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import { createCallWorker } from '../../worker-links/call-worker.ts';
import { SYSTEM_ACTOR } from '../audit/index.ts';
import { createFleetOperations } from './fleet-operations.ts';
import { sweepWorkerMetrics } from './worker-metrics.ts';

const fixture = useGateway();
let admin: string;
let user: string;
beforeAll(async () => {
  admin = await fixture.adminToken();
  user = (await fixture.register()).token;
});
beforeEach(() => query('DELETE FROM sessions; DELETE FROM workers; DELETE FROM removed_workers'));

const query = async (sql: string, values?: unknown[]) => (await fixture.database.pool.query(sql, values)).rows;
const get = (path: string, as = admin) => fixture.call('GET', `/api/admin${path}`, { as });
const post = (path: string, body?: unknown, as = admin) => fixture.call('POST', `/api/admin${path}`, { as, body });
const lastAudit = async (action: string) =>
  (await query('SELECT after FROM audit_logs WHERE action = $1 ORDER BY id DESC LIMIT 1', [action]))[0]?.after;

/** One row a minute, for so many minutes until now. */
const figures = (workerId: string, minutes: number, everyMinutes = 1) =>
  query(
    `INSERT INTO worker_metrics (worker_id, minute, cpu_usage, memory_usage, session_count, message_count, uptime_seconds)
     SELECT $1, date_trunc('minute', now()) - n * interval '1 minute', 10 + n % 2 * 20, 50, 4, 1000 - n, 60000 - 60 * n
     FROM generate_series(0, $2::int - 1, $3::int) n`,
    [workerId, minutes, everyMinutes],
  );

describe('metrics of workers (MR-024, MR-122, MR-131)', () => {
  it('are averages and samples of an hour, for all workers or for one', async () => {
    await fixture.startWorker('w1');
    await fixture.startWorker('w2');
    await figures('w1', 10);
    const { status, body } = await get('/workers/metrics?range=1h');
    expect([status, body.data.range, body.data.intervalSeconds]).toEqual([200, '1h', 60]);
    const [first, second] = body.data.workers;
    expect(first).toMatchObject({ workerId: 'w1', avgCpu: 20, avgMemory: 50, avgSessions: 4 });
    expect(first.endpoint).toMatch(/^http/);
    expect(first.samples).toHaveLength(10);
    expect(first.samples.at(-1)).toMatchObject({
      cpuUsage: 10,
      memoryUsage: 50,
      sessionCount: 4,
      messageCount: 1000,
      uptime: 60_000,
    });
    const times = first.samples.map(({ timestamp }: { timestamp: string }) => Date.parse(timestamp));
    for (let at = 1; at < times.length; at += 1) expect(times[at] - times[at - 1]).toBe(60_000);
    expect(second).toMatchObject({ workerId: 'w2', avgCpu: null, avgMemory: null, avgSessions: null, samples: [] });
    const one = await get('/workers/w1/metrics?range=1h');
    expect(one.body.data).toEqual({ range: '1h', intervalSeconds: 60, ...first });
  });

  it.each([
    ['1h', 60, 60],
    ['24h', 600, 145],
    ['7d', 3_600, 169],
    ['30d', 21_600, 121],
  ])('of %s have an interval of %i s and at most %i samples', async (range, interval, most) => {
    await fixture.startWorker('w1');
    await figures('w1', 60 * 24 * 31, 7);
    const { body } = await get(`/workers/w1/metrics?range=${range}`);
    expect(body.data.intervalSeconds).toBe(interval);
    expect(body.data.samples.length).toBeLessThanOrEqual(most);
    expect(body.data.samples.length).toBeGreaterThan(most / 10);
    expect(body.data.avgCpu).toBeGreaterThan(18);
    expect(body.data.avgCpu).toBeLessThan(22);
  });

  it('of the last day come without a range; other ranges there are none', async () => {
    expect((await get('/workers/metrics')).body.data).toEqual({ range: '24h', intervalSeconds: 600, workers: [] });
    expect((await get('/workers/metrics?range=2h')).status).toBe(400);
    expect((await get('/workers/metrics', user)).status).toBe(403);
  });

  it('are deleted after 31 days, in bites', async () => {
    await fixture.startWorker('w1');
    await query(
      `INSERT INTO worker_metrics (worker_id, minute, cpu_usage, memory_usage, session_count, message_count, uptime_seconds)
       SELECT 'w1', date_trunc('minute', now()) - interval '31 days' - n * interval '1 minute', 0, 0, 0, 0, 0
       FROM (SELECT -60 AS n UNION SELECT generate_series(0, 11)) minutes`,
    );
    const bites = [];
    for (let n = 0; n < 3; n += 1) bites.push(await sweepWorkerMetrics(fixture.database.pool, 8));
    expect(bites).toEqual([8, 4, 0]);
    expect(await query('SELECT count(*) AS kept FROM worker_metrics')).toEqual([{ kept: 1 }]);
  });
});

describe('a question to all workers (MR-028)', () => {
  const STATS = {
    placed: 1,
    actors: 1,
    waiting: 0,
    moving: 0,
    stopping: 0,
    states: { connected: 1 },
    messageCount: 5,
    cpuUsage: 1.5,
    memoryUsage: 2,
    eventLoopDelayMs: 0,
    rssBytes: 1,
    heapUsedBytes: 1,
    uptime: 9,
    node: 'v20.20.0',
  };

  it('goes to those that are online, with their credential, and brings what each said', async () => {
    const [one, two] = [await fixture.startWorker('w1'), await fixture.startWorker('w2')];
    await fixture.startWorker('gone');
    await query(`UPDATE worker_leases SET ended_at = now() WHERE worker_id = 'gone'`);
    one.answer({ body: { stats: STATS } });
    two.answer({ body: { stats: { ...STATS, actors: 0 } } });
    const { status, body } = await post('/workers/broadcast', { operation: 'stats' });
    expect([status, body.data]).toMatchObject([
      200,
      {
        operation: 'stats',
        succeeded: 2,
        failed: 0,
        results: [
          { workerId: 'w1', ok: true, stats: STATS, error: null },
          { workerId: 'w2', ok: true, stats: { actors: 0 }, error: null },
        ],
      },
    ]);
    const authorization = `Bearer ${internalToken(fixture.masterKey, 'w1', 1)}`;
    expect(one.calls).toMatchObject([{ method: 'POST', url: '/operations/stats', authorization }]);
    expect(await lastAudit('workers.broadcast')).toEqual({ operation: 'stats', workers: ['w1', 'w2'] });
  });

  it('says of each worker on its own what went wrong there', async () => {
    const good = await fixture.startWorker('a-good');
    const refusing = await fixture.startWorker('b-refusing');
    const odd = await fixture.startWorker('c-odd');
    const stranger = await fixture.startWorker('d-stranger');
    const away = await fixture.startWorker('e-away');
    good.answer({ body: { level: 'info' } });
    refusing.answer({ status: 500, body: {} });
    odd.answer({ body: { level: 'loud' } });
    stranger.be(null);
    await away.close();
    const { body } = await post('/workers/broadcast', { operation: 'log-level', level: 'debug' });
    const { succeeded, failed, results } = body.data;
    expect([succeeded, failed]).toEqual([1, 4]);
    expect(results.map(({ ok, error }: { ok: boolean; error: string }) => [ok, error])).toEqual([
      [true, null],
      [false, 'It refused with status 500.'],
      [false, 'It answered something else.'],
      [false, 'What answers at its endpoint does not prove to be this worker.'],
      [false, 'It was not reached (ECONNREFUSED).'],
    ]);
    expect(good.calls[0]).toMatchObject({ url: '/operations/log-level', body: { level: 'debug' } });
    expect(results[0].level).toBe('info');
  });

  it('ends in time when a worker does not answer', async () => {
    const hanging = await fixture.startWorker('w1');
    hanging.answer({ stream: ': nothing yet\n\n' });
    const operations = createFleetOperations({
      pool: fixture.database.pool,
      callWorker: createCallWorker({ dispatcher: new Agent(), masterKeys: [fixture.masterKey] }),
      logger: createLogger({ service: 'test', level: 'silent' }),
      timeoutMs: 200,
    });
    const { results } = await operations.ask({ operation: 'ping' }, SYSTEM_ACTOR);
    expect(results).toMatchObject([{ workerId: 'w1', ok: false, error: 'It did not answer within 0.2 s.' }]);
    expect(results[0]!.tookMs).toBeLessThan(10_000);
  });

  it('goes to one network only, when that is asked', async () => {
    await fixture.startWorker('w1');
    const { body } = await post('/workers/broadcast', { operation: 'ping', network: 'live' });
    expect(body.data).toEqual({ operation: 'ping', succeeded: 0, failed: 0, results: [] });
  });

  it.each([
    [{ operation: 'shutdown' }],
    [{ operation: 'log-level' }],
    [{ operation: 'ping', level: 'debug' }],
    [{ operation: 'log-level', level: 'loud' }],
    [{}],
  ])('cannot be %j', async (body) => {
    const worker = await fixture.startWorker('w1');
    const { status, body: answer } = await post('/workers/broadcast', body);
    expect([status, answer.code, worker.calls]).toEqual([400, 'VALIDATION', []]);
  });

  it('is for administrators only (MR-147)', async () => {
    expect((await post('/workers/broadcast', { operation: 'ping' }, user)).status).toBe(403);
  });
});

describe('rebalancing by hand (MR-027)', () => {
  it('asks the owners of some sessions, notifies them, and is written down', async () => {
    await fixture.startWorker('w1');
    const owner = await fixture.register();
    for (let n = 0; n < 12; n += 1) await fixture.createSession(owner);
    expect((await post('/workers/rebalance')).body.data).toEqual({ moves: 0, workers: [] });
    expect(await lastAudit('workers.rebalanced')).toEqual({ workers: [] });
    await fixture.startWorker('w2');
    const { status, body } = await post('/workers/rebalance');
    expect([status, body.data]).toEqual([200, { moves: 5, workers: [{ workerId: 'w1', sessions: 5 }] }]);
    expect(await query(`SELECT count(*) AS moving FROM session_placements WHERE state = 'RELEASING'`)).toEqual([
      { moving: 5 },
    ]);
    expect(await lastAudit('workers.rebalanced')).toEqual({ workers: [{ workerId: 'w1', sessions: 5 }] });
  });

  it('is for administrators only (MR-147)', async () => {
    expect((await post('/workers/rebalance', undefined, user)).status).toBe(403);
  });
});

describe('how many workers there should be (MR-171)', () => {
  it('is told with reasons, and by the same numbers in the metrics', async () => {
    await fixture.startWorker('w1');
    await query('UPDATE workers SET max_sessions = 10');
    const owner = await fixture.register();
    for (let n = 0; n < 12; n += 1) await fixture.createSession(owner);
    const { status, body } = await get('/autoscaling');
    expect([status, body.data]).toMatchObject([
      200,
      {
        networks: [
          {
            network: 'sandbox',
            workers: { ready: 1, aside: 0, offline: 0 },
            capacity: 10,
            sessions: 12,
            waitingSessions: 2,
            usage: 1.2,
            desiredWorkers: 2,
            advice: 'up',
          },
        ],
        hints: { scaleUpAfterSeconds: 30, scaleDownAfterSeconds: 300, workersPerStepDown: 1 },
      },
    ]);
    expect(body.data.networks[0].reasons.map(({ trigger }: { trigger: string }) => trigger)).toEqual([
      'sessions',
      'minimum',
      'waiting',
    ]);
    const { body: metrics } = await fixture.call('GET', '/metrics', { as: METRICS_TOKEN });
    for (const [name, value] of [
      ['desired_workers', 2],
      ['ready_workers', 1],
      ['capacity_sessions', 10],
      ['sessions', 12],
      ['waiting_sessions', 2],
      ['usage_ratio', 1.2],
    ]) {
      expect(metrics).toContain(`wag_autoscaling_${name}{network="sandbox",service="gateway"} ${value}\n`);
    }
    expect((await get('/autoscaling', user)).status).toBe(403);
  });
});

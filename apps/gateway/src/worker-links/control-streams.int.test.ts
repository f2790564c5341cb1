import { randomBytes } from 'node:crypto';
import { DEFAULT_TIMING, registerWorker } from '@wa-gate/cluster';
import { createPool, type Pool } from '@wa-gate/db';
import { createLogger, systemClock } from '@wa-gate/kit';
import type { SessionHint } from '@wa-gate/messaging';
import {
  createFaultProxy,
  createTestDatabase,
  type FaultProxy,
  type TestDatabase,
  waitFor,
  workerRegistration,
} from '@wa-gate/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { msOf, shortest } from '../testing/timing.ts';
import { startWorkerStandIn, type WorkerStandIn } from '../testing/worker-stand-in.ts';
import { type ControlStreams, createControlStreams } from './control-streams.ts';
import { createWorkerAddresses } from './worker-addresses.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const masterKey = randomBytes(32);
const WORKER = 'worker-1';

let database: TestDatabase;
let databaseLine: FaultProxy;
let pool: Pool;
let worker: WorkerStandIn;
/** Between gateway and worker. */
let line: FaultProxy;
let streams: ControlStreams;
let evidence: { evidence: string; isNews: boolean; incarnation: number }[];

beforeAll(async () => {
  database = await createTestDatabase();
  databaseLine = await createFaultProxy(database.url);
  pool = createPool({ url: databaseLine.url, name: 'test' });
});
afterAll(async () => {
  await pool?.end();
  await databaseLine?.close();
  await database?.drop();
});

beforeEach(async () => {
  await database.pool.query('TRUNCATE workers CASCADE');
  evidence = [];
  worker = await startWorkerStandIn(masterKey, WORKER);
  line = await createFaultProxy(worker.endpoint);
  worker.be({ incarnation: await register() });
  streams = createControlStreams({
    db: pool,
    addresses: createWorkerAddresses('loopback'),
    masterKeys: [masterKey],
    clock: systemClock,
    logger,
    everyMs: 60_000,
    // Five of them without a word are silence: quick for a test, and long for a busy machine.
    tickMs: 250,
  });
  streams.onEvidence(collect);
});
afterEach(async () => {
  await streams.stop();
  await line.close();
  await worker.close();
});

/** What every stream of these tests finds. */
const collect: Parameters<ControlStreams['onEvidence']>[0] = ({ incarnation }, reason, isNews) =>
  evidence.push({ evidence: reason, isNews, incarnation });

async function register(endpoint = line.url.replace(/\/$/, '')): Promise<number> {
  const registration = { ...workerRegistration(WORKER), endpoint };
  const { incarnation } = await registerWorker(database.pool, registration, DEFAULT_TIMING);
  return incarnation;
}

async function open(): Promise<void> {
  streams.start();
  await waitFor(() => streams.isOpen(WORKER));
}

async function lease(): Promise<{ isOver: boolean; reason: string | null; incarnation: number }> {
  const { rows } = await database.pool.query(
    `SELECT ended_at IS NOT NULL AS "isOver", ended_reason AS reason, incarnation FROM worker_leases`,
  );
  return rows[0];
}

const attemptsFrom = (count: number) => waitFor(() => worker.attempts >= count);

describe('a stream to every worker with a lease', () => {
  it('carries doorbells, those of one turn in one frame, and the request to look', async () => {
    await open();
    expect([
      streams.notifySession('s1', WORKER),
      streams.notifySession('s2', WORKER),
      streams.notifyWorker(WORKER),
    ]).toEqual([true, true, true]);
    await waitFor(() => worker.frames.length === 2);
    expect(worker.frames).toEqual([{ type: 'look' }, { type: 'bell', sessionIds: ['s1', 's2'] }]);
    expect([streams.notifySession('s1', 'worker-9'), streams.notifyWorker('worker-9')]).toEqual([false, false]);
  });

  it('brings hints, learns from them who hosts a session, and unlearns it from a misrouted doorbell', async () => {
    const heard: SessionHint[] = [];
    const misrouted: unknown[] = [];
    streams.onHints((hints) => heard.push(...hints));
    streams.onMisrouted((...hint) => misrouted.push(hint));
    await open();
    const hint: SessionHint = { sessionId: 's1', seq: 7, messages: [{ messageId: 'm1', state: 'SENT' }] };
    worker.say({ type: 'hints', hints: [hint] });
    await waitFor(() => heard.length > 0);
    expect([heard, streams.ownerOf('s1'), streams.ownerOf('s2')]).toEqual([[hint], WORKER, undefined]);
    worker.say({ type: 'strays', sessionIds: ['s1'] });
    await waitFor(() => misrouted.length > 0);
    expect([misrouted, streams.ownerOf('s1')]).toEqual([[[WORKER, ['s1']]], undefined]);
  });

  it('knows the load while it is open, and passes over what it does not know', async () => {
    await open();
    const load = { cpuUsage: 12, memoryUsage: 3, eventLoopDelayMs: 1, sessionCount: 4 };
    worker.say({ type: 'of another version' } as never);
    for (const stream of worker.streams) stream.send('no json');
    worker.say({ type: 'load', load });
    await waitFor(() => streams.loadOf(WORKER) !== undefined);
    expect([streams.loadOf(WORKER), streams.count()]).toEqual([load, { connecting: 0, open: 1, silent: 0 }]);
    await streams.stop();
    expect([streams.loadOf(WORKER), streams.isOpen(WORKER)]).toEqual([undefined, false]);
  });

  it('is opened at once to a worker that registers here, and closed when its lease is over', async () => {
    await database.pool.query('UPDATE worker_leases SET ended_at = now()');
    streams.start();
    const incarnation = await register();
    worker.be({ incarnation });
    streams.watch({ workerId: WORKER, endpoint: line.url.replace(/\/$/, ''), incarnation });
    await waitFor(() => streams.isOpen(WORKER));
    await database.pool.query('UPDATE worker_leases SET ended_at = now()');
    streams.converge();
    await waitFor(() => !streams.isOpen(WORKER) && worker.streams.size === 0);
    expect(evidence).toEqual([]);
  });

  it('stays while PostgreSQL is away', async () => {
    await open();
    databaseLine.set('refuse');
    streams.converge();
    await expect(pool.query('SELECT 1')).rejects.toThrow();
    expect(streams.isOpen(WORKER)).toBe(true);
    databaseLine.set('forward');
  });
});

describe('evidence of death ends the lease (MR-090, MR-194)', () => {
  it('I2 nobody listens any more: within 300 ms', async () => {
    let incarnation = 1;
    await open();
    const measure = async () => {
      if (evidence.length > 0) {
        evidence = [];
        await line.open();
        incarnation = await register();
        worker.be({ incarnation });
        streams.converge();
        await waitFor(() => streams.isOpen(WORKER));
      }
      const tookMs = await msOf(async () => {
        line.shut();
        await waitFor(() => evidence.length > 0, { everyMs: 5 });
      });
      expect(evidence).toEqual([{ evidence: 'connection refused', isNews: true, incarnation }]);
      expect(await lease()).toMatchObject({ isOver: true, reason: 'connection refused' });
      return tookMs;
    };
    expect(await shortest(300, measure)).toBeLessThan(300);
  });

  it('I2 a newer life answers at the address: its token is another one', async () => {
    await open();
    worker.be({ incarnation: 2 });
    worker.hangUp();
    await waitFor(() => evidence.length > 0);
    expect(evidence).toEqual([{ evidence: 'newer incarnation', isNews: true, incarnation: 1 }]);
    expect(await lease()).toMatchObject({ isOver: true, reason: 'newer incarnation' });
  });

  it('I2 goodbye: once, and its closed door afterwards says nothing more', async () => {
    await open();
    worker.say({ type: 'goodbye', incarnation: 1 });
    await waitFor(() => evidence.length > 0);
    line.shut();
    streams.converge();
    await waitFor(() => worker.streams.size === 0);
    expect(evidence).toEqual([{ evidence: 'goodbye', isNews: true, incarnation: 1 }]);
  });

  it('is no news for a life that has been replaced meanwhile, and its successor keeps its lease (I1)', async () => {
    await open();
    await register();
    worker.say({ type: 'goodbye', incarnation: 1 });
    await waitFor(() => evidence.length > 0);
    expect(evidence).toEqual([{ evidence: 'goodbye', isNews: false, incarnation: 1 }]);
    expect(await lease()).toMatchObject({ isOver: false, incarnation: 2 });
  });

  it('is told again when PostgreSQL could not be asked', async () => {
    await open();
    databaseLine.set('refuse');
    line.shut();
    await waitFor(async () => {
      const failed = await pool.query('SELECT 1').catch(() => 'failed');
      return failed === 'failed' && streams.count().open === 0;
    });
    expect(evidence).toEqual([]);
    databaseLine.set('forward');
    await waitFor(() => evidence.length > 0);
    expect(await lease()).toMatchObject({ isOver: true, reason: 'connection refused' });
  });
});

describe('no evidence: the lease goes on (I3)', () => {
  afterEach(async () => {
    expect(evidence).toEqual([]);
    expect(await lease()).toMatchObject({ isOver: false });
  });

  it('a stalled stream is silent, and comes back', async () => {
    await open();
    line.set('stall');
    await waitFor(() => streams.count().silent === 1);
    expect(streams.notifySession('s1', WORKER)).toBe(false);
    line.set('forward');
    await waitFor(() => streams.isOpen(WORKER), { timeoutMs: 20_000 });
  });

  it('resets, again and again', async () => {
    await open();
    line.set('refuse');
    await waitFor(() => !streams.isOpen(WORKER));
    line.set('forward');
    await waitFor(() => streams.isOpen(WORKER));
    expect(worker.attempts).toBeGreaterThan(1);
  });

  it('one refusal, when the next attempt is heard', async () => {
    await open();
    line.shut();
    await line.open();
    await waitFor(() => streams.isOpen(WORKER));
  });

  it('a former life, or a process without a lease, answers at the address', async () => {
    worker.be({ incarnation: 0 });
    streams.start();
    await attemptsFrom(2);
    await register();
    worker.be({ incarnation: 1 });
    streams.converge();
    await attemptsFrom(4);
    expect(streams.isOpen(WORKER)).toBe(false);
  });

  it.each([
    ['nothing', null],
    ['to be another worker', { workerId: 'worker-2', incarnation: 5 }],
  ])('somebody answers who proves %s, and is not listened to', async (_what, claim) => {
    worker.be(claim);
    streams.start();
    await attemptsFrom(3);
    expect(streams.isOpen(WORKER)).toBe(false);
  });

  it('a name that does not resolve', { timeout: 90_000 }, async () => {
    await database.pool.query(`UPDATE workers SET endpoint = 'http://no-such-host.invalid:1'`);
    const lines: string[] = [];
    const watched = createControlStreams({
      db: pool,
      addresses: createWorkerAddresses('loopback'),
      masterKeys: [masterKey],
      clock: systemClock,
      logger: createLogger({
        service: 'test',
        level: 'debug',
        destination: { write: (text: string) => void lines.push(text) },
      }),
      everyMs: 60_000,
    });
    watched.onEvidence(collect);
    watched.start();
    // Where there is no server for names, the search for one may last longer than the patience of the stream.
    const failures = () => lines.filter((text) => /ENOTFOUND|EAI_AGAIN|handshake has timed out/.test(text));
    await waitFor(() => failures().length >= 3, { timeoutMs: 60_000 });
    await watched.stop();
  });

  it.each(['127.0.0.1', 'localhost'])(
    'a place where no worker may be (%s), and it is not connected to',
    async (host) => {
      await database.pool.query('UPDATE workers SET endpoint = $1', [worker.endpoint.replace('127.0.0.1', host)]);
      const lines: string[] = [];
      const watched = createControlStreams({
        db: pool,
        addresses: createWorkerAddresses('10.0.0.0/8'),
        masterKeys: [masterKey],
        clock: systemClock,
        logger: createLogger({
          service: 'test',
          level: 'debug',
          destination: { write: (text: string) => void lines.push(text) },
        }),
        everyMs: 60_000,
      });
      watched.onEvidence(collect);
      watched.start();
      await waitFor(() => lines.filter((text) => text.includes('No worker may be at')).length >= 3);
      await watched.stop();
      expect(worker.attempts).toBe(0);
    },
  );

  it('this gateway itself is stopping', async () => {
    await open();
    const stopped = streams.stop();
    line.shut();
    await stopped;
    await waitFor(() => worker.streams.size === 0);
  });
});

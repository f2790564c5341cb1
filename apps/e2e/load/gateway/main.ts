// Requests per second and latencies of the gateway, against a bare @fastify/http-proxy before the same worker in the
// same run, and the briefs' targets. Limits are raised through the admin API, as an operator would; nothing is
// switched off.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from '@wa-gate/db';
import { runFrom } from '../../harness/checkout.ts';
import type { ManagedProcess } from '../../harness/managed-process.ts';
import { startSystem } from '../../harness/system.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { NOT_COUNTED } from '../measure/database-work.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { writeFigures } from '../measure/message-runs.ts';
import { startPrivateDatabases } from '../measure/private-databases.ts';
import { residentBytes, type WatchedProcess, watchCpu } from '../measure/process-cpu.ts';
import { profilingInto } from '../measure/profiling.ts';
import { watchCost } from '../measure/run-cost.ts';
import { countStatements, p95, readStatements, resetStatements } from '../measure/statements.ts';
import { median } from '../measure/statistics.ts';
import type { Shot } from './cannon.ts';
import { readCommands, roundTrips } from './commands.ts';
import { fire } from './fire.ts';
import { GATEWAY_CASES, readOptions } from './options.ts';
import { createMany, percent, registerMany, spread } from './outcomes.ts';
import { type Figure, figuresOf, type Run, renderFigures, renderRuns, requestsOf } from './report.ts';
import { prepareStage } from './stage.ts';

const MB = 1_048_576;
/** The callers have it for themselves, as far as a machine of two cores can give one away. */
const CANNON_CORE = 1;
const WARM_UP_SECONDS = 15;
const ACCEPT_WARM_UP_SECONDS = 6;
/** Longer than what was accepted as fast as it came needs to be sent. */
const SENT_WITHIN_MS = 180_000;
const REGISTRATIONS = 200;
const CREATIONS = 60;

const options = readOptions(process.argv.slice(2));
const profiling = options.profileDir === undefined ? null : profilingInto(options.profileDir);
const databases = await startPrivateDatabases();
await countStatements(databases);
process.env.TEST_DATABASE_URL = databases.databaseUrl;
process.env.TEST_REDIS_URL = databases.redisUrl;
const folder = await mkdtemp(join(tmpdir(), 'wa-gate-load-'));
const figures: Figure[] = [];
const note = (name: string, found: string, aim: string, reached: boolean) =>
  figures.push({ name, found, aim, reached });

try {
  await proxied();
  if (!profiling && GATEWAY_CASES.every((each) => options.cases.includes(each))) await founded();
  console.log(`\n${renderFigures(figures)}`);
} finally {
  await databases.stop();
  await rm(folder, { recursive: true, force: true });
}

/** Throughput, latencies, and what one request costs. */
async function proxied(): Promise<void> {
  const services = await provideDurableServices(options.checkout);
  console.log(`Node ${process.version}, ${services.description}; callers on core ${CANNON_CORE}`);
  await resetStatements(services.pool);
  const stage = await prepareStage(services, {
    sessions: options.sessions,
    logFolder: folder,
    profiling,
    checkout: options.checkout,
  });
  const runs: Run[] = [];
  try {
    const others: WatchedProcess[] = [
      { name: 'worker', pid: stage.system.process('worker-1').pid },
      ...services.processes,
    ];
    const run = async (
      target: ManagedProcess,
      shots: Shot[],
      job: { label: string; connections: number; seconds?: number; rate?: number },
    ): Promise<Run> => {
      const side = target === stage.gateway ? 'gateway' : 'bare proxy';
      const cpu = watchCpu([{ name: side, pid: target.pid }, ...others]);
      const { label, connections, seconds = options.seconds, rate } = job;
      const result = await fire({ url: target.url, connections, seconds, rate, shots }, CANNON_CORE);
      const residentMb = side === 'gateway' ? residentBytes(target.pid) / MB : null;
      return { label, side, result, cpuMs: cpu(), residentMb };
    };

    const warmUp = { label: 'warm-up', connections: 50, seconds: WARM_UP_SECONDS };
    if (options.cases.includes('status')) {
      await run(stage.gateway, stage.status.gateway, warmUp);
      await run(stage.bare, stage.status.bare, warmUp);
    }
    if (options.cases.includes('accept')) {
      await run(stage.gateway, stage.sends, { ...warmUp, seconds: ACCEPT_WARM_UP_SECONDS });
      await untilSent(services.pool);
    }
    if (profiling) {
      const shots = options.cases[0] === 'accept' ? stage.sends : stage.status.gateway;
      const profiled = [stage.gateway, stage.system.process('worker-1')];
      profiling.toggle(profiled);
      runs.push(await run(stage.gateway, shots, { label: 'profiled', connections: 50 }));
      profiling.toggle(profiled);
      await untilSent(services.pool);
      console.log(`\n${renderRuns(runs)}`);
      return;
    }
    if (options.cases.includes('status')) {
      for (const connections of options.connections) {
        const label = `status, ${connections} connections`;
        for (let round = 0; round < options.rounds; round++) {
          runs.push(await run(stage.bare, stage.status.bare, { label, connections }));
          runs.push(await run(stage.gateway, stage.status.gateway, { label, connections }));
        }
        compare(runs, label, connections);
      }
      const full = `status, ${options.connections[0]!} connections`;
      const reached = Math.min(reachedBy(runs, 'gateway', full), reachedBy(runs, 'bare proxy', full));
      const rate = options.rate || Math.floor(reached / 2);
      for (const connections of options.connections) {
        const label = `status at ${rate}/s, ${connections} connections`;
        for (let round = 0; round < options.rounds; round++) {
          runs.push(await run(stage.bare, stage.status.bare, { label, connections, rate }));
          runs.push(await run(stage.gateway, stage.status.gateway, { label, connections, rate }));
        }
        compareLatencies(runs, label, connections);
      }
      await countRoundTrips(() => run(stage.gateway, stage.status.gateway, { label: 'counted', connections: 50 }));
    }

    const accepted = options.cases.includes('accept')
      ? await accepts([{ name: 'gateway', pid: stage.gateway.pid }, ...others], (job) =>
          run(stage.gateway, stage.sends, { ...job, seconds: Math.min(5, options.seconds) }),
        )
      : [];
    runs.push(...accepted);
    console.log(`\n${renderRuns(runs)}`);
    writeFigures(options.json, 'gateway', runs.map(figuresOf));
    const all = runs.filter(({ side }) => side === 'gateway');
    const count = all.reduce((sum, { result }) => sum + requestsOf(result), 0);
    const failed = all.reduce((sum, { result }) => sum + requestsOf(result) - result.ok + result.errors, 0);
    note(
      'error rate of all runs',
      `${((100 * failed) / count).toFixed(3)} % of ${count}`,
      '< 0.1 %',
      failed / count < 0.001,
    );
    if (accepted.length > 0) {
      const perMinute = 60 * median(accepted.map(({ result }) => result.requestsPerSecond));
      note('accepts per minute', perMinute.toFixed(0), '> 10 000', perMinute > 10_000);
    }
    const resident = Math.max(...all.map(({ residentMb }) => residentMb ?? 0));
    note('RSS of the gateway, highest', `${resident.toFixed(0)} MB`, '< 512 MB', resident < 512);
    const statements = await readStatements(services.pool);
    const slow = p95(statements);
    const slowest = statements.toSorted((a, b) => b.meanMs - a.meanMs)[0];
    note('p95 of the statements, by mean time', `${slow.toFixed(2)} ms`, '< 50 ms', slow < 50);
    console.log(
      `Slowest statement by its mean: ${slowest?.meanMs.toFixed(1)} ms ×${slowest?.calls}: ${slowest?.query}`,
    );
  } finally {
    await stage.stop();
  }

  /** Accepts as fast as they come; what they cost is counted until all of them are sent. */
  async function accepts(
    watched: readonly WatchedProcess[],
    go: (job: { label: string; connections: number }) => Promise<Run>,
  ): Promise<Run[]> {
    const made: Run[] = [];
    for (const connections of options.connections) {
      for (let round = 0; round < options.rounds; round++) {
        const cost = await watchCost(watched, services.pool);
        const accepted = await go({ label: `accept-send, ${connections} connections`, connections });
        await untilSent(services.pool);
        made.push({ ...accepted, untilSent: await cost() });
      }
    }
    return made;
  }

  async function countRoundTrips(go: () => Promise<Run>): Promise<void> {
    await resetStatements(services.pool);
    const commands = await readCommands(services.redisUrl);
    const { result } = await go();
    const count = requestsOf(result);
    const statements = await readStatements(services.pool);
    const sent = roundTrips(commands, await readCommands(services.redisUrl));
    // What a request causes is called about as often as there are requests; the loops beside it a few times a second.
    const perRequest = statements.filter(({ calls }) => calls > count / 20);
    const scripts = (sent.get('evalsha') ?? 0) + (sent.get('eval') ?? 0);
    console.log(`\n${count} counted requests. Statements: ${statements.reduce((sum, { calls }) => sum + calls, 0)}`);
    for (const { calls, query } of statements.slice(0, 5)) console.log(`  ×${calls} ${query}`);
    console.log(`Redis: ${[...sent].map(([name, calls]) => `${name} ×${calls}`).join(', ')}`);
    note('PostgreSQL statements per cached status call', String(perRequest.length), '0', perRequest.length === 0);
    // Requests of one turn of the event loop share a call, so that there are fewer calls than requests.
    const trips = scripts / count;
    note('calls to Redis per cached status call', trips.toFixed(3), '<= 1', trips < 1.02);
  }
}

/** Resolves when everything that was accepted has been sent. */
async function untilSent(pool: Pool): Promise<void> {
  const waiting = `SELECT ${NOT_COUNTED} 1 FROM outbox WHERE state IN ('QUEUED', 'SENDING') LIMIT 1`;
  const isSent = async () => (await pool.query(waiting)).rowCount === 0;
  await waitFor(isSent, { timeoutMs: SENT_WITHIN_MS, everyMs: 50, what: 'everything accepted to be sent' });
}

function reachedBy(runs: readonly Run[], side: Run['side'], label: string): number {
  return median(
    runs.filter((run) => run.side === side && run.label === label).map(({ result }) => result.requestsPerSecond),
  );
}

function compare(runs: readonly Run[], label: string, connections: number): void {
  const ours = reachedBy(runs, 'gateway', label);
  const ratio = ours / reachedBy(runs, 'bare proxy', label);
  note(`${label}: of the bare proxy's requests/s`, ratio.toFixed(2), '>= 0.7', ratio >= 0.7);
  if (connections === 50) note(`${label}: requests/s`, ours.toFixed(0), '>= 4 500', ours >= 4_500);
}

function compareLatencies(runs: readonly Run[], label: string, connections: number): void {
  const of = (side: Run['side'], read: (run: Run) => number) =>
    median(runs.filter((run) => run.side === side && run.label === label).map(read));
  const overhead =
    of('gateway', ({ result }) => result.latency.p99) - of('bare proxy', ({ result }) => result.latency.p99);
  const aim = connections <= 50 ? 3 : 30;
  note(`${label}: p99 above the bare proxy's`, `${overhead.toFixed(1)} ms`, `<= ${aim} ms`, overhead <= aim);
  const average = of('gateway', ({ result }) => result.latency.average);
  note(
    `${label}: average answer (${connections} users at a time)`,
    `${average.toFixed(1)} ms`,
    '< 200 ms',
    average < 200,
  );
}

/** New users and new sessions on three workers. */
async function founded(): Promise<void> {
  const services = await provideDurableServices(options.checkout);
  const system = await startSystem({ services, workers: 3, logLevel: 'warn', adapt: runFrom(options.checkout) });
  try {
    const registered = await registerMany(system, REGISTRATIONS);
    note(
      'registrations',
      `${percent(registered).toFixed(1)} % of ${registered.tried}`,
      '> 99 %',
      percent(registered) > 99,
    );
    const created = await createMany(system, CREATIONS);
    note(
      'sessions created, to their QR code',
      `${percent(created).toFixed(1)} % of ${created.tried}`,
      '> 95 %',
      percent(created) > 95,
    );
    const counts = await spread(system);
    const isEven = Math.max(...counts) - Math.min(...counts) <= Math.ceil(0.2 * (CREATIONS / counts.length));
    note('sessions on each worker', counts.join(', '), 'within 20 %', isEven);
  } finally {
    await system.stop();
  }
}

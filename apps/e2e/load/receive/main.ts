// Incoming messages per second, durable to the customer's endpoint, against raw Baileys that only counts them.
import { parseArgs } from 'node:util';
import { startSystem } from '../../harness/system.ts';
import { percentile } from '../measure/closed-loop.ts';
import { type DatabaseWork, watchDatabase } from '../measure/database-work.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { type WatchedProcess, watchCpu } from '../measure/process-cpu.ts';
import { profilingInto } from '../measure/profiling.ts';
import { RawSide } from '../raw/raw-side.ts';
import { GatewayReceivers } from './gateway-receivers.ts';
import { writeFor } from './writers.ts';

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '2' },
    sessions: { type: 'string', default: '50' },
    'profile-dir': { type: 'string' },
  },
});
const [seconds, rounds, sessions] = [Number(values.seconds), Number(values.rounds), Number(values.sessions)];
const WARM_UP_S = 5;
/** For CPU profiles of gateway and worker during our own runs. */
const profiling = values['profile-dir'] === undefined ? null : profilingInto(values['profile-dir']);

interface Run {
  side: 'gateway' | 'raw Baileys';
  rate: number;
  count: number;
  cpuMs: Record<string, number>;
  database: DatabaseWork | null;
}

function row({ side, rate, count, cpuMs, database }: Run): string {
  const cpu = Object.entries(cpuMs).map(([name, ms]) => `${name} ${(ms / count).toFixed(2)}`);
  const work = database
    ? [(database.transactions / count).toFixed(2), (database.walBytes / count).toFixed(0)]
    : ['', ''];
  return `| ${[side, count, rate.toFixed(0), cpu.join(', '), ...work].join(' | ')} |`;
}

const services = await provideDurableServices();
console.log(`Node ${process.version}, ${services.description}`);
const system = await startSystem({
  services,
  maxSessions: sessions,
  logLevel: 'warn',
  env: { sandbox: { SANDBOX_DECRYPT: 'false' }, ...profiling?.env },
  ...(profiling && { nodeFlags: profiling.nodeFlags }),
});
const ours = new GatewayReceivers(system);
const raw = await RawSide.start(system.process('sandbox').url);
try {
  console.log(`Pairing ${sessions} and ${sessions} ...`);
  await ours.pair(sessions);
  const rawLines = await raw.pairReceivers(sessions);
  const sandbox = { name: 'sandbox', pid: system.process('sandbox').pid };
  const load = { name: 'load and endpoint', pid: process.pid, alone: true };
  const our = system.processes.filter(({ name }) => name !== 'sandbox').map(({ name, pid }) => ({ name, pid }));
  const measure = async (
    side: Run['side'],
    processes: readonly WatchedProcess[],
    run: () => Promise<{ count: number; seconds: number }>,
  ): Promise<Run> => {
    const database = side === 'gateway' ? await watchDatabase(services.pool) : null;
    const cpu = watchCpu(processes);
    const result = await run();
    return {
      side,
      rate: result.count / result.seconds,
      count: result.count,
      cpuMs: cpu(),
      database: database ? await database() : null,
    };
  };
  const runOurs = (time: number) => writeFor(time, ours.lines, system.sandbox, ours.arrived);
  const runRaw = (time: number) => writeFor(time, rawLines, system.sandbox, (line) => raw.arrived[line] ?? 0);
  await runOurs(WARM_UP_S);
  await runRaw(WARM_UP_S);
  const runs: Run[] = [];
  for (let round = 0; round < rounds; round++) {
    profiling?.toggle(our);
    runs.push(await measure('gateway', [...our, ...services.processes, sandbox, load], () => runOurs(seconds)));
    profiling?.toggle(our);
    runs.push(await measure('raw Baileys', [{ name: 'baileys', pid: raw.pid }, sandbox, load], () => runRaw(seconds)));
  }
  console.log(
    '\n| side | messages | per second | CPU ms per message, by process | transactions per message | WAL bytes per message |',
  );
  console.log('|---|---|---|---|---|---|');
  for (const run of runs) console.log(row(run));
  const median = (side: Run['side']) =>
    percentile(
      runs.filter((run) => run.side === side).map(({ rate }) => rate),
      0.5,
    );
  const [gateway, baileys] = [median('gateway'), median('raw Baileys')];
  console.log(
    `\n${gateway.toFixed(0)}/s against ${baileys.toFixed(0)}/s raw, ratio ${(gateway / baileys).toFixed(2)} (medians)`,
  );
  console.log(await ours.verify());
  console.log(`Recorder: ${JSON.stringify(await system.sandbox.misdeeds())}`);
} finally {
  await Promise.all([ours.close(), raw.stop()]);
  await system.stop();
}

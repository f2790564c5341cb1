// Incoming messages per second, durable to the customer's endpoint, against raw Baileys that only counts them.
import { runFrom } from '../../harness/checkout.ts';
import { startSystem } from '../../harness/system.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { figuresOf, type MessageRun, renderRuns, renderStatements, writeFigures } from '../measure/message-runs.ts';
import type { WatchedProcess } from '../measure/process-cpu.ts';
import { profilingInto } from '../measure/profiling.ts';
import { watchCost } from '../measure/run-cost.ts';
import { tracingAt } from '../measure/tracing.ts';
import { RawSide } from '../raw/raw-side.ts';
import { GatewayReceivers } from './gateway-receivers.ts';
import { readOptions } from './options.ts';
import { type Written, writeFor } from './writers.ts';

const WARM_UP_S = 5;

const options = readOptions(process.argv.slice(2));
const { seconds, rounds, sessions } = options;
const profiling = options.profileDir === undefined ? null : profilingInto(options.profileDir);
const services = await provideDurableServices(options.checkout);
console.log(`Node ${process.version}, ${services.description}, webhook for ${options.webhook} events`);
const tracing = await tracingAt(options.tracing);
const system = await startSystem({
  services,
  maxSessions: sessions,
  logLevel: 'warn',
  adapt: runFrom(options.checkout, { unbundled: profiling !== null }),
  env: tracing.env({ sandbox: { SANDBOX_DECRYPT: 'false' }, ...profiling?.env }),
  ...(profiling && { nodeFlags: profiling.nodeFlags }),
});
const ours = new GatewayReceivers(system, options.webhook);
const raw = await RawSide.start(system.process('sandbox').url);
try {
  console.log(`Pairing ${sessions} and ${sessions} ...`);
  await ours.pair(sessions);
  const rawLines = await raw.pairReceivers(sessions);
  const sandbox = { name: 'sandbox', pid: system.process('sandbox').pid };
  const load = { name: 'load', pid: process.pid, alone: true };
  const our = system.processes.filter(({ name }) => name !== 'sandbox').map(({ name, pid }) => ({ name, pid }));
  const measure = async (
    side: MessageRun['side'],
    processes: readonly WatchedProcess[],
    run: () => Promise<Written>,
  ): Promise<MessageRun> => {
    const isOurs = side === 'gateway';
    const eventsBefore = ours.events;
    const cost = await watchCost(processes, isOurs ? services.pool : null);
    const { count, written } = await run();
    return {
      label: `${sessions} sessions`,
      side,
      messages: written,
      rate: count / seconds,
      latencies: {},
      cost: await cost(),
      events: isOurs ? ours.events - eventsBefore : null,
      failures: 0,
    };
  };
  const runOurs = (time: number) => writeFor(time, ours.lines, system.sandbox, ours.arrived);
  const runRaw = (time: number) => writeFor(time, rawLines, system.sandbox, (line) => raw.arrived[line] ?? 0);
  await runOurs(WARM_UP_S);
  await runRaw(WARM_UP_S);
  const runs: MessageRun[] = [];
  for (let round = 0; round < rounds; round++) {
    profiling?.toggle(our);
    runs.push(await measure('gateway', [...our, ...services.processes, sandbox, load], () => runOurs(seconds)));
    profiling?.toggle(our);
    runs.push(await measure('raw Baileys', [{ name: 'baileys', pid: raw.pid }, sandbox, load], () => runRaw(seconds)));
  }
  const last = runs.findLast(({ side }) => side === 'gateway');
  if (options.statements && last) console.log(`\n${renderStatements(last)}`);
  console.log(`\n${renderRuns(runs)}\n`);
  writeFigures(options.json, 'receive', runs.map(figuresOf));
  console.log(await ours.verify());
  console.log(`Recorder: ${JSON.stringify(await system.sandbox.misdeeds())}`);
} finally {
  await Promise.all([ours.close(), raw.stop()]);
  await system.stop();
  if (options.tracing !== undefined)
    console.log(`${options.tracing} % of the traces recorded: ${tracing.kilobytes()?.toFixed(0)} kB of spans`);
  await tracing.close();
}

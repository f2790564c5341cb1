// Acknowledged messages per second through the API, against raw Baileys in the same run.
import { setTimeout as sleep } from 'node:timers/promises';
import { runFrom } from '../../harness/checkout.ts';
import { startSystem } from '../../harness/system.ts';
import type { LoopOptions, LoopResult } from '../measure/closed-loop.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { readLogParts, renderLogParts } from '../measure/log-parts.ts';
import { figuresOf, type MessageRun, renderRuns, renderStatements, writeFigures } from '../measure/message-runs.ts';
import type { WatchedProcess } from '../measure/process-cpu.ts';
import { profilingInto } from '../measure/profiling.ts';
import { RECEIPTS_COME_WITHIN_MS } from '../measure/receipts.ts';
import { watchCost } from '../measure/run-cost.ts';
import { tracingAt } from '../measure/tracing.ts';
import { RawSide } from '../raw/raw-side.ts';
import { GatewaySide } from './gateway-side.ts';
import { MAX_MESSAGES, readOptions, WARM_UP } from './options.ts';

const options = readOptions(process.argv.slice(2));
const profiling = options.profileDir === undefined ? null : profilingInto(options.profileDir);
const services = await provideDurableServices(options.checkout);
console.log(`Node ${process.version}, ${services.description}, webhook for ${options.webhook} events`);
console.log('Sandbox phones do not decrypt; they do send receipts (delivered, read) for every message.');
const tracing = await tracingAt(options.tracing);
const system = await startSystem({
  services,
  workers: options.workers,
  maxSessions: Math.max(50, options.sessions),
  logLevel: 'warn',
  adapt: runFrom(options.checkout, { unbundled: profiling !== null }),
  env: tracing.env({ sandbox: { SANDBOX_DECRYPT: 'false' }, ...profiling?.env }),
  ...(profiling && { nodeFlags: profiling.nodeFlags }),
});
const sandboxProcess = system.process('sandbox');
const rawSide = await RawSide.start(sandboxProcess.url);
const ours = new GatewaySide(system, options.webhook);

try {
  const load = { name: 'load', pid: process.pid, alone: true };
  const runs: MessageRun[] = [];
  const cases = [
    { name: 'a', label: '(a) one session', clients: 1 },
    { name: 'b', label: `(b) ${options.sessions} sessions`, clients: options.sessions },
  ].filter(({ name }) => options.cases.includes(name));
  for (const { label, clients } of cases) {
    console.log(`Pairing ${clients} and ${clients} ...`);
    await ours.pair(clients);
    await rawSide.pair(clients);
    const loop = { clients, seconds: options.seconds, maxCount: MAX_MESSAGES };
    const sandbox = { name: 'sandbox', pid: sandboxProcess.pid };
    const our = system.processes.filter(({ name }) => name !== 'sandbox').map(({ name, pid }) => ({ name, pid }));
    await ours.run({ clients, ...WARM_UP });
    await runRaw({ clients, ...WARM_UP });
    for (let round = 1; round <= options.rounds; round++) {
      profiling?.toggle(our);
      runs.push(
        await measure({ label, side: 'gateway' }, [...our, ...services.processes, sandbox, load], () => ours.run(loop)),
      );
      profiling?.toggle(our);
      runs.push(
        await measure({ label, side: 'raw Baileys' }, [{ name: 'baileys', pid: rawSide.pid }, sandbox], () =>
          runRaw(loop),
        ),
      );
    }
    const last = runs.findLast(({ side }) => side === 'gateway');
    if (options.statements && last?.cost.database) {
      console.log(`\n${renderStatements(last)}`);
      console.log(`\n${renderLogParts(await readLogParts(services.pool, last.cost.database.log), last.messages)}`);
    }
  }
  console.log(`\n${renderRuns(runs)}\n`);
  writeFigures(options.json, 'send', runs.map(figuresOf));
  console.log(await ours.verify());
  console.log(`Recorder: ${JSON.stringify(await system.sandbox.misdeeds())}`);
} finally {
  await Promise.all([ours.close(), rawSide.stop()]);
  await system.stop();
  if (options.tracing !== undefined)
    console.log(`${options.tracing} % of the traces recorded: ${tracing.kilobytes()?.toFixed(0)} kB of spans`);
  await tracing.close();
}

/** The receipts of the last messages belong to the run here too. */
async function runRaw(loop: LoopOptions): Promise<LoopResult> {
  const result = await rawSide.run(loop);
  await sleep(RECEIPTS_COME_WITHIN_MS);
  return result;
}

async function measure(
  { label, side }: Pick<MessageRun, 'label' | 'side'>,
  processes: readonly WatchedProcess[],
  run: () => Promise<LoopResult>,
): Promise<MessageRun> {
  const isOurs = side === 'gateway';
  const eventsBefore = ours.events;
  const cost = await watchCost(processes, isOurs ? services.pool : null);
  const { count, done, seconds, latenciesMs, failures, firstFailure } = await run();
  const costs = await cost();
  if (failures > 0) console.log(`! ${failures} failed, the first with: ${firstFailure}`);
  return {
    label,
    side,
    messages: done,
    rate: count / seconds,
    latencies: { send: latenciesMs },
    cost: costs,
    events: isOurs && options.webhook !== 'none' ? ours.events - eventsBefore : null,
    failures,
  };
}

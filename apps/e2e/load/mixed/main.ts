// Latencies at a steady rate in both directions, every session with a webhook for all events, against raw Baileys.
import { setTimeout as sleep } from 'node:timers/promises';
import { runFrom } from '../../harness/checkout.ts';
import { startSystem } from '../../harness/system.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { figuresOf, type MessageRun, renderRuns, renderStatements, writeFigures } from '../measure/message-runs.ts';
import type { MixResult } from '../measure/mix.ts';
import type { WatchedProcess } from '../measure/process-cpu.ts';
import { profilingInto } from '../measure/profiling.ts';
import { RECEIPTS_COME_WITHIN_MS } from '../measure/receipts.ts';
import { watchCost } from '../measure/run-cost.ts';
import { tracingAt } from '../measure/tracing.ts';
import { RawSide } from '../raw/raw-side.ts';
import { GatewayMix } from './gateway-mix.ts';
import { readOptions } from './options.ts';

const WARM_UP_S = 10;

const options = readOptions(process.argv.slice(2));
const { rate, seconds, sessions } = options;
const profiling = options.profileDir === undefined ? null : profilingInto(options.profileDir);
const services = await provideDurableServices(options.checkout);
console.log(`Node ${process.version}, ${services.description}`);
const tracing = await tracingAt(options.tracing);
const system = await startSystem({
  services,
  workers: options.workers,
  maxSessions: Math.max(50, sessions),
  logLevel: 'warn',
  adapt: runFrom(options.checkout, { unbundled: profiling !== null }),
  env: tracing.env({ sandbox: { SANDBOX_DECRYPT: 'false' }, ...profiling?.env }),
  ...(profiling && { nodeFlags: profiling.nodeFlags }),
});
const ours = new GatewayMix(system);
const raw = await RawSide.start(system.process('sandbox').url);
try {
  console.log(`Pairing ${sessions} and ${sessions} ...`);
  await ours.pair(sessions);
  await raw.pair(sessions);
  const sandbox = { name: 'sandbox', pid: system.process('sandbox').pid };
  const load = { name: 'load', pid: process.pid, alone: true };
  const our = system.processes.filter(({ name }) => name !== 'sandbox').map(({ name, pid }) => ({ name, pid }));
  const runRaw = async (time: number) => {
    const result = await raw.mix({ rate, seconds: time });
    await sleep(RECEIPTS_COME_WITHIN_MS);
    return result;
  };
  const measure = async (
    side: MessageRun['side'],
    processes: readonly WatchedProcess[],
    run: () => Promise<MixResult>,
  ): Promise<MessageRun> => {
    const isOurs = side === 'gateway';
    const eventsBefore = ours.events;
    const cost = await watchCost(processes, isOurs ? services.pool : null);
    const { sent, received, failures, firstFailure, latencies } = await run();
    if (failures > 0) console.log(`! ${failures} failed, the first with: ${firstFailure}`);
    return {
      label: `${rate}/s in and ${rate}/s out, ${sessions} sessions`,
      side,
      messages: sent + received,
      rate: (sent + received) / seconds,
      latencies,
      cost: await cost(),
      events: isOurs ? ours.events - eventsBefore : null,
      failures,
    };
  };
  await ours.run({ rate, seconds: WARM_UP_S });
  await runRaw(WARM_UP_S);
  const runs: MessageRun[] = [];
  for (let round = 0; round < options.rounds; round++) {
    profiling?.toggle(our);
    runs.push(
      await measure('gateway', [...our, ...services.processes, sandbox, load], () => ours.run({ rate, seconds })),
    );
    profiling?.toggle(our);
    runs.push(await measure('raw Baileys', [{ name: 'baileys', pid: raw.pid }, sandbox], () => runRaw(seconds)));
  }
  const last = runs.findLast(({ side }) => side === 'gateway');
  if (options.statements && last) console.log(`\n${renderStatements(last)}`);
  console.log(`\n${renderRuns(runs)}\n`);
  writeFigures(options.json, 'mixed', runs.map(figuresOf));
  if (ours.badSignatures > 0) throw new Error(`${ours.badSignatures} events came without a valid signature`);
  console.log(`Recorder: ${JSON.stringify(await system.sandbox.misdeeds())}`);
} finally {
  await Promise.all([ours.close(), raw.stop()]);
  await system.stop();
  if (options.tracing !== undefined)
    console.log(`${options.tracing} % of the traces recorded: ${tracing.kilobytes()?.toFixed(0)} kB of spans`);
  await tracing.close();
}

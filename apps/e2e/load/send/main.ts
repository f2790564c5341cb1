// Acknowledged messages per second through the API, against raw Baileys in the same run.
import { startSystem } from '../../harness/system.ts';
import type { LoopOptions, LoopResult } from '../measure/closed-loop.ts';
import { type DatabaseWork, watchDatabase } from '../measure/database-work.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { type WatchedProcess, watchCpu } from '../measure/process-cpu.ts';
import { profilingInto } from '../measure/profiling.ts';
import { RawSide } from '../raw/raw-side.ts';
import { GatewaySide } from './gateway-side.ts';
import { MAX_MESSAGES, readOptions, WARM_UP } from './options.ts';
import { type Run, renderReport } from './report.ts';

const options = readOptions(process.argv.slice(2));
const profiling = options.profileDir === undefined ? null : profilingInto(options.profileDir);
const services = await provideDurableServices();
console.log(`Node ${process.version}, ${services.description}`);
console.log('Sandbox phones do not decrypt; they do send receipts (delivered, read) for every message.');
const system = await startSystem({
  services,
  workers: options.workers,
  logLevel: 'warn',
  env: { sandbox: { SANDBOX_DECRYPT: 'false' }, ...profiling?.env },
  ...(profiling && { nodeFlags: profiling.nodeFlags }),
});
const sandboxProcess = system.process('sandbox');
const rawSide = await RawSide.start(sandboxProcess.url);

const ours = new GatewaySide(system);

try {
  const load = { name: 'load', pid: process.pid, alone: true };
  const runs: Run[] = [];
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
    await rawSide.run({ clients, ...WARM_UP });
    for (let round = 1; round <= options.rounds; round++) {
      runs.push({
        label,
        side: 'ours',
        ...(await measure(ours, loop, [...our, ...services.processes, sandbox, load], our)),
      });
      runs.push({
        label,
        side: 'raw',
        ...(await measure(rawSide, loop, [{ name: 'baileys', pid: rawSide.pid }, sandbox])),
      });
    }
  }
  console.log(`\n${renderReport(runs)}\n`);
  console.log(await ours.verify());
  console.log(`Recorder: ${JSON.stringify(await system.sandbox.misdeeds())}`);
} finally {
  await Promise.all([ours.close(), rawSide.stop()]);
  await system.stop();
}

async function measure(
  side: { run(loop: LoopOptions): Promise<LoopResult> },
  loop: LoopOptions,
  processes: readonly WatchedProcess[],
  profiled: readonly WatchedProcess[] = [],
): Promise<{ result: LoopResult; cpuMs: Record<string, number>; database: DatabaseWork | null }> {
  profiling?.toggle(profiled);
  const databaseWork = side === ours ? await watchDatabase(services.pool) : undefined;
  const cpu = watchCpu(processes);
  const result = await side.run(loop);
  const cpuMs = cpu();
  const database = (await databaseWork?.()) ?? null;
  profiling?.toggle(profiled);
  if (result.failures > 0) console.log(`! ${result.failures} failed, the first with: ${result.firstFailure}`);
  return { result, cpuMs, database };
}

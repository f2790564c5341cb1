// Acknowledged messages per second through the API, against raw Baileys in the same run (issue 2, section 5.4).
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { type SystemOptions, startSystem } from '../../harness/system.ts';
import type { LoopOptions, LoopResult } from '../measure/closed-loop.ts';
import { type DatabaseWork, watchDatabase } from '../measure/database-work.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { type WatchedProcess, watchCpu } from '../measure/process-cpu.ts';
import { RawSide } from '../raw/raw-side.ts';
import { GatewaySide } from './gateway-side.ts';
import { MAX_MESSAGES, readOptions, type SendLoadOptions, WARM_UP } from './options.ts';
import { type Run, renderReport } from './report.ts';

const options = readOptions(process.argv.slice(2));
const services = await provideDurableServices();
console.log(`Node ${process.version}, ${services.description}`);
console.log('Sandbox phones do not decrypt; they do send receipts (delivered, read) for every message.');
const system = await startSystem({ services, workers: options.workers, logLevel: 'warn', ...settings(options) });
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
  const switchProfiles = () => {
    if (options.profileDir) for (const { pid } of profiled) process.kill(pid, 'SIGWINCH');
  };
  switchProfiles();
  const databaseWork = side === ours ? await watchDatabase(services.pool) : undefined;
  const cpu = watchCpu(processes);
  const result = await side.run(loop);
  const cpuMs = cpu();
  const database = (await databaseWork?.()) ?? null;
  switchProfiles();
  if (result.failures > 0) console.log(`! ${result.failures} failed, the first with: ${result.firstFailure}`);
  return { result, cpuMs, database };
}

function settings({ profileDir }: SendLoadOptions): Pick<SystemOptions, 'env' | 'nodeFlags'> {
  const sandbox = { SANDBOX_DECRYPT: 'false' };
  if (profileDir === undefined) return { env: { sandbox } };
  const folder = resolve(profileDir);
  mkdirSync(folder, { recursive: true });
  const preload = ['--import', new URL('../preload/profile-on-signal.js', import.meta.url).href];
  const env = { LOAD_PROFILE_DIR: folder };
  return { env: { sandbox, gateway: env, worker: env }, nodeFlags: { gateway: preload, worker: preload } };
}

// What several and rich webhooks cost beside one, and what others notice of a webhook whose receiver is dead.
import { loadavg } from 'node:os';
import { startSystem } from '../../harness/system.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { watchCost } from '../measure/run-cost.ts';
import { median } from '../measure/statistics.ts';
import { runDeadEndpoint } from './dead-endpoint.ts';
import { LinkedSessions, type Setting } from './linked-sessions.ts';
import { readOptions } from './options.ts';

const WARM_UP_S = 4;
/** Processes of the product. */
const OWN = /^(?:gateway|worker|postgres|redis)/;

interface Run {
  setting: Setting;
  rate: number;
  cpuMs: number;
  statements: number;
}

const options = readOptions(process.argv.slice(2));
const { seconds, rounds, cases } = options;
const services = await provideDurableServices();
const system = await startSystem({
  services,
  workers: cases.some((one) => one !== 'dead') ? 1 : 0,
  maxSessions: options.sessions + 5,
  logLevel: 'error',
  env: { sandbox: { SANDBOX_DECRYPT: 'false' } },
});
console.log(`Node ${process.version}, ${services.description}, load ${loadavg()[0]!.toFixed(1)}`);

/** Both settings in turns, on sessions that stay. */
async function compare(count: number, settings: readonly [Setting, Setting]): Promise<void> {
  const sessions = new LinkedSessions(system);
  try {
    await sessions.pair(count);
    const watched = [...system.processes.map(({ name, pid }) => ({ name, pid })), ...services.processes];
    const measure = async (setting: Setting, time: number): Promise<Run> => {
      await sessions.set(setting);
      await sessions.run(1);
      const cost = await watchCost(watched, services.pool);
      const { count: inTime, written } = await sessions.run(time);
      const { cpuMs, database } = await cost();
      const own = Object.entries(cpuMs).filter(([name]) => OWN.test(name));
      const cpu = own.reduce((sum, [, ms]) => sum + ms, 0) / written;
      const run = {
        setting,
        rate: inTime / time,
        cpuMs: cpu,
        statements: (database?.statements ?? Number.NaN) / written,
      };
      console.log(
        `${setting}: ${run.rate.toFixed(0)}/s, ${run.cpuMs.toFixed(2)} ms (${own.map(([name, ms]) => `${name} ${(ms / written).toFixed(2)}`).join(', ')}), ${run.statements.toFixed(2)} statements`,
      );
      return run;
    };
    for (const setting of settings) await measure(setting, WARM_UP_S);
    const runs: Run[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const order = round % 2 === 0 ? settings : settings.toReversed();
      for (const setting of order) runs.push(await measure(setting, seconds));
    }
    const of = (setting: Setting, what: 'rate' | 'cpuMs') =>
      median(runs.filter((run) => run.setting === setting).map((run) => run[what]));
    const [one, other] = settings;
    const ratio = (what: 'rate' | 'cpuMs') => (of(other, what) / of(one, what)).toFixed(2);
    console.log(
      `\n${count} sessions, ${other} against ${one} (medians of ${rounds}): messages/s ${of(other, 'rate').toFixed(0)} against ${of(one, 'rate').toFixed(0)}, ratio ${ratio('rate')}; CPU ms per message ${of(other, 'cpuMs').toFixed(2)} against ${of(one, 'cpuMs').toFixed(2)}, ratio ${ratio('cpuMs')}; ${sessions.receiver.badSignatures} bad signatures\n`,
    );
  } finally {
    await sessions.close();
  }
}

try {
  if (cases.includes('workspace')) await compare(options.sessions, ['a primary webhook each', 'one of the workspace']);
  if (cases.includes('ten')) await compare(1, ['one endpoint', 'ten endpoints']);
  if (cases.includes('dead')) {
    const runs = await runDeadEndpoint(system, options, console.log);
    for (const condition of ['alive', 'silent', 'refused'] as const) {
      const own = runs.filter((run) => run.condition === condition);
      const [p50, p99] = [median(own.map(({ p50Ms }) => p50Ms)), median(own.map(({ p99Ms }) => p99Ms))];
      const all = own.map(({ p99Ms }) => p99Ms.toFixed(1)).join(', ');
      console.log(`one endpoint ${condition}: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (medians of ${all})`);
    }
  }
  console.log(`load ${loadavg()[0]!.toFixed(1)}`);
} finally {
  await system.stop();
}

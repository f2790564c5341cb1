// How long sessions are without an owner when workers die, end, pause and are rolled.
import { openCheckout, ownCheckout, runFrom } from '../../harness/checkout.ts';
import { startFleet } from '../../harness/fleet.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { oneOf, readFlags, within } from '../measure/flags.ts';
import { writeFigures } from '../measure/message-runs.ts';
import { endCase, killCase, pauseCase, wholeFleetCase } from './cases.ts';
import { figuresOf, type Row, renderSamples } from './report.ts';
import { rollingRestart } from './rolling.ts';
import { Subjects } from './sessions.ts';
import type { Sample, Stage } from './stage.ts';

const CASES = ['kill', 'end', 'pause', 'rolling', 'end-200', 'fleet'] as const;
const GRACE_MS = 90_000;

const values = readFlags(process.argv.slice(2), {
  rounds: { type: 'string', default: '10' },
  few: { type: 'string', default: '50' },
  many: { type: 'string', default: '200' },
  workers: { type: 'string', default: '3' },
  'busy-percent': { type: 'string', default: '0' },
  'send-rate': { type: 'string', default: '0' },
  case: { type: 'string', multiple: true, default: [...CASES] },
  checkout: { type: 'string' },
  json: { type: 'string' },
});
const rounds = within('rounds', values.rounds, 1, 50);
const [few, many] = [within('few', values.few, 1, 500), within('many', values.many, 1, 2_000)];
const workers = within('workers', values.workers, 2, 8);
const beside = {
  busyPercent: within('busy-percent', values['busy-percent'], 0, 95),
  sendRate: within('send-rate', values['send-rate'], 0, 500),
};
const wanted = values.case.map((name) => oneOf('case', name, CASES));
const checkout = values.checkout === undefined ? ownCheckout : openCheckout(values.checkout);
const isWanted = (name: (typeof CASES)[number]): boolean => wanted.includes(name);

const services = await provideDurableServices(checkout);
console.log(`Node ${process.version}, ${services.description}`);
// A worker has room for all sessions, so that each of them can have them all, and is not so full that some are
// moved away.
const fleet = await startFleet({
  services,
  workers,
  gateways: 2,
  maxSessions: Math.ceil(Math.max(few, many) * 1.2),
  logLevel: 'warn',
  adapt: runFrom(checkout),
  env: { worker: { SHUTDOWN_GRACE_MS: '80000' }, sandbox: { SANDBOX_DECRYPT: 'false' } },
});
const stage: Stage = { fleet, subjects: new Subjects(fleet.system) };
const rows: Row[] = [];

async function repeat(name: string, times: number, once: (worker: string) => Promise<Sample>): Promise<void> {
  const samples: Sample[] = [];
  for (let round = 0; round < times; round++) {
    const worker = `worker-${(round % workers) + 1}`;
    const sample = await once(worker);
    console.log(`${name} ${worker}: ${JSON.stringify(sample)}`);
    samples.push(sample);
  }
  rows.push({ name, samples });
}

try {
  console.log(`Pairing ${few} ...`);
  await stage.subjects.grow(few);
  if (isWanted('kill')) {
    const { busyPercent, sendRate } = beside;
    const parts = [busyPercent && `cores ${busyPercent} % busy`, sendRate && `${sendRate} sends/s`].filter(Boolean);
    const name = [`SIGKILL, ${few} sessions`, ...parts].join(', ');
    await repeat(name, rounds, (worker) => killCase(stage, worker, beside));
  }
  if (isWanted('end')) await repeat(`SIGTERM, ${few} sessions`, rounds, (worker) => endCase(stage, worker, GRACE_MS));
  if (isWanted('pause')) await repeat(`SIGSTOP 30 s, ${few} sessions`, rounds, (worker) => pauseCase(stage, worker));
  if (isWanted('rolling')) {
    const { answers, seconds } = await rollingRestart(stage, GRACE_MS);
    console.log(`Rolling restart of 3 workers and 2 gateways: ${seconds.toFixed(1)} s, ${JSON.stringify(answers)}`);
  }
  if (isWanted('end-200') || isWanted('fleet')) {
    console.log(`Pairing ${many} ...`);
    await stage.subjects.grow(many);
  }
  if (isWanted('end-200'))
    await repeat(`SIGTERM, ${many} sessions`, rounds, (worker) => endCase(stage, worker, GRACE_MS));
  if (isWanted('fleet')) await repeat(`whole fleet, ${many} sessions`, rounds, () => wholeFleetCase(stage));
  console.log(`\n${renderSamples(rows)}`);
  writeFigures(values.json, 'failover', rows.flatMap(figuresOf));
  console.log(`Recorder: ${JSON.stringify(await fleet.system.sandbox.misdeeds())}`);
  const reused = (await fleet.system.sandbox.keysUsedTwice()).slice(0, 10);
  for (const use of reused) console.log(`  key used twice: ${JSON.stringify(use)}`);
} finally {
  await fleet.stop();
}

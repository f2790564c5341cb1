// How long a gateway and a worker take from the start of the process to their first healthy answer, and what memory
// they hold once they are idle. With `--beside` another built checkout takes turns with this one.
import { get } from 'node:http';
import { parseArgs } from 'node:util';
import { openCheckout, ownCheckout, programOf } from '../../harness/checkout.ts';
import type { ManagedProcess } from '../../harness/managed-process.ts';
import { startSystem } from '../../harness/system.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { childrenOf, proportionalBytes, residentBytes, watchCpu } from '../measure/process-cpu.ts';
import { median } from '../measure/statistics.ts';

const MB = 1_048_576;
const POLL_MS = 5;
const NAMES = ['gateway-1', 'worker-1'] as const;
const AIMS = { readyMs: 1_000, residentMb: { 'gateway-1': 150, 'worker-1': 110 } } as const;

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    rounds: { type: 'string', default: '5' },
    'idle-seconds': { type: 'string', default: '10' },
    beside: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const idleMs = Number(values['idle-seconds']) * 1_000;
if (!(rounds >= 1 && idleMs >= 0)) throw new Error('--rounds must be at least 1, --idle-seconds at least 0');

interface Reading {
  readyMs: number;
  /** CPU time until then. */
  cpuMs: number;
  residentMb: number;
  proportionalMb: number;
}

const sides = [
  { name: 'this tree', checkout: ownCheckout },
  ...(values.beside === undefined ? [] : [{ name: 'beside', checkout: openCheckout(values.beside) }]),
];
const services = await provideDurableServices();
const system = await startSystem({ services, logLevel: 'warn' });
const [postgres] = services.processes;
const readings = new Map<string, Reading[]>();
let backends = '';

try {
  for (let round = 0; round < rounds; round++) {
    for (const side of sides) {
      for (const name of NAMES.toReversed()) await system.process(name).stop();
      for (const name of NAMES) system.process(name).spec.main = programOf(name.replace(/-\d+$/, ''), side.checkout);
      const started: { name: string; process: ManagedProcess; readyMs: number; cpuMs: number }[] = [];
      for (const name of NAMES) started.push({ name, ...(await startTimed(system.process(name))) });
      await new Promise((done) => setTimeout(done, idleMs));
      for (const { name, process, readyMs, cpuMs } of started) {
        const key = `${name}, ${side.name}`;
        const residentMb = residentBytes(process.pid) / MB;
        const reading = { readyMs, cpuMs, residentMb, proportionalMb: proportionalBytes(process.pid) / MB };
        readings.set(key, [...(readings.get(key) ?? []), reading]);
      }
      backends = describeBackends(postgres!.pid);
      console.log(`round ${round + 1}, ${side.name}; ${backends}`);
    }
  }
  console.log(`\nNode ${process.version}, ${services.description}; ${rounds} rounds, memory after ${idleMs / 1_000} s`);
  console.log('| process | first healthy answer, ms | CPU until then, ms | RSS, MB | PSS, MB | aims |');
  console.log('|---|---|---|---|---|---|');
  for (const [key, list] of [...readings].toSorted(([a], [b]) => a.localeCompare(b))) {
    const of = (read: (reading: Reading) => number) =>
      `${median(list.map(read)).toFixed(0)} (${Math.min(...list.map(read)).toFixed(0)}-${Math.max(...list.map(read)).toFixed(0)})`;
    const name = NAMES.find((candidate) => key.startsWith(candidate))!;
    const aims = `<= ${AIMS.readyMs} ms, <= ${AIMS.residentMb[name]} MB`;
    const [ready, cpu] = [of(({ readyMs }) => readyMs), of(({ cpuMs }) => cpuMs)];
    const [resident, proportional] = [of(({ residentMb }) => residentMb), of(({ proportionalMb }) => proportionalMb)];
    console.log(`| ${key} | ${ready} | ${cpu} | ${resident} | ${proportional} | ${aims} |`);
  }
} finally {
  await system.stop();
}

/** Starts it and asks until it says that it is ready. */
async function startTimed(process: ManagedProcess) {
  const begin = performance.now();
  process.spawn();
  const cpu = watchCpu([{ name: 'it', pid: process.pid }]);
  while (!(await isReady(process.url + process.spec.readyPath))) {
    if (!process.isRunning) throw new Error(`${process.name} ended before it was ready:\n${process.log.tail()}`);
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
  return { process, readyMs: performance.now() - begin, cpuMs: cpu().it! };
}

function isReady(url: string): Promise<boolean> {
  return new Promise((done) => {
    const request = get(url, { agent: false }, (response) => {
      response.resume();
      done(response.statusCode === 200);
    });
    request.once('error', () => done(false));
  });
}

/** What the connections of all processes cost the server. */
function describeBackends(postmaster: number): string {
  const pids = childrenOf(postmaster);
  const proportional = pids.reduce((sum, pid) => sum + proportionalBytes(pid), 0);
  return `${pids.length} processes of PostgreSQL, PSS ${(proportional / MB).toFixed(0)} MB`;
}

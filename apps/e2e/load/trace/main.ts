// One message at a time through all processes: where its latency comes from. Hops are named by what is seen on the way,
// so that they follow the path when it changes.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runFrom } from '../../harness/checkout.ts';
import { startSystem } from '../../harness/system.ts';
import { provideDurableServices } from '../measure/durable-services.ts';
import { type Flow, readOptions } from './options.ts';
import { pathTo } from './path.ts';
import type { Point } from './points.ts';
import { Recorder, recordHttp } from './recorder.ts';
import { renderProcesses, renderTrace, rowsOf, spendingOf, type Trace } from './report.ts';
import { watchServerTimes } from './server-times.ts';
import { collect, type Traced, TraceStage, toggle } from './stage.ts';
import { cutWindow } from './windows.ts';

const WARM_UP = 200;
const MOST_LOST = 10;
/** After the outcome of the last message, so that what it causes is in the recording too. */
const TAIL_MS = 300;

const options = readOptions(process.argv.slice(2));
const folder = await mkdtemp(join(tmpdir(), 'wa-gate-trace-'));
const preload = ['--import', new URL('../preload/trace-on-signal.js', import.meta.url).href];
const env = { LOAD_TRACE_DIR: folder };
const services = await provideDurableServices(options.checkout);
console.log(`Node ${process.version}, ${services.description}`);
const system = await startSystem({
  services,
  logLevel: 'warn',
  adapt: runFrom(options.checkout, { unbundled: true }),
  env: { gateway: env, worker: env, sandbox: { ...env, SANDBOX_DECRYPT: 'false' } },
  nodeFlags: { gateway: preload, worker: preload, sandbox: preload },
});
const client = new Recorder('client');
recordHttp(client);
const stage = new TraceStage(system);
/** Events that did not come: an earlier version may lose some, and is traced all the same. */
const lost: string[] = [];
try {
  await stage.pair(options.sessions);
  const traced = new Map<Flow, Traced[]>();
  const attempt = async (flow: Flow): Promise<Traced[]> => {
    try {
      return [await stage.trace(flow)];
    } catch (error) {
      lost.push((error as Error).message);
      if (lost.length > MOST_LOST) throw error;
      return [];
    }
  };
  for (const flow of options.flows) for (let index = 0; index < WARM_UP; index++) await attempt(flow);
  const serverTimes = await watchServerTimes(services.pool);
  toggle(system);
  client.isOn = true;
  for (const flow of options.flows) {
    const done: Traced[] = [];
    for (let index = 0; index < options.messages; index++) {
      await sleep(options.gapMs);
      done.push(...(await attempt(flow)));
    }
    traced.set(flow, done);
  }
  await sleep(TAIL_MS);
  client.isOn = false;
  toggle(system);
  const server = await serverTimes();
  const recordings = await collect(system, folder);
  const points = [client.points, ...recordings.map((one) => one.points)];
  for (const kind of ['statement', 'frame', 'redis'] as const)
    if (!points.flat().some((point) => point.kind === kind))
      throw new Error(`No ${kind} was recorded: the processes do not load pg, ws or ioredis as the recorder expects`);
  const traces = options.flows.flatMap((flow) => tracesOf(flow, traced.get(flow)!, points));
  if (lost.length > 0) console.log(`! ${lost.length} events did not come, the first: ${lost[0]}`);
  for (const trace of traces) console.log(`\n${renderTrace(trace, server)}`);
  if (server.flushes) {
    const { count, ms } = server.flushes;
    console.log(`\nFlushes of the write-ahead log meanwhile: ${count}, ${ms.toFixed(2)} ms each (mean)`);
  }
  const total = options.flows.length * options.messages;
  console.log(`\n${renderProcesses(recordings, total)}`);
  if (options.json !== undefined) await writeFile(options.json, JSON.stringify(traces.map(figuresOf), null, 1));
} finally {
  await stage.close();
  await system.stop();
  await rm(folder, { recursive: true, force: true });
}

/** A send has two outcomes: the answer, and the event. */
function tracesOf(flow: Flow, messages: readonly Traced[], recordings: readonly (readonly Point[])[]): Trace[] {
  const windows = messages.map(({ from, to }) => cutWindow(recordings, from, to));
  const isEvent = ({ process: name, kind, side, match }: Point) =>
    name === 'client' && kind === 'http' && side === 'in' && match?.startsWith('ask ') === true;
  const isAnswer = ({ process: name, kind, side, match }: Point) =>
    name === 'client' && kind === 'http' && side === 'in' && match?.startsWith('answer POST') === true;
  const trace = (name: string, isOutcome: (point: Point) => boolean): Trace => {
    const found = windows
      .map((points) => ({ points, last: points.findLastIndex(isOutcome) }))
      .filter(({ last }) => last > 0);
    if (found.length === 0) throw new Error(`No outcome of "${name}" was recorded`);
    return {
      name,
      paths: found.map(({ points, last }) => pathTo(points, last)),
      windows: found.map(({ points, last }) => points.slice(0, last + 1)),
    };
  };
  switch (flow) {
    case 'send':
      return [trace('send, to the answer `sent`', isAnswer), trace('send, to `message.sent` at the webhook', isEvent)];
    case 'receipt':
      return [trace('receipt, to `message.delivered` at the webhook', isEvent)];
    case 'receive':
      return [trace('message of a phone, to `message.received` at the webhook', isEvent)];
  }
}

function figuresOf({ name, paths }: Trace) {
  return {
    name,
    totalsMs: paths.map((path) => path.reduce((sum, { ms }) => sum + ms, 0)),
    hops: rowsOf(paths),
    spending: Object.fromEntries(spendingOf(paths)),
  };
}

/**
 * Measures the cost of a sandbox: memory per connected companion, CPU per message, pairings per minute. See README.md.
 *
 *   node dist/bench/main.js [--scripted 80] [--baileys 20] [--texts 20]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ControlApi } from '../testing/control-api.ts';
import { Child } from './child.ts';
import {
  type ClientsReport,
  type ClientsRequest,
  type Measurement,
  megabytes,
  perMessage,
  type SandboxReport,
  type SandboxRequest,
} from './measure.ts';
import { ScriptedFleet } from './scripted-fleet.ts';

const MAX_COMPANIONS = 2000;
const SETTLE_MS = 3000;
/** The first companions load code and fill caches; they belong to the baseline. */
const WARM_UP = 2;

const { values } = parseArgs({
  options: {
    scripted: { type: 'string', default: '80' },
    baileys: { type: 'string', default: '20' },
    texts: { type: 'string', default: '20' },
  },
});
const scripted = count(values.scripted, 'scripted', 1);
const baileys = count(values.baileys, 'baileys', 0);
const texts = count(values.texts, 'texts', 1);

const sandbox = new Child<SandboxRequest, SandboxReport>('./sandbox-process.js', ['--expose-gc']);
const clients = new Child<ClientsRequest, ClientsReport>('./baileys-process.js');
let fleet: ScriptedFleet | undefined;
try {
  await run();
} finally {
  fleet?.close();
  await Promise.all([clients.stop(), sandbox.stop()]);
}

async function run(): Promise<void> {
  const ready = await sandbox.answer('ready');
  const access = { wsUrl: ready.wsUrl, caPem: ready.caPem, noiseRoot: Buffer.from(ready.noiseRoot, 'base64') };
  fleet = new ScriptedFleet(new ControlApi(ready.url), access);
  await fleet.grow(WARM_UP);
  await fleet.send(1);
  const base = await measureIdle(true);

  const scriptedSeconds = await fleet.grow(scripted);
  const afterScripted = await measureIdle(true);
  say('scripted companions', String(scripted));
  say('  pairings per minute', ((scripted / scriptedSeconds) * 60).toFixed(0));
  say('  sandbox CPU per pairing', `${((afterScripted.processCpuMs - base.processCpuMs) / scripted).toFixed(1)} ms`);
  sayMemory(base, afterScripted, scripted);

  if (baileys > 0) {
    const { seconds } = await clients.ask({ kind: 'pair', ready, count: baileys }, 'paired');
    const afterBaileys = await measureIdle(true);
    say('real Baileys', String(baileys));
    say('  pairings per minute', ((baileys / seconds) * 60).toFixed(0));
    sayMemory(afterScripted, afterBaileys, baileys);
    say('  connected now', String(afterBaileys.connections));
  }

  sayMessages('scripted, first ones (with keys)', ...(await measured(() => fleet!.send(1))));
  sayMessages('scripted', ...(await measured(() => fleet!.send(texts))));
  if (baileys > 0) {
    const ask = (count: number) => clients.ask({ kind: 'send', texts: count }, 'sent');
    sayMessages('real Baileys, first ones (with keys)', ...(await measured(() => ask(1))));
    sayMessages('real Baileys', ...(await measured(() => ask(texts))));
  }
  const end = await measure();
  say('unreadable at phones / at companions', `${end.unreadable} / ${fleet.unreadable}`);
  say('violations noted', String(end.violations));
}

function sayMemory(before: Measurement, after: Measurement, companions: number): void {
  const each = (start: number, finish: number): string => megabytes((finish - start) / companions);
  say('  RSS per companion', `${each(before.rssBytes, after.rssBytes)} MB`);
  say('  heap per companion', `${each(before.heapBytes, after.heapBytes)} MB`);
  say('  buffers per companion', `${each(before.externalBytes, after.externalBytes)} MB`);
}

interface Sent {
  messages: number;
  seconds: number;
}

/** Runs a round of sending between two measurements. The second one waits for the receipts of the round. */
async function measured(round: () => Promise<Sent>): Promise<[Sent, Measurement, Measurement]> {
  const before = await measure();
  const sent = await round();
  return [sent, before, await measureIdle()];
}

function sayMessages(who: string, sent: Sent, before: Measurement, after: Measurement): void {
  const cpu = perMessage(before, after);
  say(
    `texts by ${who}`,
    `${sent.messages} in ${sent.seconds.toFixed(1)} s, ${(sent.messages / sent.seconds).toFixed(0)}/s`,
  );
  say('  server CPU per text', `${cpu.server} ms (everything but the phones)`);
  say('  phones CPU per text', `${cpu.phones} ms (their own Signal work)`);
}

/** Waits until receipts and queues are idle, then measures. */
async function measureIdle(collect = false): Promise<Measurement> {
  await sleep(SETTLE_MS);
  return measure(collect);
}

async function measure(collect = false): Promise<Measurement> {
  return (await sandbox.ask({ collect }, 'measured')).measurement;
}

function count(value: string, name: string, minimum: number): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < minimum || number > MAX_COMPANIONS) {
    throw new RangeError(`--${name} must be a whole number from ${minimum} to ${MAX_COMPANIONS}`);
  }
  return number;
}

function say(what: string, figure: string): void {
  console.log(`${what.padEnd(40)} ${figure}`);
}

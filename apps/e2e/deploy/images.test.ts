import { execFile, execFileSync, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createPool } from '@wa-gate/db';
import { freePort } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { ProcessSpec } from '../harness/managed-process.ts';
import {
  addPhone,
  type PairedSession,
  pairSession,
  registerTenant,
  subscribe,
  type Tenant,
} from '../harness/pair-session.ts';
import { prepareServices, type Services } from '../harness/services.ts';
import { type System, startSystem } from '../harness/system.ts';
import { expectSoundSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { buildahOf } from './buildah.ts';
import { launchOf, type RunnableImage, runToEnd, unpack } from './container.ts';
import { createEmptyDatabase } from './empty-database.ts';
import { buildImages, imageFolder, obstacle, TAG } from './image-build.ts';
import { imagesBuiltBeside } from './image-build-beside.ts';
import { loadScripts } from './scripts.ts';

/**
 * The images, built by `npm run images` with Debian's buildah on a base made here, and the demonstration against
 * processes inside of them. No registry of images is asked. The build takes two to four minutes; in a run of all
 * scenarios it goes on beside them (`image-build-beside.ts`). It needs root (mounts, chroot). `image-contents.test.ts`
 * checks what can be checked without.
 */
const NAMES = ['gateway', 'worker', 'sandbox', 'migrate'] as const;
type Name = (typeof NAMES)[number];
/** Milliseconds. Beside other tests, the build has what they leave of the processor. */
const BUILD_MS = 1_800_000;
/** Less than that of the hook, so that the report names what did not come. */
const WAIT_MS = BUILD_MS - 60_000;
const run = promisify(execFile);

const why = await obstacle();
if (why !== null)
  console.warn(`The images are not built: ${why}. Their contents are checked by image-contents.test.ts.`);

describe.skipIf(why !== null)('the images (MR-181)', () => {
  let folder: string;
  const images = {} as Record<Name, RunnableImage>;
  const figures: string[] = [];

  beforeAll(async () => {
    const beside = inject('imageFolder');
    folder = beside ?? (await imageFolder());
    const { ms } = await (beside ? imagesBuiltBeside(beside, WAIT_MS) : buildImages(folder));
    figures.push(`built in ${Math.round(ms / 1000)} s${beside ? ' at low priority beside other tests' : ''}`);
    const buildah = buildahOf(folder);
    for (const name of NAMES) {
      images[name] = await unpack(buildah, `localhost/wa-gate/${name}:${TAG}`);
      const size = execFileSync('du', ['--summarize', '--block-size=1M', images[name].root], { encoding: 'utf8' });
      figures.push(`${name} ${Number.parseInt(size, 10)} MB with its base`);
    }
    console.info(figures.join(', '));
  }, BUILD_MS);

  afterAll(async () => {
    if (folder) await rm(folder, { recursive: true, force: true });
  }, BUILD_MS);

  test.each(NAMES)('%s: user 1000, tini first, its ports, its health check, its licences', async (name) => {
    const { PROGRAMS } = await loadScripts();
    const { folder: home, ports, health } = PROGRAMS[name]!;
    const { config, root } = images[name];
    expect(config.User).toBe('1000:1000');
    expect(config.Entrypoint).toEqual(['/app/tini', '--', 'node', `/app/${home}/bundle/main.js`]);
    expect(Object.keys(config.ExposedPorts ?? {}).sort()).toEqual(Object.values(ports).map((port) => `${port}/tcp`));
    for (const [variable, port] of Object.entries(ports)) expect(config.Env).toContain(`${variable}=${port}`);
    expect(config.Healthcheck?.Test).toEqual(health ? ['CMD', 'node', '/app/healthcheck.mjs', ...health] : ['NONE']);
    expect(config.Labels?.['org.opencontainers.image.licenses']).toBe(
      name === 'worker' ? 'GPL-3.0-only' : 'Apache-2.0',
    );
    expect(await readFile(join(root, 'app/licences/NOTICE'), 'utf8')).toContain('wa-gate');
    expect(await readFile(join(root, 'app/licences/tini.txt'), 'utf8')).toContain('tini');
    expect(() => execFileSync('test', ['-e', join(root, 'bin/sh')])).toThrow();
  });

  describe('running', () => {
    let services: Services;
    let emptyDatabase: { url: string; drop(): Promise<void> };
    let system: System;
    let tenant: Tenant;
    let session: PairedSession;
    let data: string;
    /** As compose mounts it: one folder of files for gateways and workers. */
    let media: string;

    const inImages = async (spec: ProcessSpec): Promise<ProcessSpec> => {
      const name = NAMES.find((one) => spec.name.startsWith(one))!;
      const volumes = name === 'sandbox' ? { '/data': data } : { '/media': media };
      // The containers share the network of this machine, so each port may be taken once.
      const own = name === 'sandbox' ? { SANDBOX_DATA_DIR: '/data' } : { METRICS_PORT: '', MEDIA_DIR: '/media' };
      return { ...spec, env: { ...spec.env, ...own }, launch: launchOf(images[name], { volumes }) };
    };

    beforeAll(async () => {
      data = await mkdtemp(join(tmpdir(), 'wa-gate-data-'));
      media = await mkdtemp(join(tmpdir(), 'wa-gate-media-'));
      await run('chown', ['1000:1000', data, media]);
      services = await prepareServices();
      emptyDatabase = await createEmptyDatabase();
      const url = join(data, 'database_url');
      await writeFile(url, `${emptyDatabase.url}\n`);
      await chmod(url, 0o444);
    });
    afterAll(async () => {
      await system?.stop();
      await emptyDatabase?.drop();
      for (const folder of [data, media]) await rm(folder, { recursive: true, force: true });
    });
    beforeEach((context) => {
      context.onTestFailed(() => {
        if (system) console.error(system.tails());
      });
    });

    test('migrate applies every migration to an empty database, a second time none', async () => {
      const first = await runToEnd(images.migrate, { DATABASE_URL: emptyDatabase.url });
      expect(first).toMatchObject({ code: 0, stderr: '' });
      const applied = first.stdout.trim().split('\n');
      expect(applied.length).toBeGreaterThan(10);
      expect(await runToEnd(images.migrate, { DATABASE_URL: emptyDatabase.url })).toMatchObject({
        code: 0,
        stdout: '',
      });
      const pool = createPool({ url: emptyDatabase.url, name: 'e2e', max: 1 });
      const { rows } = await pool.query('SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL');
      await pool.end();
      expect(rows.map((row) => row.migration_name).sort()).toEqual(applied.sort());
    });

    test('the demonstration: linked, sent to a phone, its answer at the webhook', async () => {
      const begun = performance.now();
      system = await startSystem({ workers: 2, services, adapt: inImages });
      console.info(`a system of four containers was ready after ${Math.round(performance.now() - begun)} ms`);
      tenant = await registerTenant(system);
      session = await pairSession(system, tenant);
      const webhook = await subscribe(tenant, session.sessionId);
      const friend = await addPhone(system, 'Friend');
      const sent = await session.api.send(session.sessionId, { to: friend.number, type: 'text', message: 'hello' });
      expect(sent).toMatchObject({ status: 200, body: { success: true, data: { status: 'sent' } } });
      await waitFor(async () => (await system.sandbox.inbox(friend.number)).some(({ text }) => text === 'hello'));
      await system.sandbox.sendText(friend.number, session.phone.number, 'hello yourself');
      await webhook.waitForEvent('message.received', (event) => event.data.text === 'hello yourself');
      expect(webhook.requests.filter(({ problem }) => problem !== null)).toEqual([]);
      await webhook.close();
    });

    test('every process is user 1000 without any capability, on a root that cannot be written', async () => {
      for (const { name, spec, pid } of system.processes) {
        const first = spec.launch!.target(pid)!;
        const status = await readFile(`/proc/${first}/status`, 'utf8');
        expect(/^Uid:\s+(.*)$/m.exec(status)?.[1], name).toBe('1000\t1000\t1000\t1000');
        expect(/^Groups:(.*)$/m.exec(status)?.[1]?.trim(), name).toBe('');
        expect(/^CapEff:\s+(.*)$/m.exec(status)?.[1], name).toBe('0000000000000000');
      }
      const write = `for (const path of ['/app/x', '/x', '/tmp/x']) try { fs.writeFileSync(path, ''); console.log(path, 'ok') } catch ({ code }) { console.log(path, code) }`;
      const { stdout } = await runToEnd(images.worker, {}, { command: ['/usr/local/bin/node', '-e', write] });
      expect(stdout.trim().split('\n')).toEqual(['/app/x EROFS', '/x EROFS', '/tmp/x ok']);
    });

    test('the health check says whether the process answers', async () => {
      const gateway = system.process('gateway-1');
      const { PORT } = gateway.spec.env as { PORT: string };
      const command = images.gateway.config.Healthcheck!.Test.slice(1);
      expect(await runToEnd(images.gateway, { PORT }, { command })).toMatchObject({
        code: 0,
        stdout: '/readyz answered 200\n',
      });
      expect(await runToEnd(images.gateway, { PORT: '1' }, { command })).toMatchObject({ code: 1 });
    });

    test('the commands for operators are in the image of the gateway', async () => {
      const command = ['/usr/local/bin/node', '/app/apps/gateway/bundle/wag.js', 'help'];
      expect(await runToEnd(images.gateway, {}, { command })).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('wag'),
      });
    });

    test('SIGTERM drains within the grace: the session moves on, and needs no new QR code', async () => {
      const ownerId = (await session.api.getSession(session.sessionId)) as { workerId?: string | null };
      const owner = system.workers.find(({ spec }) => spec.env.WORKER_ID === ownerId.workerId) ?? system.workers[0]!;
      const begun = performance.now();
      expect(await owner.stop()).toEqual({ code: 0, signal: null });
      expect(performance.now() - begun).toBeLessThan(Number(owner.spec.env.SHUTDOWN_GRACE_MS));
      expect(owner.log.tail()).toContain('"msg":"stopped"');
      const friend = await addPhone(system, 'After');
      const sent = await session.api.send(
        session.sessionId,
        { to: friend.number, type: 'text', message: 'still here' },
        { wait: 'sent' },
      );
      expect(sent.body.data.status).toBe('sent');
      expect(await system.sandbox.devices(session.phone.number)).toHaveLength(1);
    });

    test('a restart of everything brings the session back without a QR code', async () => {
      for (const { name } of system.processes.filter((one) => one.isRunning)) await system.process(name).stop();
      for (const kind of ['sandbox', 'gateway', 'worker']) {
        const starting = system.processes.filter(({ name }) => name.startsWith(kind));
        await Promise.all(starting.map((one) => one.start()));
      }
      await waitFor(async () => (await session.api.getSession(session.sessionId)).status === 'connected', {
        what: 'the session to be connected again',
        timeoutMs: 60_000,
      });
      expect(await system.sandbox.devices(session.phone.number)).toHaveLength(1);
    });

    test('SIGTERM before a process listens to signals ends it all the same', async () => {
      // Node reads its program in the first moments. Without tini the kernel would drop the signal then.
      const { env } = system.process('gateway-1').spec;
      const code = await endedEarly(images.gateway, { ...env, PORT: String(await freePort()) });
      expect([143, 0]).toContain(code);
    });

    test.each([
      [
        'a secret of another owner',
        'gateway',
        { WAG_MASTER_KEY_FILE: '/run/secret' },
        /^WAG_MASTER_KEY_FILE names \/run\/secret, which user 1000 may not read\. Let that user read it, with chown or chmod\.$/,
      ],
      [
        'a folder where a secret should be',
        'migrate',
        { DATABASE_URL_FILE: '/tmp' },
        /^DATABASE_URL_FILE names \/tmp, which is a folder\./,
      ],
    ] as const)('%s is one sentence', async (_what, name, env, sentence) => {
      const secret = join(images[name].root, 'run/secret');
      await mkdir(dirname(secret), { recursive: true });
      await writeFile(secret, 'x', { mode: 0o400 });
      const { code, stderr } = await runToEnd(images[name], env);
      await rm(secret);
      expect([code, stderr.trim()]).toEqual([1, expect.stringMatching(sentence)]);
    });

    test('a volume of another owner is one sentence', async () => {
      const foreign = await mkdtemp(join(tmpdir(), 'wa-gate-foreign-'));
      const { code, stderr } = await runToEnd(images.sandbox, {}, { volumes: { '/data': foreign } });
      await rm(foreign, { recursive: true });
      expect(code).toBe(1);
      expect(stderr.trim()).toBe(
        'sandbox: SANDBOX_DATA_DIR: user 1000 cannot write into /data. It belongs to user 0. Give it to this user: chown -R 1000 /data.',
      );
    });

    expectSoundSystem(() => system);
  });
});

/** Sends SIGTERM to the first process as soon as there is one. */
async function endedEarly(image: RunnableImage, env: Record<string, string>): Promise<number | null> {
  const launch = launchOf(image);
  const child = spawn(launch.command, launch.args, { env: { ...launch.env, ...env }, stdio: 'ignore' });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const first = await waitFor(
    async () => {
      const pid = launch.target(child.pid!);
      return pid !== undefined && (await handsSignalsOn(pid)) ? pid : undefined;
    },
    { what: 'the first process', everyMs: 1 },
  );
  process.kill(first, 'SIGTERM');
  return ended;
}

/**
 * Whether the first process is tini and has started its child. It blocks signals before that, and hands them on after.
 * Signals of earlier moments are dropped by the kernel, as those of every first process.
 */
async function handsSignalsOn(pid: number): Promise<boolean> {
  const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8');
  return (await read('comm')).trim() === 'tini' && (await read(`task/${pid}/children`)).trim() !== '';
}

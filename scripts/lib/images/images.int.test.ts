import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ROOT } from '../paths.mjs';

/** `npm run images` and `deploy/prepare.mjs` as commands; real builds are in apps/e2e/deploy. */
let folder: string;
let bin: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wag-images-'));
  bin = join(folder, 'bin');
  mkdirSync(bin);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(script: string, args: string[], env: Record<string, string> = {}) {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, script), ...args], {
      env: { PATH: bin, ...env },
    });
    return { code: 0, output: stdout };
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    return { code, output: stderr };
  }
}

/** A command that writes its arguments down. What it prints stands for the answers of an engine. */
function command(name: string, answers: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\necho "$@" >> '${folder}/calls'\n${answers}\n`);
  chmodSync(join(bin, name), 0o755);
}
const calls = () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');

describe('npm run images (MR-181)', () => {
  test('without an engine says so, and what to install', async () => {
    const { code, output } = await run('scripts/images.mjs', []);
    expect([code, output]).toEqual([
      1,
      'Error: Nothing on this machine builds images: neither docker nor podman nor buildah is on the PATH.\n' +
        '  Install one of them, for example: apt-get install buildah.\n',
    ]);
  });

  test.each([
    [['--engine', 'kaniko'], /There is no engine "kaniko"\.\n {2}Known are docker, podman, buildah\./],
    [['--engine', 'docker'], /docker is not on the PATH\./],
    [
      ['--image', 'dashboards'],
      /There is no image "dashboards"\.\n {2}There are gateway, worker, sandbox, migrate, gateway-ffmpeg\./,
    ],
    [['--tags', 'x'], /Unknown option '--tags'/],
  ])('%j is refused in a sentence', async (args, sentence) => {
    command('podman', '');
    const { code, output } = await run('scripts/images.mjs', args);
    expect([code, output]).toEqual([1, expect.stringMatching(sentence)]);
  });

  test('builds every image on the base with its digest, with docker where it is there', async () => {
    const digest = `sha256:${'ab12'.repeat(16)}`;
    command(
      'docker',
      `case "$*" in *RepoDigests*) echo "docker.io/library/node@${digest}";; *Size*) echo 181000000;; esac`,
    );
    command('buildah', 'exit 1');
    const { code, output } = await run('scripts/images.mjs', ['--tag', 'v9', '--revision', 'r9']);
    expect([code, output]).toEqual([0, expect.stringContaining('wa-gate/worker:v9  181 MB')]);
    const base = `docker.io/library/node:24-bookworm-slim@${digest}`;
    expect(output).toContain(`The base was ${base}`);
    const builds = calls().filter((line) => line.startsWith('build '));
    expect(builds.map((line) => /--target (\w+)/.exec(line)?.[1])).toEqual(['gateway', 'worker', 'sandbox', 'migrate']);
    for (const line of builds) {
      expect(line).toContain(
        `--build-arg NODE_IMAGE=${base} --build-arg RUNTIME_IMAGE=${base} --build-arg REVISION=r9`,
      );
    }
  });

  test('builds the gateway with ffmpeg where it is asked for, and only then (MR-157)', async () => {
    const digest = `sha256:${'ab12'.repeat(16)}`;
    command('podman', `case "$*" in *RepoDigests*) echo "docker.io/library/node@${digest}";; *Size*) echo 1;; esac`);
    const { code } = await run('scripts/images.mjs', ['--tag', 'v9', '--image', 'gateway-ffmpeg']);
    expect(code).toBe(0);
    const builds = calls().filter((line) => line.startsWith('build '));
    expect(builds).toHaveLength(1);
    expect(builds[0]).toContain('--target gateway-ffmpeg --tag wa-gate/gateway-ffmpeg:v9');
    const target = readFileSync(join(ROOT, 'deploy/docker/Dockerfile'), 'utf8').split('AS gateway-ffmpeg')[1];
    // Beside the licences of the gateway; what runs is no longer under Apache-2.0 alone.
    expect(target).toContain('/app/licences/ffmpeg.txt');
    expect(target).toContain('org.opencontainers.image.licenses="Apache-2.0 AND GPL-2.0-or-later"');
    expect(target).toMatch(/USER 1000:1000\s*$/);
  });

  test('a base that cannot be fetched is a sentence', async () => {
    command('podman', 'echo "no such host" >&2; exit 1');
    const { code, output } = await run('scripts/images.mjs', []);
    expect(code).toBe(1);
    expect(output).toMatch(/^Error: /);
  });
});

describe('node deploy/prepare.mjs', () => {
  const prepare = (env: Record<string, string> = {}) => run('deploy/prepare.mjs', [join(folder, 'secrets')], env);
  const path = (name: string) => join(folder, 'secrets', name);

  test('makes every secret once, readable for the user of the images, in a folder that keeps others out', async () => {
    expect(await prepare()).toMatchObject({
      code: 0,
      output: expect.stringContaining('Made master_key, postgres_password'),
    });
    const names = readdirSync(join(folder, 'secrets'));
    const contents = () => names.map((name) => readFileSync(path(name), 'utf8'));
    const before = contents();
    expect(statSync(join(folder, 'secrets')).mode & 0o777).toBe(0o700);
    for (const name of names) expect(statSync(path(name)).mode & 0o777).toBe(0o444);
    const { password } = new URL(readFileSync(path('database_url'), 'utf8').trim());
    expect(decodeURIComponent(password)).toBe(readFileSync(path('postgres_password'), 'utf8').trim());
    expect(await prepare()).toMatchObject({ code: 0, output: expect.stringContaining('All secrets are there') });
    expect(contents()).toEqual(before);
  });

  test('makes no new master key over a database that needs the old one', async () => {
    command('docker', 'exit 0');
    const { code, output } = await prepare();
    expect([code, output]).toEqual([
      1,
      `${path('master_key')} is missing, but there is a database already (volume wa-gate_postgres). Put the file back; to begin again with nothing, remove the volume: docker volume rm wa-gate_postgres.\n`,
    ]);
    expect(readdirSync(join(folder, 'secrets'))).toEqual([]);
  });

  test.each([
    ['is empty', () => writeFileSync(path('worker_token'), ''), /worker_token is empty\. Write the secret into it/],
    ['is a folder', () => mkdirSync(path('worker_token')), /worker_token is a folder: Docker made it/],
    [
      'nobody else may read',
      () => {
        writeFileSync(path('worker_token'), 'x', { mode: 0o600 });
      },
      /worker_token cannot be read by user 1000 of the images\. Let it be read: chmod 444 /,
    ],
    [
      'is no key',
      () => writeFileSync(path('master_key'), 'short', { mode: 0o444 }),
      /master_key is no key of 32 bytes in base64/,
    ],
  ])('a secret that %s is one sentence', async (_what, spoil, sentence) => {
    mkdirSync(join(folder, 'secrets'), { mode: 0o700 });
    spoil();
    const { code, output } = await prepare();
    expect([code, output]).toEqual([1, expect.stringMatching(sentence)]);
    expect(output.trim().split('\n')).toHaveLength(1);
  });
});

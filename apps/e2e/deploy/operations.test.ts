import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv, promisify } from 'node:util';
import { documentedVariables } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repositoryFile } from '../harness/repository.ts';
import { createEmptyDatabase } from './empty-database.ts';
import { startPm2 } from './pm2.ts';
import { debianCopy } from './private-copy.ts';

/** The commands of docs/operations.md: run where no container engine is needed, else looked up. */
const run = promisify(execFile);
const root = fileURLToPath(repositoryFile('./'));
const page = readFileSync(join(root, 'docs/operations.md'), 'utf8');
const compose = readFileSync(join(root, 'deploy/compose.yaml'), 'utf8');

/** One line of a `sh` block. */
const commands = [...page.matchAll(/^```sh\n(.*?)^```/gms)]
  .flatMap(([, block = '']) => block.split('\n'))
  .filter((line) => line !== '');
const matching = (pattern: RegExp): string[] => [...new Set(commands.filter((command) => pattern.test(command)))];

/** Services, profiles and the like: the keys one level below a key of compose.yaml. */
const below = (key: string): string[] => {
  const [, block = ''] = new RegExp(`^${key}:\\n((?: .*\\n|\\n)+)`, 'm').exec(compose) ?? [];
  return [...block.matchAll(/^ {2}([\w-]+):/gm)].map(([, name]) => name!);
};

describe('the commands of docs/operations.md', () => {
  let folder: string;
  let database: { url: string; drop(): Promise<void> };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wa-gate-operations-'));
    database = await createEmptyDatabase();
  });
  afterAll(async () => {
    await database?.drop();
    await rm(folder, { recursive: true, force: true });
  });

  test('are found, and each is of a kind that is judged here', () => {
    expect(commands.length).toBeGreaterThan(25);
    const known =
      /^(npm run (images|build)$|node deploy\/prepare\.mjs$|docker compose --file deploy\/compose\.yaml |git pull$|npx --yes pnpm@|npm install --global pm2@|node --env-file=\S+ packages\/db\/bin\/migrate\.mjs$|pm2 (start|reload|save|stop|delete)\b|curl --fail )/;
    expect(commands.filter((command) => !known.test(command))).toEqual([]);
  });

  test('npm run …: scripts of package.json', () => {
    const { scripts, packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    for (const command of matching(/^npm run /)) expect(Object.keys(scripts)).toContain(command.split(' ')[2]);
    for (const command of matching(/^npx --yes pnpm@/)) expect(command).toContain(packageManager);
  });

  test('node deploy/prepare.mjs', async () => {
    const { stdout } = await run(process.execPath, [join(root, 'deploy/prepare.mjs'), join(folder, 'secrets')]);
    expect(stdout).toMatch(/^Made master_key, /);
    // What the page says about logging in.
    expect(existsSync(join(folder, 'secrets/admin_password'))).toBe(true);
  });

  test('npm run images', async () => {
    const { stdout } = await run(process.execPath, [join(root, 'scripts/images.mjs'), '--help']);
    expect(stdout).toContain('wa-gate/gateway');
  });

  test.each(matching(/^docker compose /))('%s', (command) => {
    const words = command.split(' ').slice(2);
    const verbs: Record<string, { flags: string[]; services: boolean }> = {
      up: { flags: ['--detach', '--wait', '--no-deps'], services: true },
      run: { flags: ['--rm'], services: true },
      exec: { flags: [], services: true },
      logs: { flags: [], services: true },
      stop: { flags: [], services: true },
      start: { flags: [], services: true },
      down: { flags: ['--volumes'], services: false },
    };
    expect(words.slice(0, 2)).toEqual(['--file', 'deploy/compose.yaml']);
    const profile = words[2] === '--profile' ? words[3] : undefined;
    if (profile) expect(compose).toContain(`profiles: [${profile}]`);
    const [verb = '', ...rest] = words.slice(profile ? 4 : 2);
    expect(Object.keys(verbs)).toContain(verb);
    if (verb === 'exec') {
      // What is run in the container is no service.
      const [node, program = '', name] = rest.splice(1);
      expect([node, existsSync(join(root, program.replace('/app/', '')))]).toEqual(['node', true]);
      expect(readFileSync(join(root, 'docs/wag.md'), 'utf8')).toContain(`wag ${name}`);
    }
    expect(rest.filter((word) => word.startsWith('--') && !verbs[verb]!.flags.includes(word))).toEqual([]);
    expect(rest.filter((word) => !word.startsWith('--') && !below('services').includes(word))).toEqual([]);
  });

  test('an upgrade replaces every process, the migration first', () => {
    const [, upgrade = ''] = /^### Upgrade\n(.*?)^### /ms.exec(page) ?? [];
    const named = [...upgrade.matchAll(/(?:--rm|--no-deps --wait) ([\w-]+)$/gm)].map(([, name]) => name!);
    const long = below('services').filter((name) => /^(gateway-|jobs$|worker-\d)/.test(name));
    expect(named).toEqual(['migrate', ...long]);
  });

  test('node packages/db/bin/migrate.mjs', async () => {
    const env = { PATH: process.env.PATH ?? '', DATABASE_URL: database.url };
    const migrate = async () =>
      (await run(process.execPath, [join(root, 'packages/db/bin/migrate.mjs')], { env })).stdout;
    expect((await migrate()).split('\n').length).toBeGreaterThan(10);
    expect(await migrate()).toBe('');
  });

  test('pm2 …: its commands and flags, and the processes of the file', async () => {
    const pm2 = await startPm2({});
    const help = await pm2.call('--help');
    await pm2.end();
    const file = readFileSync(join(root, 'deploy/ecosystem.config.cjs'), 'utf8');
    for (const command of matching(/^pm2 /)) {
      const [, verb = '', ...rest] = command.split(' ');
      expect(help, command).toMatch(new RegExp(`^ +(?:\\w+\\|)*${verb}\\b`, 'm'));
      const only = rest[rest.indexOf('--only') + 1];
      if (rest.includes('--only')) expect(help).toContain('--only <application-name>');
      if (rest.includes('--only') && !only!.startsWith('worker-')) expect(file).toContain(`name: '${only}'`);
      for (const path of rest.filter((word) => word.includes('/')))
        expect(existsSync(join(root, path)), path).toBe(true);
    }
    expect(page).toContain('npm install --global pm2@7.0.4');
  });

  test('curl …: a path of the API', () => {
    const { paths } = JSON.parse(readFileSync(join(root, 'apps/gateway/openapi.json'), 'utf8'));
    for (const command of matching(/^curl /))
      expect(Object.keys(paths)).toContain(new URL(command.split(' ').at(-1)!).pathname);
  });

  test('the file of variables for PM2 names variables that are read', () => {
    const [, block = ''] = /^```ini\n(.*?)^```/ms.exec(page) ?? [];
    const names = Object.keys(parseEnv(block));
    expect(names.length).toBeGreaterThan(8);
    const known = new Set(['Gateway', 'Worker'].flatMap((heading) => [...documentedVariables(heading).keys()]));
    const file = readFileSync(join(root, 'deploy/ecosystem.config.cjs'), 'utf8');
    expect(names.filter((name) => !known.has(name) && !file.includes(`'${name}'`))).toEqual([]);
  });

  test('variables of .env are those that compose.yaml fills in', () => {
    const [, sentence = ''] = /`deploy\/\.env` fills (.*?), the versions/s.exec(page) ?? [];
    const names = [...sentence.matchAll(/`([A-Z][A-Z0-9_]*)`/g)].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) expect(compose).toContain(`\${${name}:-`);
  });
});

test('compose.yaml is valid by the schema of Compose (Debian’s docker-compose has it)', async () => {
  const { home } = await debianCopy('docker-compose', ['docker-compose'], 'none');
  const schema = join(home, 'usr/lib/python3/dist-packages/compose/config/compose_spec.json');
  const { validateCompose } = await import('./compose-schema.ts');
  expect(validateCompose(compose, readFileSync(schema, 'utf8'))).toEqual([]);
  expect(
    validateCompose(compose.replace('restart: unless-stopped', 'restart: [x]'), readFileSync(schema, 'utf8')),
  ).not.toEqual([]);
  expect(validateCompose(compose.replace('depends_on:', 'depend_on:'), readFileSync(schema, 'utf8'))).not.toEqual([]);
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { repositoryFile } from '../harness/repository.ts';
import { waitFor } from '../harness/wait-for.ts';
import { useInstallations } from './use-installation.ts';

const install = useInstallations();
/** Of the user: Prometheus is downloaded once. */
const XDG_CACHE_HOME = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
const emptyCache = mkdtempSync(join(tmpdir(), 'wag-empty-cache-'));
afterAll(() => rmSync(emptyCache, { recursive: true, force: true }));

interface Answer<T> {
  data: T;
}

const ask = async <T>(url: string): Promise<T> => ((await (await fetch(url)).json()) as Answer<T>).data;

test('npm start -- --observe brings a Prometheus with all processes and our rules, and prints its URL', async () => {
  const page = readFileSync(repositoryFile('docs/observability.md'), 'utf8');
  expect(page).toContain('```sh\nnpm start -- --observe\n```');

  const installation = install();
  const run = await installation.started({ args: ['--observe'], env: { XDG_CACHE_HOME }, throughNpm: true });
  const { prometheus, processes } = installation.runFile();
  expect(run.output).toContain(`Prometheus     ${prometheus}`);
  expect(processes.map(({ name }) => name)).toContain('prometheus');
  const { activeTargets } = await waitFor(async () => {
    const found = await ask<{ activeTargets: { labels: Record<string, string> }[] }>(`${prometheus}/api/v1/targets`);
    return found.activeTargets.length > 0 ? found : undefined;
  });
  expect(activeTargets.map(({ labels }) => `${labels.job} ${labels.instance}`).sort()).toEqual([
    'wag-gateway gateway',
    'wag-worker worker-1',
    'wag-worker worker-2',
  ]);
  const { groups } = await ask<{ groups: { rules: { name: string; health: string }[] }[] }>(
    `${prometheus}/api/v1/rules`,
  );
  expect(groups.flatMap(({ rules }) => rules).map(({ name }) => name)).toContain('WagPostgresDown');

  const { code } = await run.stop();
  expect(code).toBe(0);
  expect(installation.processesLeft()).toEqual([]);
});

test('a taken port is one sentence, before anything is started', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as { port: number };
  const run = install().start({ args: ['--observe'], env: { PROMETHEUS_PORT: String(port) } });
  expect(await run.exited).toBe(1);
  holder.close();
  expect(run.output).toMatch(
    new RegExp(`^Error: Port ${port} \\(PROMETHEUS_PORT\\) is taken or may not be used\\.\\n  Stop the program .+\\n$`),
  );
});

test('without a network and without a Prometheus it is one sentence, and nothing stays', async () => {
  const installation = install();
  const configuration = join(installation.folder, 'apt.conf');
  writeFileSync(
    configuration,
    'Acquire::http::Proxy "http://127.0.0.1:1";\nAcquire::https::Proxy "http://127.0.0.1:1";\n',
  );
  const run = installation.start({
    args: ['--observe'],
    env: { XDG_CACHE_HOME: emptyCache, APT_CONFIG: configuration },
  });
  expect(await run.exited).toBe(1);
  expect(run.output).toContain('Error: The package archive of this system cannot be reached.');
  expect(run.output).toContain('prometheus for --observe');
  expect(installation.processesLeft()).toEqual([]);
});

test('--observe and ENABLE_METRICS=false contradict each other', async () => {
  const run = install().start({ args: ['--observe'], env: { ENABLE_METRICS: 'false' } });
  expect(await run.exited).toBe(1);
  expect(run.output).toContain('there would be nothing to see');
});

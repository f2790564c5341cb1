import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { query } from './query.ts';
import { useInstallations } from './use-installation.ts';

const install = useInstallations();
const STOP_LIMIT_MS = 10_000;
const STOP_TRIES = 3;

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** Occupies a port on one address; a port that is in use already serves as well. */
function hold(port: number, host: string): Promise<() => void> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(() => undefined));
    server.listen(port, host, () => resolve(() => server.close()));
  });
}

describe('a start', () => {
  test('writes run.json for the user alone and stops everything on SIGTERM (MR-177)', async () => {
    const installation = install();
    const run = await installation.started();
    const file = installation.runFile();
    expect(Object.keys(file)).toEqual([
      'gateway',
      'sandbox',
      'databaseUrl',
      'redisUrl',
      'prometheus',
      'processes',
      'admin',
      'demo',
    ]);
    expect(file.processes.map(({ name }) => name).sort()).toEqual([
      'gateway',
      'postgres',
      'redis',
      'sandbox',
      'worker-1',
      'worker-2',
    ]);
    expect(file.demo).toBeNull();
    expect([installation.dataDir, installation.path('run.json'), installation.path('secrets')].map(mode)).toEqual([
      '700',
      '600',
      '600',
    ]);
    expect(installation.processesLeft()).toHaveLength(6);

    const { code, ms } = await run.stop();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(STOP_LIMIT_MS);
    expect(installation.processesLeft()).toEqual([]);
  });

  test('finds its data, its secrets and the ports of its own processes again', async () => {
    const installation = install();
    const first = await installation.started();
    const before = installation.runFile();
    await query(before.databaseUrl, 'CREATE TABLE kept AS SELECT 7 AS value');
    await first.stop('SIGINT');

    await installation.started();
    const after = installation.runFile();
    expect(await query(after.databaseUrl, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
    expect(after.admin).toEqual(before.admin);
    expect([after.sandbox, after.databaseUrl]).toEqual([before.sandbox, before.databaseUrl]);
  });

  test('a second one in the same folder is refused with the address of the first, which is unharmed', async () => {
    const installation = install();
    await installation.started();
    const pids = installation.runFile().processes;

    const second = installation.start();
    expect(await second.exited).toBe(1);
    expect(second.output).toContain(`already runs in ${installation.dataDir}: ${installation.runFile().gateway}`);
    expect(installation.runFile().processes).toEqual(pids);
    expect(installation.processesLeft()).toHaveLength(6);
  });

  test('stops within ten seconds even when a service does not', async () => {
    const installation = install();
    await (await installation.started()).stop();
    writeFileSync(installation.path('fault-worker-2'), 'ignore-sigterm');
    // The plan takes nearly all of the time. A paused machine gets another attempt; a plan that is too long fails in
    // all of them.
    const times: number[] = [];
    while (times.length < STOP_TRIES && !times.some((ms) => ms < STOP_LIMIT_MS)) {
      const run = await installation.started();
      const { code, ms } = await run.stop();
      expect(code).toBe(0);
      expect(installation.processesLeft()).toEqual([]);
      times.push(ms);
    }
    expect(Math.min(...times)).toBeLessThan(STOP_LIMIT_MS);
  });

  test('shows the logs of all processes when asked to', async () => {
    const run = install().start({ args: ['--verbose'] });
    await run.says(/\[worker-1\] .*listening/);
    await run.says(/\[postgres\] .*ready to accept connections/);
  });
});

describe('the modes (MR-198)', () => {
  test.each([
    [
      ['--mode', 'minimal'],
      ['gateway', 'postgres', 'redis', 'sandbox', 'worker-1'],
    ],
    [
      ['--gateways', '2', '--workers', '3'],
      ['gateway', 'gateway-2', 'postgres', 'redis', 'sandbox', 'worker-1', 'worker-2', 'worker-3'],
    ],
    [
      ['--mode', 'advanced'],
      ['gateway', 'jobs', 'postgres', 'redis', 'sandbox', 'worker-1', 'worker-2'],
    ],
    [
      ['--mode', 'enterprise'],
      ['gateway', 'gateway-2', 'jobs', 'postgres', 'redis', 'sandbox', 'worker-1', 'worker-2', 'worker-3'],
    ],
  ])('%j starts its processes and stops them all', async (args, names) => {
    const installation = install();
    const run = await installation.started({ args });
    const { processes } = installation.runFile();
    expect(processes.map(({ name }) => name).sort()).toEqual(names);
    expect(new Set(processes.map(({ url }) => url)).size).toBe(names.length);
    const { code, ms } = await run.stop();
    expect([code, ms < STOP_LIMIT_MS]).toEqual([0, true]);
    expect(installation.processesLeft()).toEqual([]);
  });

  test('one that there is not is named', async () => {
    const run = install().start({ args: ['--mode', 'huge'] });
    expect(await run.exited).toBe(1);
    expect(run.output).toContain('Choose one of minimal, standard, advanced, enterprise.');
  });
});

describe('the port of the gateway', () => {
  test('asked for and taken: a clear error', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const run = install().start({ env: { PORT: String(port) } });
    expect(await run.exited).toBe(1);
    expect(run.output).toContain(`Port ${port} (PORT) is taken`);
    taken.close();
  });

  test('not a port: a clear error', async () => {
    const run = install().start({ env: { PORT: 'eight thousand' } });
    expect(await run.exited).toBe(1);
    expect(run.output).toContain('"eight thousand", which is not a port number');
  });

  test('the usual ones of everything held by others: the next free one, said aloud', async () => {
    const release = await Promise.all(
      [5432, 6379, 8000].flatMap((port) => [hold(port, '127.0.0.1'), hold(port, '0.0.0.0')]),
    );
    const installation = install();
    const run = await installation.started();
    const { gateway } = installation.runFile();
    expect(run.output).toContain(`Port 8000 is taken: the gateway uses ${new URL(gateway).port} instead.`);
    expect((await fetch(`${gateway}/health`)).status).toBe(200);
    for (const close of release) close();
  });
});

test('an unknown option is named', async () => {
  const run = install().start({ args: ['--no-dmeo'] });
  expect(await run.exited).toBe(1);
  expect(run.output).toContain('Unknown option --no-dmeo');
});

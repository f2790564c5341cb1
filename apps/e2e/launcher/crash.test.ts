import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { waitFor } from '../harness/wait-for.ts';
import { query } from './query.ts';
import { useInstallations } from './use-installation.ts';

const install = useInstallations();

describe('a process that ends by itself', () => {
  test('a service is named with its reason and started again', async () => {
    const installation = install();
    const run = await installation.started();
    const killed = installation.pidOf('worker-1');
    process.kill(killed, 'SIGKILL');
    await run.says(/worker-1 ended unexpectedly: it was ended by SIGKILL/);
    await run.says(/worker-1 is back/);
    await waitFor(() => installation.pidOf('worker-1') !== killed);
    expect((await fetch(`${installation.runFile().processes.find((p) => p.name === 'worker-1')?.url}/health`)).ok).toBe(
      true,
    );
  });

  test('a service that keeps ending is started later and later, and its last words are shown', async () => {
    const installation = install();
    const run = await installation.started();
    writeFileSync(installation.path('fault-gateway'), 'refuse The master key is not the one the data was sealed with');
    process.kill(installation.pidOf('gateway'), 'SIGKILL');
    await run.says(/it ended with exit code 3\. It is started again in 1\.0 s\.\n {2}\| The master key is not the one/);
    await run.says(/It is started again in 2\.0 s/);
    writeFileSync(installation.path('fault-gateway'), '');
    await run.says(/gateway is back/);
  });

  test('a service that refuses at the first start ends the start, with its own reason', async () => {
    const installation = install();
    await (await installation.started()).stop();
    writeFileSync(installation.path('fault-gateway'), 'refuse The master key is not the one the data was sealed with');
    const run = installation.start();
    expect(await run.exited).toBe(1);
    expect(run.output).toMatch(
      /Error: gateway could not start: it ended with exit code 3\.\n {2}\| The master key is not/,
    );
    expect(installation.processesLeft()).toEqual([]);
  });

  test.each(['postgres', 'redis'])('%s is started again, with the data', async (name) => {
    const installation = install();
    const run = await installation.started();
    await query(installation.runFile().databaseUrl, 'CREATE TABLE kept AS SELECT 7 AS value');
    const killed = installation.pidOf(name);
    process.kill(killed, 'SIGKILL');
    await run.says(new RegExp(`${name} ended unexpectedly: it was ended by SIGKILL`));
    await run.says(new RegExp(`${name} is back`));
    await waitFor(() => installation.pidOf(name) !== killed);
    expect(await query(installation.runFile().databaseUrl, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
    expect(installation.processesLeft()).toHaveLength(6);
  });

  test('a database that does not come back: everything is stopped in order, with its own reason', async () => {
    const installation = install();
    const run = await installation.started();
    writeFileSync(installation.path('redis/redis.conf'), 'nonsense yes\n');
    process.kill(installation.pidOf('redis'), 'SIGKILL');
    expect(await run.exited).toBe(1);
    expect(run.output).toContain('Error: redis does not come back: it ended with exit code 1.');
    expect(run.output).toContain("'nonsense yes'");
    expect(installation.processesLeft()).toEqual([]);
  });
});

describe('when npm start is ended', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('by %s, everything stops', async (signal) => {
    const installation = install();
    const run = await installation.started({ throughNpm: true });
    await run.stop(signal);
    expect(run.output).toContain('Everything is stopped');
    expect(installation.processesLeft()).toEqual([]);
  });

  test('by SIGKILL, everything stops too, and a start right behind it waits for that', async () => {
    const installation = install();
    const run = await installation.started({ throughNpm: true });
    run.child.kill('SIGKILL');
    const next = await installation.started();
    expect(next.output).not.toContain('Ended what an earlier start left running');
    expect(installation.processesLeft()).toHaveLength(6);
  });
});

describe('after kill -9 of the launcher', () => {
  test('the next start ends what is left and finds the data', async () => {
    const installation = install();
    const run = await installation.started();
    await query(installation.runFile().databaseUrl, 'CREATE TABLE kept AS SELECT 7 AS value');
    run.child.kill('SIGKILL');
    await run.exited;
    const orphans = installation.processesLeft();
    expect(orphans).toHaveLength(6);

    const next = await installation.started();
    expect(next.output).toMatch(/Ended what an earlier start left running: .*postgres/);
    const now = new Set(installation.runFile().processes.map(({ pid }) => pid));
    expect(orphans.filter((pid) => now.has(pid))).toEqual([]);
    expect(installation.processesLeft()).toHaveLength(6);
    expect(await query(installation.runFile().databaseUrl, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
  });

  test('a process that got the number of one of ours later is left alone', async () => {
    const installation = install();
    await (await installation.started()).stop();
    const stranger = spawn('sleep', ['300'], { stdio: 'ignore' });
    const record = { name: 'worker-1', stopSignal: 'SIGTERM', stage: 0, pid: stranger.pid, startTime: '1' };
    writeFileSync(installation.path('processes.json'), JSON.stringify({ processes: [record] }));
    const run = await installation.started();
    expect(run.output).not.toContain('Ended what an earlier start left running');
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    stranger.kill('SIGKILL');
  });

  test('a lock whose holder is gone does not block', async () => {
    const installation = install();
    await (await installation.started()).stop();
    writeFileSync(installation.path('launcher.lock'), JSON.stringify({ pid: process.pid, startTime: '1' }));
    await installation.started();
    expect(JSON.parse(readFileSync(installation.path('launcher.lock'), 'utf8')).pid).not.toBe(process.pid);
  });
});

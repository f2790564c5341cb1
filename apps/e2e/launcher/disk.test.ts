import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { query } from './query.ts';
import { useInstallations } from './use-installation.ts';

const install = useInstallations();

const NAMESPACE = ['unshare', '--mount', '--user', '--map-root-user'];
const mayMount = spawnSync('unshare', [...NAMESPACE.slice(1), 'true']).status === 0;

/** Runs the launcher on a small disk that only its processes see. */
function onDisk(megabytes: number) {
  const mount = `mkdir -p "$DATA_DIR" && mount -t tmpfs -o size=${megabytes}m tmpfs "$DATA_DIR" && exec "$@"`;
  return { wrapper: [...NAMESPACE, 'sh', '-c', mount, 'sh'] };
}

describe.runIf(mayMount)('the disk', () => {
  test('gets full while everything runs: said aloud, nothing lost, and it goes on when there is space again', async () => {
    const installation = install();
    const run = await installation.start(onDisk(160)).isUp();
    const inside = `/proc/${run.child.pid}/root${installation.dataDir}`;
    const { databaseUrl } = installation.runFile(inside);
    await query(databaseUrl, 'CREATE TABLE kept AS SELECT 7 AS value');

    expect(() => writeFileSync(`${inside}/filler`, Buffer.alloc(200 * 1024 * 1024))).toThrow('ENOSPC');
    await run.says(/The disk that holds .+ is full\. .+ nothing that was stored is lost\. Free some space\./);
    await expect(query(databaseUrl, 'CREATE TABLE more AS SELECT generate_series(1, 1000000)')).rejects.toThrow();

    rmSync(`${inside}/filler`);
    await run.says(/There is space on the disk again/);
    expect(await query(databaseUrl, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
    expect((await run.stop()).code).toBe(0);
  });

  test('is full before there is a database: a clear error', async () => {
    const run = install().start(onDisk(20));
    expect(await run.exited).toBe(1);
    expect(run.output).toContain('Error: The disk is full.');
    expect(run.output).toContain('Free some space and start again');
  });
});

test('the size limit of the shell stops the creation of the database: said, and a start without it works', async () => {
  const installation = install();
  const limited = installation.start({ wrapper: ['bash', '-c', 'ulimit -f 4096; exec "$@"', 'bash'] });
  expect(await limited.exited).toBe(1);
  expect(limited.output).toContain('Error: A file reached the size limit of this shell (ulimit -f).');
  await installation.started();
  expect(await query(installation.runFile().databaseUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

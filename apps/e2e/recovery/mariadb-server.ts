import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@wa-gate/testkit';
import { debianCopy } from '../deploy/private-copy.ts';
import { guardOrphan } from '../harness/orphan-guard.ts';
import { waitFor } from '../harness/wait-for.ts';

/** Debian's MariaDB with one empty database. It asks for no password, and has no tables of its own. */
export interface MariadbServer {
  url: string;
  stop(): Promise<void>;
}

const START_MS = 60_000;

export async function startMariadb(database: string): Promise<MariadbServer> {
  const { home, libraries } = await debianCopy('mariadb-server-core', ['mariadb-server-core']);
  const folder = await mkdtemp(join(tmpdir(), 'wa-gate-mariadb-'));
  // A database is a folder of the data.
  await mkdir(join(folder, 'data', database), { recursive: true });
  const port = await freePort();
  const share = join(home, 'usr/share/mysql');
  const args = [
    '--no-defaults',
    `--datadir=${join(folder, 'data')}`,
    `--socket=${join(folder, 'socket')}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-grant-tables',
    `--lc-messages-dir=${share}`,
    `--character-sets-dir=${join(share, 'charsets')}`,
    '--innodb-log-file-size=4M',
    '--innodb-buffer-pool-size=16M',
    '--innodb-flush-log-at-trx-commit=0',
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
  ];
  const child = spawn(join(home, 'usr/sbin/mariadbd'), args, {
    env: { PATH: process.env.PATH, HOME: folder, LD_LIBRARY_PATH: libraries },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  guardOrphan(child);
  let output = '';
  const keep = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = once(child, 'exit');
  const isReady = () => {
    if (child.exitCode !== null) throw new Error(`MariaDB ended:\n${output}`);
    return output.includes('ready for connections');
  };
  await waitFor(isReady, { timeoutMs: START_MS, what: 'MariaDB to take connections' });
  return {
    url: `mysql://root@127.0.0.1:${port}/${database}`,
    async stop() {
      // Nothing of it is kept.
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

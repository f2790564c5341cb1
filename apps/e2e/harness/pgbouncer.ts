import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@wa-gate/testkit';
import { guardOrphan } from './orphan-guard.ts';
import { repositoryFile } from './repository.ts';
import { waitFor } from './wait-for.ts';

export interface PgbouncerOptions {
  /** Connections to PostgreSQL, for all clients together. */
  poolSize: number;
  /** Takes settings of a session without passing them on. @default false */
  ignoresSettings?: boolean;
}

export interface Pgbouncer {
  /** The URL of the database through it. */
  url: string;
  stop(): Promise<void>;
}

/** The parts of the scripts that are used here. They are plain JavaScript, outside of the build. */
interface Scripts {
  makeDebianCopy: (
    copy: { name: string; home: string; packages: readonly string[]; hint?: string },
    context: { env: NodeJS.ProcessEnv },
  ) => Promise<void>;
  librariesOf: (home: string) => string;
  cacheFolder: (env: NodeJS.ProcessEnv, fallback: string) => string;
  chooseIdentity: () => string | undefined;
  runAs: (identity: string, command: string, args: readonly string[]) => { command: string; args: string[] };
}

async function loadScripts(): Promise<Scripts> {
  const modules = await Promise.all(
    ['debian-packages', 'unprivileged'].map(
      (name) => import(repositoryFile(`scripts/lib/${name}.mjs`).href) as Promise<object>,
    ),
  );
  return Object.assign({}, ...modules) as Scripts;
}

const IGNORED = 'statement_timeout,lock_timeout,idle_in_transaction_session_timeout,options';
const STOP_MS = 5_000;

function configuration(target: URL, port: number, { poolSize, ignoresSettings = false }: PgbouncerOptions): string {
  const quoted = (text: string) => `'${decodeURIComponent(text).replaceAll("'", "''")}'`;
  return `
[databases]
* = host=${target.hostname} port=${target.port} user=${quoted(target.username)} password=${quoted(target.password)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = 400
${ignoresSettings ? `ignore_startup_parameters = ${IGNORED}` : ''}
`;
}

/** Debian's PgBouncer in transaction mode before a database: a private copy, not as root. */
export async function startPgbouncer(databaseUrl: string, options: PgbouncerOptions): Promise<Pgbouncer> {
  const { makeDebianCopy, librariesOf, cacheFolder, chooseIdentity, runAs } = await loadScripts();
  const home = join(cacheFolder(process.env, join(tmpdir(), 'wa-gate-cache')), `pgbouncer-${process.arch}`);
  if (!existsSync(home)) {
    await makeDebianCopy({ name: 'pgbouncer', home, packages: ['pgbouncer'] }, { env: process.env });
  }
  const target = new URL(databaseUrl);
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'wa-gate-pgbouncer-'));
  // It refuses root: the user that it gets must read its file.
  await chmod(folder, 0o755);
  const file = join(folder, 'pgbouncer.ini');
  await writeFile(file, configuration(target, port, options), { mode: 0o644 });
  const identity = chooseIdentity();
  if (identity === undefined) throw new Error('Root cannot switch to another user here, and PgBouncer refuses root.');
  const { command, args } = runAs(identity, join(home, 'usr/sbin/pgbouncer'), [file]);
  const child: ChildProcess = spawn(command, args, {
    cwd: '/',
    env: { PATH: process.env.PATH, LD_LIBRARY_PATH: librariesOf(home) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  guardOrphan(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk));
  const ended = once(child, 'close');

  async function stop(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const limit = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(limit);
    }
    await rm(folder, { recursive: true, force: true });
  }
  try {
    await waitFor(() => child.exitCode === null && accepts(port), { what: 'PgBouncer to accept connections' });
  } catch (error) {
    await stop();
    throw new Error(`PgBouncer does not run:\n${output}`, { cause: error });
  }
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return { url: url.href, stop };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createPool } from '@wa-gate/db';
import { freePort } from '@wa-gate/testkit';
import { guardOrphan } from '../harness/orphan-guard.ts';
import { repositoryFile } from '../harness/repository.ts';
import { waitFor } from '../harness/wait-for.ts';

/** A PostgreSQL of Debian with its programs for backups, on the disk, that archives its log. */
export interface CompletePostgres {
  /** The database `postgres`. */
  url: string;
  /** Where the programs are. */
  bin: string;
  /** With which they find their libraries. */
  env: Record<string, string>;
  /** Where the log is archived. */
  archive: string;
  /** An empty folder on the same disk, for the user of the server. */
  folder(name: string): string;
  /** Ends every process of the server at once, as a power cut does, and deletes its data. The archive stays. */
  destroy(): Promise<void>;
  /** Makes a new, empty server at the same address. */
  begin(): Promise<void>;
  /** Runs on a data folder that was restored, at the same address. Resolves when it has recovered. */
  beginOn(data: string): Promise<void>;
  stop(): Promise<void>;
}

/** The parts of the launcher that are used here. They are scripts without types, outside of the build. */
interface Launcher {
  findCompletePostgres(options: object): Promise<{ bin: string; env: Record<string, string> }>;
  createProgress(): object;
  chooseIdentity(): 'self' | 'namespace' | 'nobody' | undefined;
  runAs(identity: string, command: string, args: readonly string[]): { command: string; args: string[] };
  NOBODY: number;
}

/** On a disk, and open to the user `nobody`, which a test that runs as root may need. */
const PLACE = '/var/tmp/wa-gate-recovery-';

async function loadLauncher(): Promise<Launcher> {
  const names = ['postgres-tools', 'progress', 'unprivileged'];
  const modules = names.map((name) => import(repositoryFile(`scripts/lib/${name}.mjs`).href) as Promise<object>);
  return Object.assign({}, ...(await Promise.all(modules))) as Launcher;
}

export async function startCompletePostgres(): Promise<CompletePostgres> {
  const launcher = await loadLauncher();
  const home = await mkdtemp(PLACE);
  const context = { env: process.env, progress: launcher.createProgress(), fallbackCache: home };
  const { bin, env } = await launcher.findCompletePostgres(context);
  const identity = launcher.chooseIdentity();
  if (!identity) throw new Error('PostgreSQL does not run as root, and root may not become another user here.');
  const archive = join(home, 'archive');
  const password = randomBytes(18).toString('base64url');
  const port = await freePort();
  const url = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
  const ownEnv = { PATH: process.env.PATH ?? '', LC_ALL: 'C', ...env };
  let server: ChildProcess | undefined;
  let data = '';
  let made = 0;

  const own = async (path: string) => {
    if (identity === 'nobody') await chownAll(path, launcher.NOBODY);
  };

  async function run(): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: 120,
      wal_level: 'replica',
      archive_mode: 'on',
      archive_command: `cp "%p" "${archive}/%f"`,
      archive_timeout: 1,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const line = launcher.runAs(identity!, join(bin, 'postgres'), ['-D', data, '-p', String(port), ...args]);
    const child = spawn(line.command, line.args, { cwd: '/', env: ownEnv, stdio: 'ignore', detached: true });
    guardOrphan(child);
    server = child;
    const pool = createPool({ url, name: 'e2e', max: 1, connectTimeoutMs: 2_000 });
    try {
      await waitFor(
        async () => {
          if (child.exitCode !== null) throw new Error(`PostgreSQL ended with ${child.exitCode}`);
          const { rows } = await pool.query<{ ready: boolean }>('SELECT NOT pg_is_in_recovery() AS ready');
          return rows[0]?.ready;
        },
        { what: 'PostgreSQL', timeoutMs: 120_000 },
      );
    } finally {
      await pool.end();
    }
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const child = server;
    server = undefined;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    // The server and its backends are a process group.
    process.kill(signal === 'SIGKILL' ? -child.pid : child.pid, signal);
    await ended;
  }

  async function begin(): Promise<void> {
    data = join(home, `data-${++made}`);
    const passwordFile = join(home, 'password');
    await writeFile(passwordFile, password, { mode: 0o600 });
    await own(passwordFile);
    const args = [
      `--pgdata=${data}`,
      `--pwfile=${passwordFile}`,
      '--username=postgres',
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
    ];
    const line = launcher.runAs(identity!, join(bin, 'initdb'), args);
    await promisify(execFile)(line.command, line.args, { cwd: '/', env: ownEnv });
    await rm(passwordFile);
    await run();
  }

  await mkdir(archive);
  await own(home);
  const postgres: CompletePostgres = {
    url,
    bin,
    env,
    archive,
    folder: (name) => join(home, name),
    async destroy() {
      await end('SIGKILL');
      await rm(data, { recursive: true, force: true });
    },
    begin,
    async beginOn(restored) {
      await own(restored);
      data = restored;
      await run();
    },
    async stop() {
      await end('SIGINT');
      await rm(home, { recursive: true, force: true });
    },
  };
  try {
    await begin();
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  return postgres;
}

async function chownAll(path: string, id: number): Promise<void> {
  await chown(path, id, id);
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true }).catch(() => [])) {
    await chown(join(entry.parentPath, entry.name), id, id);
  }
}

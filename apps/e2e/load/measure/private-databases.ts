import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { repositoryFile } from '../../harness/repository.ts';

/** The end of a database: `fast` in order, `crash` by SIGQUIT or SIGKILL. */
export type DatabaseEnd = 'fast' | 'crash';

export interface PrivateDatabases {
  databaseUrl: string;
  redisUrl: string;
  /** Ends one database and starts it again on its data. Resolves when it answers. */
  restart(name: 'postgres' | 'redis', end: DatabaseEnd): Promise<void>;
  stop(): Promise<void>;
}

/** A long-running process of the launcher, with the members used here. */
interface Child {
  readonly spec: { name: string };
  readonly pid: number | undefined;
  readonly exited: Promise<unknown>;
  waitUntilReady(signal?: AbortSignal): Promise<void>;
  stop(graceMs: number): Promise<void>;
}

/** The parts of the launcher that are used here. They are scripts without types, outside of the build. */
interface Launcher {
  openDataDir(path: string): {
    lock: string;
    logs: string;
    secrets: string;
    ports: string;
    processes: string;
    postgres: string;
    redis: string;
  };
  takeLock(path: string): { taken: true; lock: { release(): void } } | { taken: false };
  openJournal(path: string): unknown;
  endLeftovers(path: string, options: { graceMs: number }): Promise<unknown>;
  createProgress(): { say(text: string): void };
  loadSecrets(folder: string, options: { hasData: boolean; env: NodeJS.ProcessEnv }): unknown;
  keepPorts(file: string, names: readonly string[]): Promise<Record<string, number>>;
  provideDatabases(options: object): Promise<{ databaseUrl: string; redisUrl: string }>;
  Child: new (spec: Child['spec'], journal: unknown) => Child;
}

const MODULES = ['data-dir', 'lock', 'process-journal', 'progress', 'secrets', 'ports', 'databases', 'child'];
const STOP_GRACE_MS = 20_000;

async function loadLauncher(): Promise<Launcher> {
  const modules = await Promise.all(
    MODULES.map((name) => import(repositoryFile(`scripts/lib/${name}.mjs`).href) as Promise<object>),
  );
  return Object.assign({}, ...modules) as Launcher;
}

/**
 * Starts a private PostgreSQL and Redis, as `npm start` does: on disk, durable. The folder is on the disk of the
 * checkout, because /tmp may be memory.
 *
 * @param use the name of the folder; users of the same name take turns
 */
export async function startPrivateDatabases(use = 'load'): Promise<PrivateDatabases> {
  const launcher = await loadLauncher();
  const folder = fileURLToPath(repositoryFile(`node_modules/.cache/wa-gate-${use}`));
  const dataDir = launcher.openDataDir(folder);
  const held = launcher.takeLock(dataDir.lock);
  if (!held.taken) throw new Error(`Another ${use} run of this checkout is going on; they would disturb each other.`);
  await launcher.endLeftovers(dataDir.processes, { graceMs: 2_000 });
  for (const old of [dataDir.postgres, dataDir.redis, dataDir.secrets]) rmSync(old, { recursive: true, force: true });

  const journal = launcher.openJournal(dataDir.processes);
  const ending = new AbortController();
  const children = new Map<string, Child>();
  const wanted = new Set<Child>();
  const start = async (spec: Child['spec']) => {
    const child = new launcher.Child(spec, journal);
    children.set(spec.name, child);
    wanted.add(child);
    void child.exited.then(() => {
      if (!wanted.has(child)) return;
      console.error(`${spec.name} ended by itself`);
      process.exitCode = 1;
    });
    await child.waitUntilReady(ending.signal);
  };
  // They run in process groups of their own, so an interrupt does not reach them. The next run ends what a kill leaves
  // behind.
  const endAll = () => {
    for (const { pid } of wanted) {
      try {
        if (pid) process.kill(pid, 'SIGQUIT');
      } catch {
        // It has ended.
      }
    }
  };
  process.once('exit', endAll);
  const stop = async () => {
    process.off('exit', endAll);
    ending.abort();
    wanted.clear();
    await Promise.all([...children.values()].map((child) => child.stop(STOP_GRACE_MS)));
    held.lock.release();
  };
  try {
    const urls = await launcher.provideDatabases({
      external: {},
      database: 'postgres',
      dataDir,
      secrets: launcher.loadSecrets(dataDir.secrets, { hasData: false, env: {} }),
      ports: await launcher.keepPorts(dataDir.ports, ['postgres', 'redis']),
      durable: true,
      progress: launcher.createProgress(),
      context: { env: process.env, signal: ending.signal, journal },
      start,
    });
    return {
      ...urls,
      async restart(name, end) {
        const child = children.get(name)!;
        wanted.delete(child);
        // A postmaster ends at once on SIGQUIT, and recovers at its next start. Redis has no such signal.
        if (end === 'crash' && child.pid) process.kill(child.pid, name === 'postgres' ? 'SIGQUIT' : 'SIGKILL');
        await child.stop(STOP_GRACE_MS);
        await start(child.spec);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

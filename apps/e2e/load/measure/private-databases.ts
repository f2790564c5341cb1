import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { repositoryFile } from '../../harness/repository.ts';

export interface PrivateDatabases {
  databaseUrl: string;
  redisUrl: string;
  stop(): Promise<void>;
}

/** The parts of the launcher that are used here; they are scripts without types, outside of the build. */
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
  Supervisor: new (
    options: object,
  ) => { start(spec: object, signal: AbortSignal): Promise<void>; stop(): Promise<void> };
}

const MODULES = ['data-dir', 'lock', 'process-journal', 'progress', 'secrets', 'ports', 'databases', 'supervisor'];

async function loadLauncher(): Promise<Launcher> {
  const modules = await Promise.all(
    MODULES.map((name) => import(repositoryFile(`scripts/lib/${name}.mjs`).href) as Promise<object>),
  );
  return Object.assign({}, ...modules) as Launcher;
}

/**
 * A PostgreSQL and a Redis of our own, as `npm start` has them: on disk, durable. The folder is on the disk of the checkout, not in
 * /tmp, which may be memory.
 */
export async function startPrivateDatabases(): Promise<PrivateDatabases> {
  const launcher = await loadLauncher();
  const folder = fileURLToPath(repositoryFile('node_modules/.cache/wa-gate-load'));
  const dataDir = launcher.openDataDir(folder);
  const held = launcher.takeLock(dataDir.lock);
  if (!held.taken) throw new Error('Another load run of this checkout is going on; they would disturb each other.');
  await launcher.endLeftovers(dataDir.processes, { graceMs: 2_000 });
  for (const old of [dataDir.postgres, dataDir.redis, dataDir.secrets]) rmSync(old, { recursive: true, force: true });

  const journal = launcher.openJournal(dataDir.processes);
  const progress = launcher.createProgress();
  const ending = new AbortController();
  const supervisor = new launcher.Supervisor({
    journal,
    progress,
    onChange: () => undefined,
    onFatal: (error: Error) => {
      console.error(error.message);
      process.exitCode = 1;
      ending.abort();
    },
  });
  const stop = async () => {
    await supervisor.stop();
    held.lock.release();
  };
  try {
    const { databaseUrl, redisUrl } = await launcher.provideDatabases({
      external: {},
      database: 'postgres',
      dataDir,
      secrets: launcher.loadSecrets(dataDir.secrets, { hasData: false, env: {} }),
      ports: await launcher.keepPorts(dataDir.ports, ['postgres', 'redis']),
      durable: true,
      progress,
      context: { env: process.env, signal: ending.signal, journal },
      start: (spec: object) => supervisor.start(spec, ending.signal),
    });
    return { databaseUrl, redisUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

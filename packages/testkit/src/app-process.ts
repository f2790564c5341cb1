import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from './wait-for.ts';

/**
 * Milliseconds for the start, which is CPU time and slow on a busy machine. Less than the timeout of a hook, so that
 * the error has the output.
 */
const START_MS = 50_000;

export interface AppProcessOptions {
  /** The built entry point, such as `apps/sandbox/bundle/main.js`; absolute. */
  entry: string;
  env: Record<string, string>;
  /** The URL that answers when the process is up. */
  healthUrl: string;
}

/** An app of this repository in a process of its own, as in production. Stop it in the test that started it. */
export interface AppProcess {
  pid: number;
  /** Its stdout and stderr so far. */
  output(): string;
  /**
   * Ends it, and waits for the end and for all of its output. Resolves with its exit code; `null` when the signal
   * killed it.
   */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** Waits until it ends by itself. */
  exited(): Promise<number | null>;
}

/** Starts a process and resolves when it answers. Otherwise the error has its output. */
export async function startApp({ entry, env, healthUrl }: AppProcessOptions): Promise<AppProcess> {
  const app = spawnApp({ entry, env });
  try {
    await waitFor(
      async () => {
        if (!app.isRunning()) return 'ended';
        return (await fetch(healthUrl)).ok;
      },
      { timeoutMs: START_MS, everyMs: 50, what: `${entry} to answer` },
    );
    if (!app.isRunning()) throw new Error(`${entry} ended at once`);
  } catch (error) {
    await app.stop('SIGKILL');
    throw new Error(`${(error as Error).message}\n${app.output()}`, { cause: error });
  }
  return app;
}

/** Starts a process without waiting for anything. Its media are in a folder of its own, which goes with it. */
export function spawnApp({ entry, env }: Omit<AppProcessOptions, 'healthUrl'>): AppProcess & { isRunning(): boolean } {
  if (!existsSync(entry)) throw new Error(`${entry} is not built: run tsc -b first, or use npm test, which does.`);
  const folder = mkdtempSync(join(tmpdir(), 'wag-app-'));
  const child: ChildProcess = spawn(process.execPath, [entry], {
    env: {
      PATH: process.env.PATH ?? '',
      MEDIA_DIR: join(folder, 'media'),
      MEDIA_TMP: join(folder, 'work'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  // Waits for `close`, not `exit`: output may come after the exit.
  const closed = once(child, 'close').finally(() => rmSync(folder, { recursive: true, force: true }));
  const exited = async () => {
    await closed;
    return child.exitCode;
  };
  return {
    pid: child.pid ?? -1,
    output: () => Buffer.concat(chunks).toString(),
    isRunning,
    exited,
    async stop(signal = 'SIGTERM') {
      if (isRunning()) child.kill(signal);
      return exited();
    },
  };
}

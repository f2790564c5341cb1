import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { guardOrphan } from './orphan-guard.ts';
import { ProcessLog } from './process-log.ts';

/** Another way to run a process than node on this machine. */
export interface Launch {
  command: string;
  args: readonly string[];
  /** What the command itself needs; the settings of the process win. */
  env: Readonly<Record<string, string>>;
  /** The process that gets the signals, by the pid of the command. */
  target(pid: number): number | undefined;
}

export interface ProcessSpec {
  name: string;
  /** Program file that node runs. */
  main: string;
  /** Runs it instead, such as in a container. @default node, with the flags and the program */
  launch?: Launch;
  env: Readonly<Record<string, string>>;
  /** Flags of node itself, such as `--cpu-prof`. @default none */
  nodeFlags?: readonly string[];
  /** Arguments of the program. @default none */
  args?: readonly string[];
  /** Its base URL. */
  url: string;
  /** Path that answers 200 when it is ready. */
  readyPath: string;
  /** @default 180 000 */
  readyMs?: number;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

const POLL_MS = 40;

/** One process of the system. It can be started, stopped and started again under the same name, address and log. */
export class ManagedProcess {
  readonly spec: ProcessSpec;
  readonly log: ProcessLog;
  private child: ChildProcess | undefined;
  private exit: Promise<Exit> | undefined;

  constructor(spec: ProcessSpec, logFolder: string) {
    this.spec = spec;
    this.log = new ProcessLog(join(logFolder, `${spec.name}.log`));
  }

  get name(): string {
    return this.spec.name;
  }

  get url(): string {
    return this.spec.url;
  }

  get pid(): number {
    if (this.child?.pid === undefined) throw new Error(`${this.name} is not running`);
    return this.child.pid;
  }

  get isRunning(): boolean {
    return this.child !== undefined;
  }

  /** Starts it and waits until it is ready. */
  async start(): Promise<void> {
    this.spawn();
    await this.waitUntilReady();
  }

  spawn(): void {
    if (this.child) throw new Error(`${this.name} runs already`);
    const { main, env, nodeFlags = [], args = [], launch } = this.spec;
    // A minimal environment: that of the developer must not affect a test.
    const inherited = launch?.env ?? { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/' };
    const [command, words] = launch ? [launch.command, launch.args] : [process.execPath, [...nodeFlags, main, ...args]];
    const child = spawn(command, words, {
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    guardOrphan(child);
    this.log.follow(child.stdout);
    this.log.follow(child.stderr);
    this.child = child;
    this.exit = new Promise((resolve) => {
      child.once('error', () => resolve({ code: null, signal: null }));
      child.once('exit', (code, signal) => {
        if (this.child === child) this.child = undefined;
        this.log.note(`${this.name} (pid ${child.pid}) ended: ${signal ?? `code ${code}`}`);
        resolve({ code, signal });
      });
    });
  }

  /** The end of the process that runs, or of the last one. */
  ended(): Promise<Exit> {
    if (!this.exit) throw new Error(`${this.name} was never started`);
    return this.exit;
  }

  async waitUntilReady(): Promise<void> {
    const { readyMs = 180_000, readyPath, url } = this.spec;
    const deadline = performance.now() + readyMs;
    for (;;) {
      if (!this.child) throw new Error(`${this.name} ended before it was ready:\n${this.log.tail()}`);
      if (await answersOk(url + readyPath)) return;
      if (performance.now() > deadline) {
        throw new Error(`${this.name} was not ready after ${readyMs} ms:\n${this.log.tail()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Sends the signal without waiting. */
  signal(signal: NodeJS.Signals): void {
    const target = this.spec.launch ? this.spec.launch.target(this.pid) : this.pid;
    if (target === undefined) throw new Error(`${this.name} has no process that could get ${signal}`);
    try {
      process.kill(target, signal);
    } catch (error) {
      // It has ended by itself in this moment.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** Sends the signal and waits for the end; SIGKILL follows when `graceMs` were not enough. */
  async stop({ signal = 'SIGTERM' as NodeJS.Signals, graceMs = 15_000 } = {}): Promise<Exit> {
    const { child, exit } = this;
    if (!child || !exit) return { code: null, signal: null };
    this.signal(signal);
    const timer = setTimeout(() => {
      this.log.note(`${this.name} did not end within ${graceMs} ms of ${signal}; killed`);
      child.kill('SIGKILL');
    }, graceMs);
    const result = await exit;
    clearTimeout(timer);
    if (child.stdout && !child.stdout.closed) await once(child.stdout, 'close');
    return result;
  }
}

async function answersOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

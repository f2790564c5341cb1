import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { guardOrphan } from './orphan-guard.ts';
import { ProcessLog } from './process-log.ts';

export interface ProcessSpec {
  name: string;
  /** Program file that node runs. */
  main: string;
  env: Readonly<Record<string, string>>;
  /** Flags of node itself, such as `--cpu-prof`. @default none */
  nodeFlags?: readonly string[];
  /** Its base URL. */
  url: string;
  /** Path that answers 200 when it is ready. */
  readyPath: string;
  /** @default 90 000 */
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
    const { main, env, nodeFlags = [] } = this.spec;
    // A minimal environment: that of the developer must not affect a test.
    const inherited = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/' };
    const child = spawn(process.execPath, [...nodeFlags, main], {
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

  async waitUntilReady(): Promise<void> {
    const { readyMs = 90_000, readyPath, url } = this.spec;
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

  /** Sends the signal and waits for the end; SIGKILL follows when `graceMs` were not enough. */
  async stop({ signal = 'SIGTERM' as NodeJS.Signals, graceMs = 15_000 } = {}): Promise<Exit> {
    const { child, exit } = this;
    if (!child || !exit) return { code: null, signal: null };
    child.kill(signal);
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

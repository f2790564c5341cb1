import type { ChildProcess } from 'node:child_process';
import { waitFor } from '../harness/wait-for.ts';

const STARTED = /Ctrl-C stops everything/;
const START_MS = 120_000;

export interface RunFile {
  gateway: string;
  sandbox: string;
  databaseUrl: string;
  redisUrl: string;
  /** Of `--observe`. */
  prometheus: string | null;
  processes: { name: string; pid: number; url: string }[];
  admin: { email: string; password: string };
  demo: { sessionId: string; apiKey: string; phone: string } | null;
}

/** One run of the launcher: its output, its end. */
export class Run {
  output = '';
  readonly exited: Promise<number | null>;
  readonly child: ChildProcess;

  constructor(child: ChildProcess) {
    this.child = child;
    const collect = (chunk: Buffer) => {
      this.output += chunk.toString('utf8');
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    this.exited = new Promise((resolve) => {
      child.once('close', (code) => resolve(code));
    });
  }

  async says(pattern: RegExp, timeoutMs = START_MS): Promise<void> {
    let ended = false;
    void this.exited.then(() => {
      ended = true;
    });
    await waitFor(() => pattern.test(this.output) || ended, { timeoutMs });
    if (!pattern.test(this.output)) throw new Error(`The launcher ended without saying ${pattern}:\n${this.output}`);
  }

  async isUp(): Promise<this> {
    await this.says(STARTED);
    return this;
  }

  /** Sends the signal; resolves with the exit code and the milliseconds until the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<{ code: number | null; ms: number }> {
    const begun = performance.now();
    this.child.kill(signal);
    const code = await this.exited;
    return { code, ms: performance.now() - begun };
  }
}

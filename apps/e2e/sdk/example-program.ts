import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { waitFor } from '../harness/wait-for.ts';

/** A running program, and what it has printed. */
export class ExampleProgram {
  output = '';
  private readonly child: ChildProcess;
  private readonly closed: Promise<number | null>;

  constructor(command: string, args: readonly string[], options: { cwd: string; env: NodeJS.ProcessEnv }) {
    this.child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const collect = (chunk: Buffer) => {
      this.output += chunk.toString('utf8');
    };
    this.child.stdout?.on('data', collect);
    this.child.stderr?.on('data', collect);
    this.closed = once(this.child, 'close').then(([code]) => code as number | null);
  }

  /** Waits until it prints this. @returns the first group, or the match */
  async prints(pattern: RegExp): Promise<string> {
    const find = () => {
      const match = pattern.exec(this.output);
      return match ? (match[1] ?? match[0]) : this.child.exitCode !== null && 'ended';
    };
    const found = await waitFor(find, { what: `${pattern} in:\n${this.output}` });
    if (!pattern.test(this.output)) throw new Error(`It ended without printing ${pattern}:\n${this.output}`);
    return found;
  }

  /** Waits for its end. @returns what it has printed */
  async ends(): Promise<string> {
    const code = await this.closed;
    if (code !== 0) throw new Error(`It ended with ${code}:\n${this.output}`);
    return this.output;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM');
    await this.closed;
  }
}

/** The programs of a page: its fenced blocks of a language. */
export const examplesOf = (page: string, language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, program = '']) => program);

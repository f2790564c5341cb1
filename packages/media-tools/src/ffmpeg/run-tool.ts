import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { findProgram, pathFolders } from './find-ffmpeg.ts';

/** What a process may use. */
export interface ToolLimits {
  /** Wall clock. */
  timeoutMs: number;
  /** Address space. */
  memoryBytes: number;
  /** Of each file that it writes. */
  fileBytes: number;
}

export interface ToolRun {
  program: string;
  args: readonly string[];
  limits: ToolLimits;
  signal: AbortSignal;
  /** What it writes to its standard output, as it comes. */
  onOutput?: (chunk: Buffer) => void;
}

/** A process that did not end well. */
export class ToolFailedError extends Error {
  override name = 'ToolFailedError';
  /** It was ended because its time was over. */
  readonly isTimeout: boolean;
  /** The end of what it wrote to its standard error. */
  readonly stderr: string;

  constructor(message: string, { isTimeout, stderr }: { isTimeout: boolean; stderr: string }) {
    super(message);
    this.isTimeout = isTimeout;
    this.stderr = stderr;
  }
}

const STDERR_KEPT = 4096;
const FILES = 256;

/** Programs of util-linux that limit another one before it begins. A system without them has the other limits. */
const SETPRIV = findProgram('setpriv', pathFolders(process.env.PATH));
const PRLIMIT = findProgram('prlimit', pathFolders(process.env.PATH));

/**
 * Runs a program on files of strangers: at the lowest priority, with limits on time, memory and output, the first to be
 * ended when the machine has no memory left. It is ended with this process, whatever ends this one.
 * @throws {ToolFailedError} when it fails or its time is over; the reason of `signal` when that aborts
 */
export async function runTool({ program, args, limits, signal, onOutput }: ToolRun): Promise<void> {
  signal.throwIfAborted();
  const [command, ...rest] = limited([program, ...args], limits) as [string, ...string[]];
  const child = spawn(command, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    env: { LC_ALL: 'C', AV_LOG_FORCE_NOCOLOR: '1', PATH: process.env.PATH },
  });
  if (child.pid !== undefined) beModest(child.pid);
  const end = (): void => {
    child.kill('SIGKILL');
  };
  let isTimeout = false;
  let stderr = '';
  let broken: Error | undefined;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  child.stdout.on('data', (chunk: Buffer) => {
    try {
      onOutput?.(chunk);
    } catch (error) {
      broken ??= error as Error;
      end();
    }
  });
  const timer = setTimeout(() => {
    isTimeout = true;
    end();
  }, limits.timeoutMs);
  signal.addEventListener('abort', end, { once: true });
  try {
    const ended = await new Promise<{ code: number | null; killedBy: NodeJS.Signals | null }>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, killedBy) => resolve({ code, killedBy }));
    });
    signal.throwIfAborted();
    if (broken) throw broken;
    if (ended.code === 0) return;
    const how = isTimeout
      ? `took longer than ${limits.timeoutMs / 1000} s`
      : ended.killedBy !== null
        ? `was ended by ${ended.killedBy}`
        : `ended with ${ended.code}`;
    throw new ToolFailedError(`${program} ${how}`, { isTimeout, stderr: stderr.trim() });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

function limited(command: readonly string[], { timeoutMs, memoryBytes, fileBytes }: ToolLimits): readonly string[] {
  const cpuSeconds = Math.ceil(timeoutMs / 1000) * 2; // of all its threads
  return [
    // The kernel ends the process when the thread that started it ends.
    ...(SETPRIV === undefined ? [] : [SETPRIV, '--pdeathsig', 'KILL']),
    ...(PRLIMIT === undefined
      ? []
      : [
          PRLIMIT,
          `--as=${memoryBytes}`,
          `--fsize=${fileBytes}`,
          `--cpu=${cpuSeconds}`,
          `--nofile=${FILES}`,
          '--core=0',
        ]),
    ...command,
  ];
}

/** Gives way to whatever else runs, in time and in memory. */
function beModest(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already.
  }
  writeFile(`/proc/${pid}/oom_score_adj`, '1000').catch(() => {
    // Another system than Linux, or it has ended.
  });
}

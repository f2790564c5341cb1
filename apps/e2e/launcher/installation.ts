import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryFile } from '../harness/repository.ts';
import { waitFor } from '../harness/wait-for.ts';
import { Run, type RunFile } from './run.ts';

/** The launcher with fake services: a start takes a second. */
const FAKE_LAUNCHER = join(import.meta.dirname, 'fixtures', 'launch.mjs');

const STOP_MS = 15_000;

export interface StartOptions {
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** A command that is run with the command line of node appended. */
  wrapper?: readonly string[];
  /** Starts it through npm, as people do. */
  throughNpm?: boolean;
}

/** The cache of a downloaded Redis, shared by all tests of a file. */
const cacheFolder = mkdtempSync(join(tmpdir(), 'wag-launcher-cache-'));

export function removeCache(): void {
  rmSync(cacheFolder, { recursive: true, force: true });
}

/** A data folder for any number of starts of the launcher. */
export class Installation {
  readonly folder: string;
  readonly dataDir: string;
  private readonly runs: Run[] = [];
  private readonly seen = new Map<number, string>();

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'wag-launcher-'));
    const home = join(this.folder, 'home');
    mkdirSync(home);
    this.dataDir = join(this.folder, 'data');
    // The script of the real package with another command.
    const { scripts } = JSON.parse(readFileSync(repositoryFile('package.json'), 'utf8')) as {
      scripts: { start: string };
    };
    const start = scripts.start.replace('scripts/start.mjs', FAKE_LAUNCHER);
    writeFileSync(join(this.folder, 'package.json'), JSON.stringify({ scripts: { start } }));
  }

  path(name: string): string {
    return join(this.dataDir, name);
  }

  start({ args = [], env = {}, wrapper = [], throughNpm = false }: StartOptions = {}): Run {
    const launcher = throughNpm ? ['npm', 'start', '--'] : [process.execPath, FAKE_LAUNCHER];
    const [command = '', ...rest] = [...wrapper, ...launcher, '--no-demo', ...args];
    const child = spawn(command, rest, {
      cwd: this.folder,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: join(this.folder, 'home'),
        XDG_CACHE_HOME: cacheFolder,
        DATA_DIR: this.dataDir,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const run = new Run(child);
    this.runs.push(run);
    return run;
  }

  async started(options?: StartOptions): Promise<Run> {
    const run = await this.start(options).isUp();
    this.remember();
    return run;
  }

  /** @param folder the path of the data folder for this process, when it is on a disk of its own */
  runFile(folder = this.dataDir): RunFile {
    return JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as RunFile;
  }

  pidOf(name: string): number {
    const found = this.runFile().processes.find((process) => process.name === name);
    if (!found) throw new Error(`${name} is not in run.json`);
    return found.pid;
  }

  /** Processes of any earlier run.json that still run. */
  processesLeft(): number[] {
    this.remember();
    return [...this.seen].flatMap(([pid, startTime]) => (startTimeOf(pid) === startTime ? [pid] : []));
  }

  /** Records the processes of run.json with their start times, so that a test can check their end. */
  remember(): void {
    if (!existsSync(this.path('run.json'))) return;
    for (const { pid } of readProcesses(this.path('run.json'))) {
      const startTime = startTimeOf(pid);
      if (startTime !== undefined && !this.seen.has(pid)) this.seen.set(pid, startTime);
    }
  }

  /** Stops what a failed test has left running, and removes the folder. */
  async remove(): Promise<void> {
    for (const run of this.runs) {
      if (run.child.exitCode === null && run.child.signalCode === null) await run.stop();
    }
    for (const pid of this.processesLeft()) process.kill(pid, 'SIGKILL');
    await waitFor(() => this.processesLeft().length === 0, { timeoutMs: STOP_MS });
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function readProcesses(path: string): RunFile['processes'] {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as RunFile).processes ?? [];
  } catch {
    return []; // a test damaged it
  }
}

/** The start time in clock ticks since boot. A zombie counts as ended. */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

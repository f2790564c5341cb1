import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { npmCopy } from './private-copy.ts';

const run = promisify(execFile);
const VERSION = '7.0.4';

/** One process under PM2. */
export interface Pm2Process {
  name: string;
  pid: number;
  pm2_env: { status: string; restart_time: number; exit_code?: number; exec_mode: string; pm_out_log_path: string };
}

/** A PM2 with a home of its own: its daemon and processes are nobody else's. */
export interface Pm2 {
  home: string;
  call(...args: string[]): Promise<string>;
  list(): Promise<Pm2Process[]>;
  /** Ends the daemon and all its processes, and removes the home. */
  end(): Promise<void>;
}

/** @param env of the commands, and so of the processes that they start */
export async function startPm2(env: Record<string, string>): Promise<Pm2> {
  const program = join(await npmCopy('pm2', VERSION), 'pm2/bin/pm2');
  // Short: its sockets are in it.
  const home = await mkdtemp(join(tmpdir(), 'wag-pm2-'));
  const environment = {
    PATH: [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter),
    HOME: home,
    PM2_HOME: home,
    PM2_DISCRETE_MODE: 'true',
    ...env,
  };
  const call = async (...args: string[]): Promise<string> => {
    try {
      return (await run(process.execPath, [program, ...args], { env: environment, maxBuffer: 64 * 1024 * 1024 }))
        .stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`pm2 ${args.join(' ')} failed:\n${stdout}\n${stderr}`, { cause: error });
    }
  };
  // The daemon outlives its command; it must not outlive this process.
  const kill = () => void spawnSync(process.execPath, [program, 'kill'], { env: environment, timeout: 30_000 });
  process.once('exit', kill);
  return {
    home,
    call,
    async list() {
      const text = await call('jlist');
      return JSON.parse(text.slice(text.indexOf('['))) as Pm2Process[];
    },
    async end() {
      process.off('exit', kill);
      await call('kill');
      await rm(home, { recursive: true, force: true });
    },
  };
}

import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { SystemOptions } from '../../harness/system.ts';
import type { WatchedProcess } from './process-cpu.ts';

/** CPU profiles of gateways and workers during a measurement. */
export interface Profiling extends Required<Pick<SystemOptions, 'env' | 'nodeFlags'>> {
  /** Starts the profiles of these processes, or ends them and writes them into the folder. */
  toggle(processes: readonly Pick<WatchedProcess, 'pid'>[]): void;
}

export function profilingInto(folder: string): Profiling {
  const path = resolve(folder);
  mkdirSync(path, { recursive: true });
  const preload = ['--import', new URL('../preload/profile-on-signal.js', import.meta.url).href];
  const env = { LOAD_PROFILE_DIR: path };
  return {
    env: { gateway: env, worker: env },
    nodeFlags: { gateway: preload, worker: preload },
    toggle(processes) {
      for (const { pid } of processes) process.kill(pid, 'SIGWINCH');
    },
  };
}

import { totalmem } from 'node:os';

/** This process, in figures. */
export interface ProcessFigures {
  /** Seconds. */
  uptime: number;
  /** MB of this process, and what it may use. */
  memory: { used: number; total: number };
  /** Percent of one core, between this reading and one a while before. */
  cpu: number;
}

export interface ProcessMeter {
  read(): ProcessFigures;
}

export interface ProcessSigns {
  /** Milliseconds since the process began. */
  now: () => number;
  /** Microseconds. */
  cpuTime: () => number;
}

const MEGABYTE = 1_048_576;
/** Below this the clocks of the kernel are too coarse. */
const SHORTEST_MS = 1_000;

const OWN: ProcessSigns = {
  now: () => process.uptime() * 1_000,
  cpuTime() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
};

/** The memory of the machine, or less where the container has a limit. */
function memoryLimit(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/**
 * The load of this process since the previous reading; the first reading covers the time since the start. Concurrent
 * readings share one.
 */
export function createProcessMeter({ now, cpuTime }: ProcessSigns = OWN): ProcessMeter {
  let last = { at: 0, cpuTime: 0 };
  let cpu = 0;
  return {
    read() {
      const at = now();
      if (at - last.at >= SHORTEST_MS || last.at === 0) {
        const used = cpuTime();
        cpu = Math.round((used - last.cpuTime) / Math.max(1, at - last.at)) / 10;
        last = { at, cpuTime: used };
      }
      return {
        uptime: Math.round(at / 1_000),
        memory: {
          used: Math.round(process.memoryUsage.rss() / MEGABYTE),
          total: Math.round(memoryLimit() / MEGABYTE),
        },
        cpu,
      };
    },
  };
}

import { totalmem } from 'node:os';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { LoadGauges } from '@wa-gate/cluster';

const RESOLUTION_MS = 20;

/** Measures the load of this process. Each reading covers the time since the last one. */
export interface LoadMeter {
  read(): LoadGauges;
  stop(): void;
}

export function createLoadMeter(): LoadMeter {
  const delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const memoryLimit = process.constrainedMemory() || totalmem();
  let cpu = process.cpuUsage();
  let at = performance.now();
  return {
    read() {
      const now = performance.now();
      const used = process.cpuUsage(cpu);
      const elapsedUs = Math.max(now - at, 1) * 1_000;
      const gauges = {
        cpuUsage: round(((used.user + used.system) / elapsedUs) * 100),
        memoryUsage: round((process.memoryUsage.rss() / Math.min(memoryLimit, totalmem())) * 100),
        // The histogram measures whole intervals; the delay is what exceeds the resolution.
        eventLoopDelayMs: round(Math.max((Number.isNaN(delay.mean) ? 0 : delay.mean / 1e6) - RESOLUTION_MS, 0)),
      };
      cpu = process.cpuUsage();
      at = now;
      delay.reset();
      return gauges;
    },
    stop: () => delay.disable(),
  };
}

const round = (value: number): number => Math.round(value * 100) / 100;

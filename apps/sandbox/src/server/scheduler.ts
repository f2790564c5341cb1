import type { Logger } from '@wa-gate/kit';
import type { CpuLedger } from '../recorder/cpu-ledger.ts';

/** Delayed actions. All of them are dropped when the sandbox stops. */
export class Scheduler {
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly cpu: CpuLedger;
  private readonly log: Logger;
  private stopped = false;

  constructor(cpu: CpuLedger, log: Logger) {
    this.cpu = cpu;
    this.log = log;
  }

  later(ms: number, run: () => void): void {
    if (this.stopped) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      try {
        this.cpu.span('server', run);
      } catch (error) {
        this.log.error({ err: error }, 'scheduled work failed');
      }
    }, ms);
    this.timers.add(timer);
  }

  /** Drops the pending actions; with `stop`, later ones, too. */
  clear(options: { stop: boolean }): void {
    this.stopped ||= options.stop;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}

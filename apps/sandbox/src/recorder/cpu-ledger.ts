/** The part that works: the server (routing, acks, receipts, recorder) or the simulated phones (Signal). */
type Work = 'server' | 'phone';

/**
 * Splits the time of synchronous code between server and phones. Spans nest: the time of an inner span is not counted
 * again in the outer one. It is wall time, which is too large on a busy machine. `process.cpuUsage()` would be exact,
 * but was measured to cost a quarter of all CPU under load.
 */
export class CpuLedger {
  private readonly total: Record<Work, number> = { server: 0, phone: 0 };
  private inner = 0;
  private readonly now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.now = now;
  }

  span<T>(work: Work, run: () => T): T {
    const outer = this.inner;
    this.inner = 0;
    const start = this.now();
    try {
      return run();
    } finally {
      const spent = this.now() - start;
      this.total[work] += spent - this.inner;
      this.inner = outer + spent;
    }
  }

  get serverMs(): number {
    return this.total.server;
  }

  get phoneMs(): number {
    return this.total.phone;
  }

  clear(): void {
    this.total.server = 0;
    this.total.phone = 0;
  }
}

/** Whose work a piece of code is: the server's (routing, acks, receipts, recorder) or the simulated phones' (Signal). */
export type Work = 'server' | 'phone';

/** CPU milliseconds of this process. Wall time would also count what other processes took from a busy machine. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/**
 * Splits the CPU time of synchronous code between server and phones. Spans nest: time inside an inner span is not
 * counted again in the outer one.
 */
export class CpuLedger {
  private readonly total: Record<Work, number> = { server: 0, phone: 0 };
  private inner = 0;
  private readonly now: () => number;

  constructor(now: () => number = cpuMs) {
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

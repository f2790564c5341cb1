interface Waiting {
  resolve(at: number): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

/** Occurrences that callers await by name. One that happens before it is awaited is kept. */
export class Awaited {
  private readonly waiting = new Map<string, Waiting>();
  private readonly early = new Map<string, number>();

  /** @throws {Error} when it does not happen within the time */
  for(name: string, withinMs: number): Promise<number> {
    const cameAt = this.early.get(name);
    if (cameAt !== undefined) {
      this.early.delete(name);
      return Promise.resolve(cameAt);
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(name);
        reject(new Error(`${name} did not come within ${withinMs / 1_000} s`));
      }, withinMs);
      this.waiting.set(name, { resolve, reject, timer });
    });
  }

  /** Records the occurrence with its time. */
  came(name: string, at: number): void {
    const waiting = this.waiting.get(name);
    if (!waiting) {
      this.early.set(name, at);
      return;
    }
    this.waiting.delete(name);
    clearTimeout(waiting.timer);
    waiting.resolve(at);
  }
}

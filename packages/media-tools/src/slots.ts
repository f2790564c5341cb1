/** Runs a bounded number of tasks at once; the others wait in the order in which they came. */
export interface Slots {
  /** @throws the reason of `signal` when it aborts while the task waits */
  run<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T>;
}

/** @param size tasks at once, at least 1 */
export function createSlots(size: number): Slots {
  let free = size;
  const waiting = new Set<() => void>();

  async function take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (free > 0) {
      free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        waiting.delete(enter);
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        waiting.delete(enter);
        reject(signal.reason as Error);
      };
      waiting.add(enter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** Hands the slot to the next task, which then counts as running. */
  function give(): void {
    const [next] = waiting;
    if (next) next();
    else free++;
  }

  return {
    async run(signal, task) {
      await take(signal);
      try {
        return await task();
      } finally {
        give();
      }
    },
  };
}

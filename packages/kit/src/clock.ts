/** Time as a dependency: loops and deadlines take a clock, so that tests drive them. */
export interface Clock {
  /** Wall time in milliseconds since 1970. For display and stored timestamps only; no decision uses it (I12). */
  now(): number;
  /** Monotonic milliseconds. Only differences within this process are meaningful. */
  monotonic(): number;
  /** Resolves after `ms`, or rejects with the signal's reason. The timer does not keep the process alive. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      timer.unref();
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};

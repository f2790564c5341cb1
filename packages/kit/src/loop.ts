import type { Clock } from './clock.ts';

export interface LoopOptions {
  clock: Clock;
  /** One round. When it resolves with `'more'`, the next one follows without a pause. Rejections go to `onError`. */
  round: (stopping: AbortSignal) => Promise<unknown>;
  /** Pause between the end of a round and the next, in ms. */
  everyMs: number;
  /** The share by which a pause varies, so that several processes do not act at the same moments. @default 0 */
  jitter?: number;
  /** Whether the first round comes after a pause instead of at once. @default false */
  pausesFirst?: boolean;
  onError: (error: unknown) => void;
}

/** Repeated background work of a process, until it is stopped. */
export interface Loop {
  /** Aborted by {@link stop}: lets a round end early. */
  readonly stopping: AbortSignal;
  readonly start: () => void;
  /** Starts the next round now. A notification during a round causes one more. */
  readonly notify: () => void;
  /** Starts no further round. Resolves when the running one has ended. */
  readonly stop: () => Promise<void>;
}

export function createLoop({ clock, round, everyMs, jitter = 0, pausesFirst = false, onError }: LoopOptions): Loop {
  const ending = new AbortController();
  const stopping = ending.signal;
  let pausing = new AbortController();
  let running: Promise<void> | undefined;

  /** A notification or the stop ends it early, without an error. */
  async function pause(): Promise<void> {
    const ms = everyMs * (1 + jitter * (2 * Math.random() - 1));
    await clock.sleep(ms, pausing.signal).catch(() => undefined);
  }

  async function run(): Promise<void> {
    if (pausesFirst) await pause();
    while (!stopping.aborted) {
      pausing = new AbortController();
      let hasMore = false;
      try {
        hasMore = (await round(stopping)) === 'more';
      } catch (error) {
        onError(error);
      }
      if (!hasMore) await pause();
    }
  }

  return {
    stopping,
    start() {
      running ??= run();
    },
    notify: () => pausing.abort(),
    async stop() {
      ending.abort();
      pausing.abort();
      await running;
    },
  };
}

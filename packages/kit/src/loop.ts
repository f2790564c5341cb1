import type { Clock } from './clock.ts';

export interface LoopOptions {
  clock: Clock;
  /**
   * One round. Resolves with `'more'` when there is more to do: then the next follows without a pause. A rejection goes
   * to `onError`.
   */
  round: (stopping: AbortSignal) => Promise<unknown>;
  /** Pause between the end of a round and the next, in ms. */
  everyMs: number;
  /**
   * Share by which a pause may be longer or shorter, so that several processes do not act at the same moments. @default
   * 0
   */
  jitter?: number;
  /** Whether the first round comes after a pause instead of at once. @default false */
  pausesFirst?: boolean;
  onError: (error: unknown) => void;
}

/** Work that a process does again and again in the background, until it is stopped. */
export interface Loop {
  /** Aborted by {@link stop}: for work that may end in the middle of a round. */
  readonly stopping: AbortSignal;
  readonly start: () => void;
  /** The next round comes now; a notification during a round causes one more. */
  readonly notify: () => void;
  /** No further round. Resolves when the one that runs has ended. */
  readonly stop: () => Promise<void>;
}

export function createLoop({ clock, round, everyMs, jitter = 0, pausesFirst = false, onError }: LoopOptions): Loop {
  const ending = new AbortController();
  const stopping = ending.signal;
  let pausing = new AbortController();
  let running: Promise<void> | undefined;

  /** Ends early by a notification or the stop, which is no failure. */
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

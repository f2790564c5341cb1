/** A step took too long without any progress. */
export class NoProgressError extends Error {
  override name = 'NoProgressError';
}

export interface ProgressWatch {
  /** Aborted when nothing has moved for too long, or with the given signal. */
  readonly signal: AbortSignal;
  /** Something has moved. */
  moved(): void;
  stop(): void;
}

/** Aborts what stands still for `limitMs`, however long it takes as a whole. Call `stop` at its end. */
export function watchProgress(limitMs: number, given: AbortSignal): ProgressWatch {
  const controller = new AbortController();
  const stall = () => controller.abort(new NoProgressError(`No progress for ${limitMs / 1000} s.`));
  const timer = setTimeout(stall, limitMs);
  const follow = () => controller.abort(given.reason);
  if (given.aborted) follow();
  given.addEventListener('abort', follow);
  return {
    signal: controller.signal,
    moved: () => void timer.refresh(),
    stop() {
      clearTimeout(timer);
      given.removeEventListener('abort', follow);
    },
  };
}

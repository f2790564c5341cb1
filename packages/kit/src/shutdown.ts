import closeWithGrace from 'close-with-grace';
import type { Logger } from './logger.ts';

export interface ShutdownStep {
  name: string;
  close: () => unknown;
}

export interface ShutdownOptions {
  /**
   * An unhandled rejection does not end the process; the caller listens to `unhandledRejection`. For processes that run
   * third-party code for many users, where one unhandled promise must not stop all.
   *
   * @default false
   */
  survivesRejections?: boolean;
  /**
   * Stage two: stops everything at once, without waiting for work that a restart can recover. Called when only the
   * reserve of the grace is left, or at a second signal. The process exits when it has resolved.
   *
   * @default a second signal, or the end of the grace, exits at once
   */
  cut?: () => unknown;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const RESERVE_MS = 10_000;
const RESERVE_SHARE = 0.4;

/** The milliseconds of a grace for the orderly stop; the rest is the reserve of stage two. */
export const orderlyMs = (graceMs: number): number => graceMs - Math.min(RESERVE_MS, graceMs * RESERVE_SHARE);

/**
 * Ends the process on SIGTERM, SIGINT, SIGHUP or a crash, within `graceMs`. Stage one closes the steps in their order.
 * A failed step is logged, and the next one runs. Stage two, if the caller has one, cuts the rest. Data that must not
 * be lost has to survive that, as it survives a crash.
 */
export function onShutdown(
  logger: Logger,
  graceMs: number,
  steps: () => ShutdownStep[],
  { survivesRejections = false, cut }: ShutdownOptions = {},
): { close: () => void } {
  const hurry = new AbortController();
  const skip = [...SIGNALS, ...(survivesRejections ? (['unhandledRejection'] as const) : [])];
  const closing = closeWithGrace({ delay: graceMs, logger: false, skip }, async ({ err }) => {
    if (err) logger.fatal({ err }, 'uncaught error, shutting down');
    const isComplete = await Promise.race([inOrder(logger, steps()), hurried(hurry, cut && orderlyMs(graceMs))]);
    if (!isComplete) {
      logger.warn('not stopped in order, cutting off the rest');
      await cut?.();
      // The exit code shows that the end was not orderly.
      throw new Error('not stopped in order');
    }
    logger.info('stopped');
  });

  let isClosing = false;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      logger.info({ signal }, isClosing ? 'told again to shut down' : 'shutting down');
      if (isClosing) hurry.abort();
      else closing.close();
      isClosing = true;
    });
  }
  return closing;
}

async function inOrder(logger: Logger, steps: ShutdownStep[]): Promise<true> {
  for (const step of steps) {
    try {
      await step.close();
    } catch (error) {
      logger.error({ err: error, step: step.name }, 'shutdown step failed');
    }
  }
  return true;
}

/** Resolves at a second signal, or after `ms`. */
function hurried(hurry: AbortController, ms: number | undefined): Promise<false> {
  return new Promise((resolve) => {
    hurry.signal.addEventListener('abort', () => resolve(false), { once: true });
    if (hurry.signal.aborted) resolve(false);
    if (ms !== undefined) setTimeout(() => hurry.abort(), ms).unref();
  });
}

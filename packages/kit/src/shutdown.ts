import closeWithGrace from 'close-with-grace';
import type { Logger } from './logger.ts';

export interface ShutdownStep {
  name: string;
  close: () => unknown;
}

export interface ShutdownOptions {
  /**
   * A promise that nobody awaited and that was rejected does not end the process; the caller listens to `unhandledRejection` itself. For processes
   * that run code of others on behalf of many, where one stray promise must not stop all.
   *
   * @default false
   */
  survivesRejections?: boolean;
}

/**
 * Closes the steps in their order on SIGTERM, SIGINT or a crash, within `graceMs`; a second signal or the end of the grace
 * exits at once (journal and outbox make that equal to a crash). A step that fails is logged and the next one goes on.
 */
export function onShutdown(
  logger: Logger,
  graceMs: number,
  steps: () => ShutdownStep[],
  { survivesRejections = false }: ShutdownOptions = {},
): { close: () => void } {
  const skip = survivesRejections ? (['unhandledRejection'] as const) : [];
  return closeWithGrace({ delay: graceMs, logger: false, skip: [...skip] }, async ({ signal, err, manual }) => {
    if (err) logger.fatal({ err }, 'uncaught error, shutting down');
    else logger.info({ signal, manual }, 'shutting down');
    for (const step of steps()) {
      try {
        await step.close();
      } catch (error) {
        logger.error({ err: error, step: step.name }, 'shutdown step failed');
      }
    }
    logger.info('stopped');
  });
}

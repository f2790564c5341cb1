import { type Clock, createLoop, type Logger, type Loop } from '@wa-gate/kit';
import type { MessageIndex } from '../../modules/message-index/index.ts';

/**
 * Milliseconds between two rounds. Nobody waits for a round, because answers fill what is missing themselves; each
 * saves them work. The longer, the more messages share a transaction and a page of the index.
 */
const EVERY_MS = 5_000;
/** Events of one transaction. */
const BITE = 2_000;

/** Fills search and chats from the events. Any number of processes may run it. */
export function createIndexer(deps: {
  index: Pick<MessageIndex, 'advance'>;
  clock: Clock;
  logger: Logger;
}): Pick<Loop, 'start' | 'stop'> {
  const { index, clock, logger } = deps;
  return createLoop({
    clock,
    everyMs: EVERY_MS,
    jitter: 0.5,
    pausesFirst: true,
    round: async () => ((await index.advance(BITE)) ? 'more' : 'done'),
    onError: (error) => logger.warn({ err: error }, 'search and chats not filled, trying again'),
  });
}

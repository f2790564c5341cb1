import type { Ownership } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import type { Clock, Logger } from '@wa-gate/kit';
import { type Outcome, recordOutcomes } from '@wa-gate/messaging';
import type { KeyedLock } from '../keyed-lock.ts';
import type { Announce } from '../writers/announcer.ts';
import { Batcher } from '../writers/batcher.ts';

/** Receipts come in threes and nobody waits for one: a pause lets them ride with the acknowledgements of later messages. */
const RECEIPT_LINGER_MS = 30;

export interface OutcomeWriterDependencies {
  pool: Pool;
  lane: KeyedLock;
  clock: Clock;
  logger: Logger;
  announce: Announce;
  onStale: (owner: Ownership) => void;
  onRecorded: (outcomes: readonly Outcome[]) => void;
}

export type OutcomeWriter = Batcher<Outcome>;

/** Writes what became of messages: what the server said at once, what phones said soon. */
export function createOutcomeWriter(deps: OutcomeWriterDependencies): OutcomeWriter {
  const { pool, lane, clock, logger, announce, onStale, onRecorded } = deps;
  return new Batcher<Outcome>({
    name: 'outcomes',
    lane,
    clock,
    logger,
    lingerMs: RECEIPT_LINGER_MS,
    async run(batch) {
      const recorded = await recordOutcomes(pool, batch);
      announce(recorded, recorded.moved);
      const stale = new Set(recorded.stale);
      for (const { sessionId, epoch } of batch) if (stale.delete(sessionId)) onStale({ sessionId, epoch });
      onRecorded(batch);
    },
    onPoison: ({ sessionId, waMessageId, state }, error) =>
      logger.error({ err: error, sessionId, waMessageId, state }, 'outcome cannot be written, dropped'),
  });
}

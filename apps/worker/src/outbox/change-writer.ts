import type { Ownership } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import type { Clock, Logger } from '@wa-gate/kit';
import { applyChanges, type ChangeOutcome, failChanges, readOwnChanges } from '@wa-gate/messaging';
import { inSteps } from '../inbox/steps.ts';
import type { KeyedLock } from '../keyed-lock.ts';
import type { Announce } from '../writers/announcer.ts';
import { Batcher } from '../writers/batcher.ts';
import type { OutcomeWriter } from './outcome-writer.ts';

export interface ChangeWriterDependencies {
  pool: Pool;
  writeLock: KeyedLock;
  clock: Clock;
  logger: Logger;
  /** What became of messages: that of the changed one is written first. */
  outcomes: Pick<OutcomeWriter, 'flush'>;
  announce: Announce;
  onStale: (owner: Ownership) => void;
}

/** Writes what became of the changes that sessions have sent: they count once the server has acknowledged them. */
export interface ChangeWriter {
  add(owner: Ownership, outcomes: readonly ChangeOutcome[]): void;
  flush(sessionId?: string): Promise<void>;
  /** Registers a listener for each batch that was written. */
  onRecorded(listener: (outcomes: readonly ChangeOutcome[]) => void): void;
}

export function createChangeWriter(deps: ChangeWriterDependencies): ChangeWriter {
  const { pool, writeLock, clock, logger, outcomes, announce, onStale } = deps;
  const listeners: ((outcomes: readonly ChangeOutcome[]) => void)[] = [];
  /** Those that wait for the outcomes of messages before them. */
  const waiting = new Set<Promise<void>>();

  const batcher = new Batcher<ChangeOutcome>({
    name: 'changes',
    writeLock,
    clock,
    logger,
    async run(batch) {
      const stale = new Set([...(await apply(batch)), ...(await fail(batch))]);
      for (const { sessionId, epoch } of batch) if (stale.delete(sessionId)) onStale({ sessionId, epoch });
      for (const listener of listeners) listener(batch);
    },
    onPoison: ({ sessionId, waMessageId }, error) =>
      logger.error({ err: error, sessionId, waMessageId }, 'outcome of a change cannot be written, dropped'),
  });

  async function apply(batch: readonly ChangeOutcome[]): Promise<string[]> {
    const made = batch.filter(({ failure }) => !failure);
    if (made.length === 0) return [];
    const changes = (await readOwnChanges(pool, made)).map((change) => ({ ...change, message: null, change }));
    const stale: string[] = [];
    for (const step of inSteps(changes)) {
      const applied = await applyChanges(
        pool,
        step.map(({ change }) => change),
      );
      const kept = new Set(applied.kept);
      const moved = step.flatMap(({ sessionId, id }) =>
        kept.has(id) ? [{ sessionId, messageId: id, state: 'SENT' as const }] : [],
      );
      announce(applied, moved);
      stale.push(...applied.stale);
    }
    return stale;
  }

  async function fail(batch: readonly ChangeOutcome[]): Promise<string[]> {
    const failed = batch.filter(({ failure }) => failure);
    if (failed.length === 0) return [];
    const { moved, stale } = await failChanges(pool, failed);
    announce({ events: [], webhooks: [] }, moved);
    return stale;
  }

  async function addInOrder(sessionId: string, added: readonly ChangeOutcome[]): Promise<void> {
    await outcomes.flush(sessionId);
    batcher.add(added);
  }

  return {
    add({ sessionId }, added) {
      const work = addInOrder(sessionId, added).finally(() => waiting.delete(work));
      waiting.add(work);
    },
    async flush(sessionId) {
      await Promise.all(waiting);
      await batcher.flush(sessionId);
    },
    onRecorded: (listener) => void listeners.push(listener),
  };
}

import type { Ownership } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import { type Clock, type Logger, newId } from '@wa-gate/kit';
import { type InboundMessage, storeInbound } from '@wa-gate/messaging';
import { type OwnJids, project } from '../content/inbound.ts';
import type { KeyedLock } from '../keyed-lock.ts';
import type { Arrived } from '../whatsapp/inbound-listener.ts';
import type { Announce } from '../writers/announcer.ts';
import { Batcher } from '../writers/batcher.ts';

export interface ProjectorDependencies {
  pool: Pool;
  writeLock: KeyedLock;
  clock: Clock;
  logger: Logger;
  announce: Announce;
  onStale: (owner: Ownership) => void;
  onStored: (count: number) => void;
}

/**
 * Stores received messages as messages and events. WhatsApp has its receipt already. The journal keeps the content
 * until the statement that stores it here marks it as done (I5).
 */
export interface Projector {
  accept(owner: Ownership, arrived: Arrived, own: OwnJids): void;
  /** Resolves when everything queued is written; with `sessionId`, only what that session has queued. */
  flush(sessionId?: string): Promise<void>;
}

interface Arrival extends Ownership {
  message: InboundMessage | null;
  journal: readonly Buffer[];
}

export function createProjector(deps: ProjectorDependencies): Projector {
  const { pool, writeLock, clock, logger, announce, onStale, onStored } = deps;
  const batcher = new Batcher<Arrival>({
    name: 'inbound',
    writeLock,
    clock,
    logger,
    async run(batch) {
      const messages = batch.flatMap(({ message }) => (message ? [message] : []));
      const result = await storeInbound(pool, messages, batch.flatMap(doneRows));
      announce(result);
      const stale = new Set(result.stale);
      for (const { sessionId, epoch } of batch) if (stale.delete(sessionId)) onStale({ sessionId, epoch });
      onStored(result.stored.length);
    },
    onPoison: ({ sessionId, message }, error) =>
      logger.error({ err: error, sessionId, waMessageId: message?.waMessageId }, 'inbound message cannot be stored'),
  });
  return {
    accept(owner, { message: received, journal }, own) {
      const projection = received && project(received, own);
      // Changes are not stored yet: like a message without content, a change only ends its journal row.
      const message = projection?.as === 'message' ? { ...projection.message, ...owner, id: newId() } : null;
      if (message || journal.length > 0) batcher.add([{ ...owner, message, journal }]);
    },
    flush: (sessionId) => batcher.flush(sessionId),
  };
}

const doneRows = ({ sessionId, epoch, journal }: Arrival) => journal.map((hash) => ({ sessionId, epoch, hash }));

import type { Ownership } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import { type Clock, type Logger, newId } from '@wa-gate/kit';
import { type InboundMessage, storeInbound } from '@wa-gate/messaging';
import { readInbound } from '../content/inbound.ts';
import type { KeyedLock } from '../keyed-lock.ts';
import type { WAMessage } from '../whatsapp/baileys.ts';
import type { Announce } from '../writers/announcer.ts';
import { Batcher } from '../writers/batcher.ts';

export interface ProjectorDependencies {
  pool: Pool;
  lane: KeyedLock;
  clock: Clock;
  logger: Logger;
  announce: Announce;
  onStale: (owner: Ownership) => void;
  onStored: (count: number) => void;
}

/**
 * Turns what arrives into messages and events. WhatsApp has Baileys' receipt before this is durable: what arrives in the
 * moment of a crash can be lost until a journal is written with the ratchet (I5).
 */
export interface Projector {
  accept(owner: Ownership, received: readonly WAMessage[], own: { jid: string; lid?: string }): void;
  flush(): Promise<void>;
}

export function createProjector(deps: ProjectorDependencies): Projector {
  const { pool, lane, clock, logger, announce, onStale, onStored } = deps;
  const batcher = new Batcher<InboundMessage>({
    name: 'inbound',
    lane,
    clock,
    logger,
    async run(batch) {
      const result = await storeInbound(pool, batch);
      announce(result);
      const stale = new Set(result.stale);
      for (const { sessionId, epoch } of batch) if (stale.delete(sessionId)) onStale({ sessionId, epoch });
      onStored(result.stored.length);
    },
    onPoison: ({ sessionId, waMessageId }, error) =>
      logger.error({ err: error, sessionId, waMessageId }, 'inbound message cannot be stored, dropped'),
  });
  return {
    accept(owner, received, own) {
      const messages = received.flatMap((message): InboundMessage[] => {
        const read = readInbound(message, own);
        return read ? [{ ...read, ...owner, id: newId() }] : [];
      });
      if (messages.length > 0) batcher.add(messages);
    },
    flush: () => batcher.flush(),
  };
}

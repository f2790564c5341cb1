import { inTransaction, type Pool, type Queryable, type TransactionLimits } from '@wa-gate/db';
import { newId, newIdAt } from '@wa-gate/kit';
import {
  type Appended,
  applyChanges,
  type HistoryBatch,
  type HistoryMessage,
  storeHistory,
  storeInbound,
  takeWaitingChanges,
} from '@wa-gate/messaging';
import type { ReadHistoryMessage } from '../content/history.ts';
import type { OwnJids } from '../content/inbound.ts';
import { inSteps } from '../inbox/steps.ts';
import { unseal } from '../inbox/unseal.ts';
import type { KeyedLock } from '../keyed-lock.ts';
import type { WAMessage } from '../whatsapp/baileys.ts';
import type { Announce } from '../writers/announcer.ts';

/** A message of the history that is to be stored. */
export interface ReadyMessage {
  message: ReadHistoryMessage;
  received: WAMessage;
  /** Its order among messages of the same millisecond, 0 … 4095. */
  place: number;
}

export interface HistoryWriterDependencies {
  pool: Pool;
  writeLock: KeyedLock;
  /** What the secrets inside sent messages are derived from. */
  messageKey: Uint8Array;
  announce: Announce;
  onStored: (count: number) => void;
}

export interface HistoryWriter {
  /** @throws {StaleEpochError}, or an error of the database: nothing of the batch is stored then */
  write(batch: Omit<HistoryBatch, 'messages'> & { messages: readonly ReadyMessage[] }, own: OwnJids): Promise<void>;
}

const LIMITS: TransactionLimits = { idleMs: 3_000, lockMs: 9_000 };

/**
 * Stores messages of the history with the changes that have come before them and wait, in one transaction. It takes
 * turns with the batchers of the worker, whose statements write rows of the same sessions.
 */
export function createHistoryWriter(deps: HistoryWriterDependencies): HistoryWriter {
  const { pool, writeLock, messageKey, announce, onStored } = deps;
  return {
    async write({ messages: ready, ...batch }, own) {
      const messages = withoutCopies(ready).map(withIds);
      const { sessionId, epoch } = batch;
      const written: Appended[] = [];
      const work = async (db: Queryable): Promise<string[]> => {
        written.length = 0;
        const stored = await storeHistory(db, { ...batch, messages });
        written.push(stored);
        const waiting = await takeWaitingChanges(
          db,
          messages.map((message) => ({ ...message, sessionId, epoch })),
        );
        const { changes, messages: unreadable } = await unseal({ db, messageKey, ownJids: () => own }, waiting);
        if (unreadable.length > 0) written.push(await storeInbound(db, unreadable, [], { mayHold: false }));
        const items = changes.map((change) => ({ sessionId: change.sessionId, message: null, change }));
        for (const step of inSteps(items))
          written.push(
            await applyChanges(
              db,
              step.map(({ change }) => change),
            ),
          );
        return stored.stored;
      };
      const stored = await writeLock.run('', () => inTransaction(pool, work, LIMITS));
      for (const appended of written) announce(appended);
      onStored(stored.length);
    },
  };
}

/** A chat may be in a part under both of its names, with the same messages. */
function withoutCopies(ready: readonly ReadyMessage[]): ReadyMessage[] {
  const byKey = new Map(ready.map((one) => [`${one.message.fromMe} ${one.message.waMessageId}`, one]));
  return [...byKey.values()];
}

function withIds({ message: { file, ...message }, place }: ReadyMessage): HistoryMessage {
  // The clock of a phone may be ahead: no message is of the future.
  const at = new Date(Math.min(message.waTimestamp.getTime(), Date.now()));
  return {
    ...message,
    id: newIdAt(at, place),
    ...(file && { file: { ...file, mediaId: newId() } }),
  };
}

import type { Ownership } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import { type Clock, isTracing, type Logger, startSpan } from '@wa-gate/kit';
import { type AppendedEvent, type Outcome, recordOutcomes } from '@wa-gate/messaging';
import type { KeyedLock } from '../keyed-lock.ts';
import type { Announce } from '../writers/announcer.ts';
import { Batcher } from '../writers/batcher.ts';

/**
 * Milliseconds. No caller waits for a receipt, so a pause lets receipts join later acknowledgements in one statement.
 */
const RECEIPT_LINGER_MS = 30;

export interface OutcomeWriterDependencies {
  pool: Pool;
  writeLock: KeyedLock;
  clock: Clock;
  logger: Logger;
  announce: Announce;
  onStale: (owner: Ownership) => void;
}

export interface OutcomeWriter extends Batcher<Outcome> {
  /** Registers a listener for each batch that was written. */
  onRecorded(listener: (outcomes: readonly Outcome[]) => void): void;
}

/** Writes the outcomes of messages: acknowledgements at once, receipts after a short pause. */
export function createOutcomeWriter(deps: OutcomeWriterDependencies): OutcomeWriter {
  const { pool, writeLock, clock, logger, announce, onStale } = deps;
  const listeners: ((outcomes: readonly Outcome[]) => void)[] = [];
  const batcher = new Batcher<Outcome>({
    name: 'outcomes',
    writeLock,
    clock,
    logger,
    lingerMs: RECEIPT_LINGER_MS,
    async run(batch) {
      const startedAt = new Date();
      const recorded = await recordOutcomes(pool, batch);
      if (isTracing()) traceReceipts(recorded.events, startedAt);
      announce(recorded, recorded.moved);
      const stale = new Set(recorded.stale);
      for (const { sessionId, epoch } of batch) if (stale.delete(sessionId)) onStale({ sessionId, epoch });
      for (const listener of listeners) listener(batch);
    },
    onPoison: ({ sessionId, waMessageId, state }, error) =>
      logger.error({ err: error, sessionId, waMessageId, state }, 'outcome cannot be written, dropped'),
  });
  return Object.assign(batcher, {
    onRecorded: (listener: (typeof listeners)[number]) => void listeners.push(listener),
  });
}

const RECEIPTS: ReadonlySet<string> = new Set(['message.delivered', 'message.read', 'message.played']);

/** Which trace a receipt belongs to, the row of its message says: the span begins with the look at it. */
function traceReceipts(events: readonly AppendedEvent[], startedAt: Date): void {
  for (const { type, trace, sessionId, data } of events) {
    if (!trace || !RECEIPTS.has(type)) continue;
    const span = startSpan('receive receipt', { kind: 'consumer', parent: trace, startedAt });
    if (!span?.isRecording) continue;
    span.set({
      'messaging.system': 'whatsapp',
      'messaging.message.id': String(data.messageId),
      'wag.session.id': sessionId,
      'wag.event': type,
    });
    span.end();
  }
}

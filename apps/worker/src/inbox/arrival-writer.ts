import type { Ownership } from '@wa-gate/cluster';
import { inTransaction, type Pool, type Queryable, type TransactionLimits } from '@wa-gate/db';
import type { Clock, Logger, Span } from '@wa-gate/kit';
import {
  type Appended,
  applyChanges,
  type ChatTimer,
  type InboundChange,
  type InboundMessage,
  type Projected,
  storeInbound,
  takeWaitingChanges,
} from '@wa-gate/messaging';
import type { ChatTimers } from '../chats/chat-timers.ts';
import type { ContactFeed, SessionFact } from '../contacts/contact-feed.ts';
import type { OwnJids } from '../content/inbound.ts';
import type { KeyedLock } from '../keyed-lock.ts';
import type { Announce } from '../writers/announcer.ts';
import { Batcher } from '../writers/batcher.ts';
import { inSteps } from './steps.ts';
import { type UnsealDependencies, unseal } from './unseal.ts';

export interface ArrivalWriterDependencies {
  pool: Pool;
  writeLock: KeyedLock;
  clock: Clock;
  logger: Logger;
  /** What the secrets inside sent messages are derived from. */
  messageKey: Uint8Array;
  timers: Pick<ChatTimers, 'learn'>;
  announce: Announce;
  contacts: Pick<ContactFeed, 'learn'>;
  onStale: (owner: Ownership) => void;
  onStored: (count: number) => void;
  /** A message with a file was stored: its owner may fetch it. */
  onFile?: (sessionId: string) => void;
  /** So many messages came that could not be decrypted at first. */
  onUndecryptable?: (count: number) => void;
}

export interface Arrival extends Ownership {
  message: InboundMessage | null;
  change: InboundChange | null;
  journal: readonly Buffer[];
  own: OwnJids;
  /** Timers of its chat that it tells of. */
  timers: readonly ChatTimer[];
  /** What it tells about people. */
  facts: readonly SessionFact[];
  span: Span | undefined;
}

/** What one statement has written. */
interface Written extends Appended {
  stale: string[];
  stored?: string[];
  refused?: string[];
}

/** It holds the placements: a worker that stands still must not keep its sessions from being taken over. */
const WITH_WAITING: TransactionLimits = { idleMs: 3_000, lockMs: 9_000 };

/** Writes what came, of all sessions: people and timers first, then messages and changes in their order. */
export function createArrivalWriter(deps: ArrivalWriterDependencies): Batcher<Arrival> {
  const { pool, writeLock, clock, logger, messageKey, timers, announce, contacts, onStale } = deps;
  const { onStored, onFile, onUndecryptable } = deps;

  /** Messages take one statement, and changes, where there are some, another one. */
  async function write(step: readonly Arrival[]): Promise<Written[]> {
    const isChange = ({ change }: Arrival) => change !== null;
    const changed = step.filter(isChange);
    const unsealing = { messageKey, ownJids: ownJidsOf(step) };
    const { changes, messages: unreadable } = await unseal({ ...unsealing, db: pool }, changed.flatMap(changeOf));
    const messages = [...step.flatMap(({ message }) => (message ? [message] : [])), ...unreadable];
    const rows = step.filter((arrival) => !isChange(arrival)).flatMap(doneRows);
    const written = messages.length > 0 || rows.length > 0 ? await store(messages, rows, unsealing) : [];
    return changed.length > 0 ? [...written, await applyChanges(pool, changes, changed.flatMap(doneRows))] : written;
  }

  async function store(
    messages: readonly InboundMessage[],
    rows: readonly Projected[],
    unsealing: Omit<UnsealDependencies, 'db'>,
  ): Promise<Written[]> {
    const stored = await storeInbound(pool, messages, rows);
    return stored.held.length === 0 ? [stored] : await storeWithWaiting(messages, rows, unsealing);
  }

  /** Messages and the changes that wait for them, in one transaction: a crash leaves both or none. */
  async function storeWithWaiting(
    messages: readonly InboundMessage[],
    rows: readonly Projected[],
    unsealing: Omit<UnsealDependencies, 'db'>,
  ): Promise<Written[]> {
    const work = async (db: Queryable): Promise<Written[]> => {
      const stored = await storeInbound(db, messages, rows, false);
      const stale = new Set(stored.stale);
      const readable = messages.filter(({ sessionId, isStub }) => !isStub && !stale.has(sessionId));
      const waiting = await takeWaitingChanges(db, readable);
      const { changes, messages: unreadable } = await unseal({ ...unsealing, db }, waiting);
      const written: Written[] = [stored];
      if (unreadable.length > 0) written.push(await storeInbound(db, unreadable, [], false));
      const items = changes.map((change) => ({ sessionId: change.sessionId, message: null, change }));
      for (const step of inSteps(items)) written.push(await applyChanges(db, step.flatMap(changeOf)));
      return written;
    };
    return await inTransaction(pool, work, WITH_WAITING);
  }

  function tell({ events, webhooks, stale, stored = [], refused = [] }: Written, step: readonly Arrival[]): void {
    announce({ events, webhooks });
    const gone = new Set(stale);
    for (const { sessionId, epoch } of step) if (gone.delete(sessionId)) onStale({ sessionId, epoch });
    if (refused.length > 0)
      logger.warn({ changes: refused.length }, 'changes refused: their authors may not make them');
    onStored(stored.length);
  }

  return new Batcher<Arrival>({
    name: 'inbound',
    writeLock,
    clock,
    logger,
    async run(batch) {
      // Before the messages: their events and their names say who is who.
      await contacts.learn(batch.flatMap(({ facts }) => facts));
      // Before the journal rows of these messages are done: a crash replays them.
      await timers.learn(
        batch.flatMap(({ timers: told, sessionId, epoch }) => told.map((timer) => ({ sessionId, epoch, ...timer }))),
      );
      for (const step of inSteps(batch)) for (const written of await write(step)) tell(written, step);
      const withFiles = batch.flatMap(({ message, sessionId }) => (message?.file ? [sessionId] : []));
      for (const sessionId of new Set(withFiles)) onFile?.(sessionId);
      const undecryptable = batch.filter(({ message }) => message?.isStub).length;
      if (undecryptable > 0) onUndecryptable?.(undecryptable);
      for (const { span } of batch) span?.end();
    },
    onPoison: ({ sessionId, message, change }, error) =>
      logger.error(
        { err: error, sessionId, waMessageId: (message ?? change)?.waMessageId },
        'inbound message cannot be stored',
      ),
  });
}

const changeOf = ({ change }: { change: InboundChange | null }) => (change ? [change] : []);
const doneRows = ({ sessionId, epoch, journal }: Arrival) => journal.map((hash) => ({ sessionId, epoch, hash }));

function ownJidsOf(step: readonly Arrival[]): (sessionId: string) => OwnJids | undefined {
  return (sessionId) => step.find((arrival) => arrival.sessionId === sessionId)?.own;
}

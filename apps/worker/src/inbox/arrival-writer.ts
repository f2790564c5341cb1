import { type Ownership, StaleEpochError } from '@wa-gate/cluster';
import { inTransaction, isDatabaseUnavailable, type Pool, type Queryable, type TransactionLimits } from '@wa-gate/db';
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
import type { WithheldStep } from '../whatsapp/withheld-step.ts';
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
  /** The ratchet step that has read it; with `isJoined` it is not stored yet. */
  step: WithheldStep | undefined;
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

/**
 * Writes what came, of all sessions: people and timers first, then messages and changes in their order. Messages are
 * stored with the ratchet steps that have read them, where these are withheld.
 */
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
    const others = step.filter((arrival) => !isChange(arrival));
    const written = messages.length > 0 || others.length > 0 ? await store(messages, others, unsealing) : [];
    return changed.length > 0 ? [...written, await applyChanges(pool, changes, changed.flatMap(doneRows))] : written;
  }

  async function store(
    messages: readonly InboundMessage[],
    arrivals: readonly Arrival[],
    unsealing: Omit<UnsealDependencies, 'db'>,
  ): Promise<Written[]> {
    const joined = joinedSteps(arrivals);
    const steps = joined.map(({ step }) => step);
    const stored = await storeInbound(pool, messages, arrivals.flatMap(rowsToEnd), { steps });
    if (stored.held.length > 0) {
      await writeApart(joined);
      return await storeWithWaiting(messages, arrivals.flatMap(doneRows), unsealing);
    }
    for (const step of joined) {
      const { sessionId } = step.step.owner;
      step.conclude(stored.stale.includes(sessionId) ? new StaleEpochError([sessionId]) : undefined);
    }
    return [stored];
  }

  async function writeBatch(batch: readonly Arrival[]): Promise<void> {
    // Steps keep their order; a change is stored by a statement that takes none.
    if (batch.some(({ step, message }) => step?.isJoined && !message)) await writeApart(joinedSteps(batch));
    for (const step of inSteps(batch)) for (const written of await write(step)) tell(written, step);
  }

  /** Messages and the changes that wait for them, in one transaction: a crash leaves both or none. */
  async function storeWithWaiting(
    messages: readonly InboundMessage[],
    rows: readonly Projected[],
    unsealing: Omit<UnsealDependencies, 'db'>,
  ): Promise<Written[]> {
    const work = async (db: Queryable): Promise<Written[]> => {
      const stored = await storeInbound(db, messages, rows, { mayHold: false });
      const stale = new Set(stored.stale);
      const readable = messages.filter(({ sessionId, isStub }) => !isStub && !stale.has(sessionId));
      const waiting = await takeWaitingChanges(db, readable);
      const { changes, messages: unreadable } = await unseal({ ...unsealing, db }, waiting);
      const written: Written[] = [stored];
      if (unreadable.length > 0) written.push(await storeInbound(db, unreadable, [], { mayHold: false }));
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
      try {
        await writeBatch(batch);
      } catch (error) {
        // What cannot be stored as a message stays in the journal.
        if (!isDatabaseUnavailable(error)) await writeApart(joinedSteps(batch));
        throw error;
      }
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
const doneRows = ({ sessionId, epoch, journal }: Arrival): Projected[] =>
  journal.map((hash) => ({ sessionId, epoch, hash }));
/** The journal rows that are there already. */
const rowsToEnd = (arrival: Arrival): Projected[] => (arrival.step?.isJoined ? [] : doneRows(arrival));

const joinedSteps = (arrivals: readonly Arrival[]): WithheldStep[] =>
  arrivals.flatMap(({ step }) => (step?.isJoined ? [step] : []));

async function writeApart(steps: readonly WithheldStep[]): Promise<void> {
  await Promise.all(steps.map((step) => step.writeApart()));
}

function ownJidsOf(step: readonly Arrival[]): (sessionId: string) => OwnJids | undefined {
  return (sessionId) => step.find((arrival) => arrival.sessionId === sessionId)?.own;
}

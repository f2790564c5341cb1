import type { Ownership } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import { type Clock, deriveKey, type Logger } from '@wa-gate/kit';
import {
  claimOutbox,
  findOutboxPayload,
  inspectOutbox,
  type OutboundRequest,
  type OutboxItem,
  type Outcome,
} from '@wa-gate/messaging';
import { buildMessage, decodeMessage, encodeMessage, messageSecret } from '../content/outbound.ts';
import type { Receipt, ServerAck } from '../whatsapp/acks.ts';
import type { proto } from '../whatsapp/baileys.ts';
import { SendRefusedError } from '../whatsapp/errors.ts';
import type { Connection } from '../whatsapp/socket.ts';
import { ClaimedRows } from './claimed-rows.ts';
import type { OutcomeWriter } from './outcome-writer.ts';
import { describeRefusal, SEND_FAILED } from './refusals.ts';

export interface DispatcherDependencies {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  masterKey: Uint8Array;
  outcomes: OutcomeWriter;
  /** Whether this process holds its lease, by its own clock. Asked synchronously before each claim and before each message is handed over (I3). */
  mayStart: () => boolean;
  /** A connection that took a message and says nothing more. */
  onStuck: (owner: Ownership) => void;
  /** Milliseconds from claim to the server's word, for the metrics. */
  onAcknowledged: (milliseconds: number) => void;
}

/** How often the outbox is read when no bell rings. */
const POLL_MS = 2_000;
const SWEEP_MS = 1_000;
/** Rows that a session takes at a time: enough to spare statements, few enough that an urgent message does not wait long. */
const ROWS_PER_CLAIM = 10;
const CLAIMS_IN_FLIGHT = 2;
/** Messages that may wait for the server's word at once. */
const MAX_FLYING = 32;
const ACK_DEADLINE_MS = 30_000;
const SEND_DEADLINE_MS = 60_000;
const MAX_ATTEMPTS = 5;
const PAUSE_AFTER_ERROR_MS = 2_000;

interface Flying {
  item: OutboxItem;
  payload: Buffer;
  since: number;
}

const isSending = (lane: Lane): boolean => lane.busy || lane.flying.size > 0;

/** The sending side of one open connection. */
interface Lane {
  owner: Ownership;
  connection: Connection;
  open: boolean;
  /** Takes nothing more: its session is about to move. */
  draining: boolean;
  /** There may be something to claim. */
  dirty: boolean;
  /** Being claimed for or sending; one thing at a time, so that order holds. */
  busy: boolean;
  /** Claimed, not yet handed over. */
  pending: OutboxItem[];
  /** Handed over, not yet acknowledged, by WhatsApp's id. */
  flying: Map<string, Flying>;
  /** There may be rows claimed for this lane that it does not know of: the answer to a claim was lost. */
  unsure: boolean;
  sendingSince: number | undefined;
  pausedUntil: number;
}

/**
 * Sends what is in the outbox. One statement claims for all sessions that have work and are idle; each session then sends its rows one after the
 * other. The server's word is awaited by message id, beside the sending; what has no word when its connection ends goes
 * back and is sent again under the same id.
 */
export class Dispatcher {
  readonly #deps: DispatcherDependencies;
  readonly #secretKey: Buffer;
  readonly #lanes = new Map<string, Lane>();
  readonly #rows: ClaimedRows;
  readonly #timers: NodeJS.Timeout[] = [];
  #claims = 0;
  #accepting = true;

  constructor(deps: DispatcherDependencies) {
    this.#deps = deps;
    this.#secretKey = deriveKey(deps.masterKey, 'message-secret');
    const onReturned = (sessionId: string) => this.ring(sessionId);
    this.#rows = new ClaimedRows({ pool: deps.pool, clock: deps.clock, logger: deps.logger, onReturned });
  }

  start(): void {
    this.#timers.push(setInterval(() => void this.#poll(), POLL_MS).unref());
    this.#timers.push(setInterval(() => this.#sweep(), SWEEP_MS).unref());
  }

  /** The session is connected: its messages may go. */
  opened(owner: Ownership, connection: Connection): void {
    this.closed(owner);
    this.#lanes.set(owner.sessionId, {
      owner,
      connection,
      open: true,
      draining: false,
      dirty: true,
      busy: false,
      pending: [],
      flying: new Map(),
      // The connection before may have ended in the middle of a claim.
      unsure: true,
      sendingSince: undefined,
      pausedUntil: 0,
    });
    this.#pump();
  }

  /** The connection has ended: what has no word from the server goes back. */
  closed({ sessionId }: Ownership): void {
    const lane = this.#lanes.get(sessionId);
    if (!lane) return;
    lane.open = false;
    this.#lanes.delete(sessionId);
    const unsure = [...lane.flying.values()].map(({ item }) => item);
    this.#rows.giveBack(lane.owner, [...unsure, ...lane.pending]);
    lane.pending = [];
  }

  /** Somebody has put a message into the outbox of this session. */
  ring(sessionId: string): void {
    const lane = this.#lanes.get(sessionId);
    if (!lane) return;
    lane.dirty = true;
    this.#pump();
  }

  acknowledged({ sessionId }: Ownership, ack: ServerAck): void {
    const lane = this.#lanes.get(sessionId);
    const flying = lane?.flying.get(ack.waMessageId);
    // Resends that answer a retry receipt are acknowledged too, again under the same id.
    if (!lane || !flying) return;
    lane.flying.delete(ack.waMessageId);
    this.#deps.onAcknowledged(this.#deps.clock.monotonic() - flying.since);
    this.#conclude(lane.owner, flying, ack.error === undefined ? null : describeRefusal(ack.error));
    this.#pump();
  }

  /** These outcomes are in the database. */
  recorded(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) this.#rows.conclude(outcome, outcome.waMessageId);
  }

  receipts(owner: Ownership, receipts: readonly Receipt[]): void {
    this.#deps.outcomes.add(
      receipts.map((receipt) => ({ ...owner, ...receipt })),
      { urgent: false },
    );
  }

  /** What was sent under this id, from the outbox, to answer a phone that could not read it. */
  async sentMessage({ sessionId }: Ownership, waMessageId: string): Promise<proto.IMessage | undefined> {
    const row = await findOutboxPayload(this.#deps.pool, sessionId, waMessageId);
    return row ? this.#messageOf(sessionId, { ...row, waMessageId }) : undefined;
  }

  /**
   * Takes nothing more for this session. Resolves when nothing of it flies and what was taken in vain is back in the outbox, or when `graceMs` are over: what
   * has no word by then goes back when its connection is closed. A new connection begins anew.
   */
  async drain(owner: Ownership, graceMs: number): Promise<void> {
    const lane = this.#lanes.get(owner.sessionId);
    if (lane) {
      lane.draining = true;
      this.#rows.giveBack(lane.owner, lane.pending.splice(0));
    }
    const isQuiet = () => !this.#rows.isReturning(owner.sessionId) && !(lane?.open && isSending(lane));
    await this.#until(isQuiet, graceMs);
  }

  /** Takes nothing more, lets what flies land within `graceMs`, gives the rest back. */
  async stop(graceMs: number): Promise<void> {
    this.#accepting = false;
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    for (const lane of this.#lanes.values()) this.#rows.giveBack(lane.owner, lane.pending.splice(0));
    await this.#until(() => this.#claims === 0 && ![...this.#lanes.values()].some(isSending), graceMs);
    for (const lane of this.#lanes.values()) this.closed(lane.owner);
    await this.#rows.settled();
  }

  async #until(isDone: () => boolean, graceMs: number): Promise<void> {
    const { clock } = this.#deps;
    const deadline = clock.monotonic() + graceMs;
    while (!isDone() && clock.monotonic() < deadline) await clock.sleep(10);
  }

  // --- claiming ---

  #pump(): void {
    if (!this.#accepting || this.#claims >= CLAIMS_IN_FLIGHT || !this.#deps.mayStart()) return;
    const now = this.#deps.clock.monotonic();
    const ready: Lane[] = [];
    for (const lane of this.#lanes.values()) {
      const idle = !lane.busy && lane.flying.size < MAX_FLYING && !this.#rows.isReturning(lane.owner.sessionId);
      if (lane.dirty && !lane.draining && idle && lane.pausedUntil <= now) ready.push(lane);
    }
    if (ready.length > 0) void this.#claim(ready);
  }

  async #claim(lanes: Lane[]): Promise<void> {
    this.#claims += 1;
    for (const lane of lanes) {
      lane.busy = true;
      lane.dirty = false;
    }
    try {
      for (const lane of lanes.filter(({ unsure }) => unsure)) {
        await this.#rows.returnForgotten(lane.owner);
        lane.unsure = false;
      }
      const items = await claimOutbox(
        this.#deps.pool,
        lanes.map((lane) => lane.owner),
        ROWS_PER_CLAIM,
      );
      for (const lane of lanes)
        this.#hand(
          lane,
          items.filter((item) => item.sessionId === lane.owner.sessionId),
        );
    } catch (error) {
      this.#deps.logger.warn({ err: error, sessions: lanes.length }, 'outbox could not be read, trying again');
      for (const lane of lanes) {
        lane.busy = false;
        lane.dirty = true;
        lane.unsure = true;
        lane.pausedUntil = this.#deps.clock.monotonic() + PAUSE_AFTER_ERROR_MS;
      }
    } finally {
      this.#claims -= 1;
      this.#pump();
    }
  }

  #hand(lane: Lane, items: OutboxItem[]): void {
    lane.busy = false;
    this.#rows.claimed(lane.owner, items);
    if (!lane.open || lane.draining || !this.#accepting) {
      this.#rows.giveBack(lane.owner, items);
      return;
    }
    if (items.length === ROWS_PER_CLAIM) lane.dirty = true;
    lane.pending = items;
    if (items.length > 0) void this.#sendPending(lane);
  }

  async #poll(): Promise<void> {
    const idle = [...this.#lanes.values()].filter((lane) => !lane.dirty && !lane.busy);
    try {
      const sessionIds = idle.map((lane) => lane.owner.sessionId);
      const states = sessionIds.length > 0 ? await inspectOutbox(this.#deps.pool, sessionIds) : [];
      for (const { sessionId, due, sending } of states) {
        const lane = this.#lanes.get(sessionId);
        if (!lane || lane.busy) continue;
        const forgotten = this.#rows.forgottenOf(lane.owner, sending).length > 0;
        lane.unsure ||= forgotten;
        lane.dirty ||= due || forgotten;
      }
    } catch (error) {
      this.#deps.logger.debug({ err: error }, 'outbox not polled');
    }
    this.#pump();
  }

  // --- sending ---

  async #sendPending(lane: Lane): Promise<void> {
    lane.busy = true;
    for (let item = lane.pending.shift(); item && lane.open; item = lane.pending.shift()) {
      if (this.#deps.mayStart()) await this.#send(lane, item);
      else this.#rows.giveBack(lane.owner, [item, ...lane.pending.splice(0)]);
    }
    lane.busy = false;
    this.#pump();
  }

  async #send(lane: Lane, item: OutboxItem): Promise<void> {
    const { waMessageId, chatJid } = item;
    const message = this.#messageOf(item.sessionId, item);
    const since = this.#deps.clock.monotonic();
    // Registered before it is sent: the server's word can come first.
    lane.flying.set(waMessageId, { item, payload: item.payload ?? encodeMessage(message), since });
    lane.sendingSince = since;
    try {
      await lane.connection.send({ chatJid, waMessageId, message });
    } catch (error) {
      this.#sendFailed(lane, waMessageId, error);
    } finally {
      lane.sendingSince = undefined;
    }
  }

  #sendFailed(lane: Lane, waMessageId: string, error: unknown): void {
    const flying = lane.flying.get(waMessageId);
    // Closed meanwhile (given back then), or acknowledged in spite of the error.
    if (!lane.open || !flying) return;
    lane.flying.delete(waMessageId);
    const { item } = flying;
    if (error instanceof SendRefusedError) {
      this.#conclude(lane.owner, flying, { code: error.code, sentence: error.message });
      return;
    }
    this.#deps.logger.warn({ err: error, ...lane.owner, waMessageId, attempt: item.attempts }, 'message not sent');
    if (item.attempts >= MAX_ATTEMPTS) {
      this.#conclude(lane.owner, flying, SEND_FAILED);
      return;
    }
    // The rest waits with it, so that the order holds.
    lane.pausedUntil = this.#deps.clock.monotonic() + PAUSE_AFTER_ERROR_MS;
    this.#rows.giveBack(lane.owner, [item, ...lane.pending.splice(0)]);
  }

  #messageOf(
    sessionId: string,
    row: { waMessageId: string; request: OutboundRequest; payload: Buffer | null },
  ): proto.IMessage {
    if (row.payload) return decodeMessage(row.payload);
    return buildMessage(row.request, messageSecret(this.#secretKey, sessionId, row.waMessageId));
  }

  #conclude(owner: Ownership, { item, payload }: Flying, refusal: { code: string; sentence: string } | null): void {
    const outcome: Outcome = { ...owner, waMessageId: item.waMessageId, state: 'SENT', at: new Date(), payload };
    const failed = refusal && { state: 'FAILED' as const, errorCode: refusal.code, errorMessage: refusal.sentence };
    this.#deps.outcomes.add([{ ...outcome, ...failed }]);
  }

  // --- watching ---

  /** One look at all connections instead of a timer per message. */
  #sweep(): void {
    const now = this.#deps.clock.monotonic();
    for (const lane of this.#lanes.values()) {
      const [oldest] = lane.flying.values();
      const unanswered =
        oldest !== undefined && now - oldest.since > ACK_DEADLINE_MS && lane.sendingSince === undefined;
      const hanging = lane.sendingSince !== undefined && now - lane.sendingSince > SEND_DEADLINE_MS;
      if (unanswered || hanging) {
        this.#deps.logger.warn({ ...lane.owner, hanging }, 'WhatsApp does not answer, connection is opened anew');
        this.#deps.onStuck(lane.owner);
      }
    }
    this.#pump();
  }
}

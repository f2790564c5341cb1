import type { Ownership } from '@wa-gate/cluster';
import { claimOutbox, inspectOutbox, type OutboxItem, type Outcome } from '@wa-gate/messaging';
import type { Receipt, ServerAck } from '../whatsapp/acks.ts';
import type { proto } from '../whatsapp/baileys.ts';
import type { Connection } from '../whatsapp/socket.ts';
import { ClaimedRows } from './claimed-rows.ts';
import { PACE } from './deadlines.ts';
import { createLane, isSending, isUncertain, type Lane, lateStep } from './lane.ts';
import { describeRefusal, SEND_UNCERTAIN, TIME_LOCKED } from './refusals.ts';
import { Sender, type SenderDependencies } from './sender.ts';

export interface DispatcherDependencies extends Omit<SenderDependencies, 'rows'> {
  /** A connection that took a message and says nothing more. */
  onStuck: (owner: Ownership) => void;
  /** WhatsApp refuses new chats. Nothing is claimed for the session until this settles: by then the time-lock is written, and claims obey it. */
  onTimeLocked: (owner: Ownership) => Promise<void>;
  /** Milliseconds from the moment in which a message is taken in hand to the server's word, for the metrics. */
  onAcknowledged: (milliseconds: number) => void;
}

/**
 * Sends what is in the outbox. One statement claims for all sessions that have work and are idle; each session then sends its rows one after the
 * other. The server's word is awaited by message id, beside the sending; what has no word when its connection ends goes
 * back and is sent again under the same id, or is `unknown` where the caller wants that.
 */
export class Dispatcher {
  readonly #deps: DispatcherDependencies;
  readonly #lanes = new Map<string, Lane>();
  readonly #rows: ClaimedRows;
  readonly #sender: Sender;
  readonly #timers: NodeJS.Timeout[] = [];
  #claims = 0;
  #accepting = true;

  constructor(deps: DispatcherDependencies) {
    this.#deps = deps;
    const onReturned = (sessionId: string) => this.notify(sessionId);
    this.#rows = new ClaimedRows({ pool: deps.pool, clock: deps.clock, logger: deps.logger, onReturned });
    this.#sender = new Sender({ ...deps, rows: this.#rows });
  }

  start(): void {
    this.#timers.push(setInterval(() => void this.#poll(), PACE.pollMs).unref());
    this.#timers.push(setInterval(() => this.#sweep(), PACE.sweepMs).unref());
  }

  /** The session is connected: its messages may go. */
  opened(owner: Ownership, connection: Connection): void {
    this.closed(owner);
    this.#lanes.set(owner.sessionId, createLane(owner, connection));
    this.#pump();
  }

  /** The connection has ended: what has no word from the server goes back, or is `unknown` now. */
  closed({ sessionId }: Ownership): void {
    const lane = this.#lanes.get(sessionId);
    if (!lane) return;
    lane.open = false;
    this.#lanes.delete(sessionId);
    const flights = [...lane.flying.values()];
    const lost = flights.filter(isUncertain);
    for (const flight of lost) this.#sender.conclude(lane.owner, flight, SEND_UNCERTAIN);
    const attempted = flights.filter((flight) => !isUncertain(flight)).map(({ item }) => item);
    this.#rows.giveBack(lane.owner, { attempted, untouched: lane.pending.splice(0) });
  }

  /** Somebody has put a message into the outbox of this session. */
  notify(sessionId: string): void {
    const lane = this.#lanes.get(sessionId);
    if (!lane) return;
    lane.dirty = true;
    this.#pump();
  }

  acknowledged({ sessionId }: Ownership, ack: ServerAck): void {
    const lane = this.#lanes.get(sessionId);
    const flight = lane?.flying.get(ack.waMessageId);
    // Resends that answer a retry receipt are acknowledged too, again under the same id.
    if (!lane || !flight) return;
    lane.flying.delete(ack.waMessageId);
    flight.wireAt ??= new Date();
    this.#deps.onAcknowledged(this.#deps.clock.monotonic() - flight.since);
    const refusal = ack.error === undefined ? null : describeRefusal(ack.error);
    this.#sender.conclude(lane.owner, flight, refusal);
    if (refusal?.code === TIME_LOCKED) this.#holdNewChats(lane);
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
  sentMessage(owner: Ownership, waMessageId: string): Promise<proto.IMessage | undefined> {
    return this.#sender.sentMessage(owner, waMessageId);
  }

  /**
   * Takes nothing more for this session. Resolves when nothing of it flies and what was taken in vain is back in the outbox, or when `graceMs` are over: what
   * has no word by then goes back when its connection is closed. A new connection begins anew.
   */
  async drain(owner: Ownership, graceMs: number): Promise<void> {
    const lane = this.#lanes.get(owner.sessionId);
    if (lane) {
      lane.draining = true;
      this.#rows.giveBack(lane.owner, { untouched: lane.pending.splice(0) });
    }
    const isQuiet = () => !this.#rows.isReturning(owner.sessionId) && !(lane?.open && isSending(lane));
    await this.#until(isQuiet, graceMs);
  }

  /** Takes nothing more, lets what flies land within `graceMs`, gives the rest back. */
  async stop(graceMs: number): Promise<void> {
    this.#accepting = false;
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    for (const lane of this.#lanes.values()) this.#rows.giveBack(lane.owner, { untouched: lane.pending.splice(0) });
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
    if (!this.#accepting || this.#claims >= PACE.claimsInFlight || !this.#deps.mayStart()) return;
    const now = this.#deps.clock.monotonic();
    const ready: Lane[] = [];
    for (const lane of this.#lanes.values()) {
      const idle = !lane.busy && lane.flying.size < PACE.maxFlying && !this.#rows.isReturning(lane.owner.sessionId);
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
        this.#sender.giveUp(lane.owner, await this.#rows.returnForgotten(lane.owner));
        lane.unsure = false;
      }
      const owners = lanes.map((lane) => lane.owner);
      const items = await claimOutbox(this.#deps.pool, owners, PACE.rowsPerClaim);
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
        lane.pausedUntil = this.#deps.clock.monotonic() + PACE.pauseAfterErrorMs;
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
      this.#rows.giveBack(lane.owner, { untouched: items });
      return;
    }
    if (items.length === PACE.rowsPerClaim) lane.dirty = true;
    lane.pending = items;
    if (items.length > 0) void this.#sender.sendPending(lane).then(() => this.#pump());
  }

  async #poll(): Promise<void> {
    const idle = [...this.#lanes.values()].filter((lane) => !lane.dirty && !lane.busy);
    try {
      const sessionIds = idle.map((lane) => lane.owner.sessionId);
      const states = sessionIds.length > 0 ? await inspectOutbox(this.#deps.pool, sessionIds) : [];
      for (const { sessionId, due, sending, uncertain } of states) {
        const lane = this.#lanes.get(sessionId);
        if (!lane || lane.busy) continue;
        const leftOver = uncertain.length > 0 || this.#rows.forgottenOf(lane.owner, sending).length > 0;
        lane.unsure ||= leftOver;
        lane.dirty ||= due || leftOver;
      }
    } catch (error) {
      this.#deps.logger.debug({ err: error }, 'outbox not polled');
    }
    this.#pump();
  }

  /** What is claimed goes back: the next claim leaves out what would begin a chat. */
  #holdNewChats(lane: Lane): void {
    lane.pausedUntil = Number.POSITIVE_INFINITY;
    this.#rows.giveBack(lane.owner, { untouched: lane.pending.splice(0) });
    const resume = () => {
      lane.pausedUntil = 0;
      this.#pump();
    };
    this.#deps.onTimeLocked(lane.owner).then(resume, (error: unknown) => {
      this.#deps.logger.warn({ err: error, ...lane.owner }, 'time-lock not recorded');
      resume();
    });
  }

  // --- watching ---

  /** One look at all connections instead of a timer per message. */
  #sweep(): void {
    const now = this.#deps.clock.monotonic();
    for (const lane of this.#lanes.values()) {
      const step = lateStep(lane, now);
      if (!step) continue;
      this.#deps.logger.warn({ ...lane.owner, step }, 'WhatsApp does not answer, connection is opened anew');
      this.#deps.onStuck(lane.owner);
    }
    this.#pump();
  }
}

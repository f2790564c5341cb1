import type { Ownership } from '@wa-gate/cluster';
import { type AcceptedMessage, claimOutbox, inspectOutbox, type OutboxItem, type Outcome } from '@wa-gate/messaging';
import type { Receipt, ServerAck } from '../whatsapp/acks.ts';
import type { proto } from '../whatsapp/baileys.ts';
import type { Connection } from '../whatsapp/connection.ts';
import { ClaimedRows } from './claimed-rows.ts';
import { PACE } from './deadlines.ts';
import { Pacer } from './pacer.ts';
import { CHAT_REFUSED, describeRefusal, RATE_LIMITED, type Refusal, SEND_UNCERTAIN, TIME_LOCKED } from './refusals.ts';
import {
  type Attempt,
  createSendWindow,
  endUploads,
  isFull,
  isPacedOnTheWay,
  isSending,
  isUncertain,
  lateStep,
  type SendWindow,
  takeUnsent,
} from './send-window.ts';
import { endSpan, Sender, type SenderDependencies } from './sender.ts';

export interface DispatcherDependencies extends Omit<SenderDependencies, 'rows' | 'onAnswered' | 'onLeft'> {
  /** A connection took a message and did not acknowledge it within its deadline. */
  onStuck: (owner: Ownership) => void;
  /**
   * WhatsApp refuses to begin a chat: a fact about that chat, or about the account. Asks which; `true`: the account may
   * begin none. Nothing is claimed for the session until this settles: by then the time-lock is written, and claims
   * obey it.
   */
  isTimeLocked: (owner: Ownership) => Promise<boolean>;
  /** Milliseconds from the start of an attempt to the acknowledgement of the server, for the metrics. */
  onAcknowledged: (milliseconds: number, messageId: string) => void;
  /** A phone could not read a message, and asks for it again. */
  onResendAsked?: () => void;
}

/**
 * Sends what is in the outbox. One statement claims for all sessions that have work and are idle; each session then
 * sends its rows one after the other. Acknowledgements are matched by message id, beside the sending; what has none
 * when its connection ends goes back and is sent again under the same id, or is `unknown` where the caller wants that.
 */
export class Dispatcher {
  readonly #deps: DispatcherDependencies;
  readonly #windows = new Map<string, SendWindow>();
  readonly #rows: ClaimedRows;
  readonly #sender: Sender;
  readonly #pacer: Pacer;
  readonly #timers: NodeJS.Timeout[] = [];
  #claims = 0;
  #accepting = true;

  constructor(deps: DispatcherDependencies) {
    this.#deps = deps;
    const onReturned = (sessionId: string) => this.notify(sessionId);
    this.#rows = new ClaimedRows({ pool: deps.pool, clock: deps.clock, logger: deps.logger, onReturned });
    this.#sender = new Sender({
      ...deps,
      rows: this.#rows,
      onAnswered: (window) => this.#resume(window),
      onLeft: ({ sessionId, chatJid, lane }) => this.#pacer.left(sessionId, chatJid, lane),
    });
    this.#pacer = new Pacer({
      ...deps,
      isOnTheWay: (sessionId) => this.#isPacedOnTheWay(sessionId),
      onAdmitted: (sessionId) => this.#makeDirty(sessionId),
    });
    deps.outcomes.onRecorded((outcomes) => this.#recorded(outcomes));
    deps.changes.onRecorded((outcomes) => this.#recorded(outcomes));
  }

  start(): void {
    this.#timers.push(setInterval(() => void this.#poll(), PACE.pollMs).unref());
    this.#timers.push(setInterval(() => void this.#pacer.poll(), PACE.pollMs).unref());
    this.#timers.push(setInterval(() => this.#sweep(), PACE.sweepMs).unref());
  }

  /** The session is connected: its messages may go. */
  opened(owner: Ownership, connection: Connection): void {
    this.closed(owner);
    this.#windows.set(owner.sessionId, createSendWindow(owner, connection));
    this.#pacer.opened(owner);
    this.#pump();
  }

  /** The connection has ended: what has no word from the server goes back, or is `unknown` now. */
  closed({ sessionId }: Ownership): void {
    const window = this.#windows.get(sessionId);
    if (!window) return;
    window.open = false;
    this.#windows.delete(sessionId);
    this.#pacer.closed(sessionId);
    endUploads(window);
    declineOffers(window);
    const unacknowledged = [...window.inFlight.values()];
    const lost = unacknowledged.filter(isUncertain);
    for (const attempt of lost) this.#sender.conclude(window.owner, attempt, SEND_UNCERTAIN);
    const returned = unacknowledged.filter((attempt) => !isUncertain(attempt));
    for (const attempt of returned) endSpan(attempt, { code: 'connection ended' });
    const attempted = returned.map(({ item }) => item);
    this.#rows.giveBack(window.owner, { attempted, untouched: takeUnsent(window) });
  }

  /** Somebody has put a message into the outbox of this session. */
  notify(sessionId: string): void {
    this.#pacer.notify(sessionId);
    this.#makeDirty(sessionId);
  }

  #isPacedOnTheWay(sessionId: string): boolean {
    const window = this.#windows.get(sessionId);
    return window !== undefined && (this.#rows.isReturning(sessionId) || isPacedOnTheWay(window));
  }

  #makeDirty(sessionId: string): void {
    const window = this.#windows.get(sessionId);
    if (!window) return;
    window.dirty = true;
    this.#pump();
  }

  acknowledged({ sessionId }: Ownership, ack: ServerAck): void {
    const window = this.#windows.get(sessionId);
    const attempt = window?.inFlight.get(ack.waMessageId);
    // Resends that answer a retry receipt are acknowledged too, again under the same id.
    if (!window || !attempt) return;
    window.inFlight.delete(ack.waMessageId);
    attempt.wireAt ??= new Date();
    if (ack.recipients !== undefined) attempt.recipients = ack.recipients;
    this.#deps.onAcknowledged(this.#deps.clock.monotonic() - attempt.since, attempt.item.messageId);
    const refusal = ack.error === undefined ? null : describeRefusal(ack.error);
    if (refusal?.code === TIME_LOCKED) return void this.#askWhy(window, attempt, refusal);
    if (refusal?.code === RATE_LIMITED) this.#pacer.throttled(sessionId);
    this.#sender.conclude(window.owner, attempt, refusal);
    this.#pump();
  }

  /** These outcomes are in the database. */
  #recorded(outcomes: readonly (Ownership & Pick<Outcome, 'waMessageId'>)[]): void {
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
    this.#deps.onResendAsked?.();
    return this.#sender.sentMessage(owner, waMessageId);
  }

  /**
   * Takes nothing more for this session. Resolves when nothing of it is in flight and unsent rows are back in the
   * outbox, or when `graceMs` are over: what has no word by then goes back when its connection is closed. A new
   * connection begins anew.
   */
  async drain(owner: Ownership, graceMs: number): Promise<void> {
    const window = this.#windows.get(owner.sessionId);
    if (window) {
      window.draining = true;
      this.#pacer.closed(owner.sessionId);
      endUploads(window);
      declineOffers(window);
      this.#rows.giveBack(window.owner, { untouched: takeUnsent(window) });
    }
    const isQuiet = () => !this.#rows.isReturning(owner.sessionId) && !(window?.open && isSending(window));
    await this.#until(isQuiet, graceMs);
  }

  /** Takes nothing more, waits up to `graceMs` for what is in flight, gives the rest back. */
  async stop(graceMs: number): Promise<void> {
    this.#accepting = false;
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    const paced = this.#pacer.stop();
    for (const window of this.#windows.values()) {
      endUploads(window);
      declineOffers(window);
      this.#rows.giveBack(window.owner, { untouched: takeUnsent(window) });
    }
    await this.#until(() => this.#claims === 0 && ![...this.#windows.values()].some(isSending), graceMs);
    for (const window of this.#windows.values()) this.closed(window.owner);
    await Promise.all([this.#rows.settled(), paced]);
  }

  async #until(isDone: () => boolean, graceMs: number): Promise<void> {
    const { clock } = this.#deps;
    const deadline = clock.monotonic() + graceMs;
    while (!isDone() && clock.monotonic() < deadline) await clock.sleep(10);
  }

  // --- offers ---

  /**
   * A gateway asks this worker to accept a message whose caller waits. Declined where something of its session comes
   * first: then the gateway accepts it, and it waits its turn in the outbox.
   */
  offer(message: AcceptedMessage, decline: () => void): void {
    const window = this.#windows.get(message.sessionId);
    const isPrompt = !message.request.context?.typing && this.#sender.takesOffer(message);
    const hasRoom = window && isReached(window, message) && window.offers.length < PACE.maxOffers;
    if (isPrompt && hasRoom && this.#takesOffers(window)) {
      window.offers.push({ message, decline });
      if (!window.busy) void this.#sendOffers(window);
    } else {
      decline();
    }
  }

  /** The gateway accepts the message itself: it has waited long enough. */
  withdraw({ sessionId, messageId }: Pick<AcceptedMessage, 'sessionId' | 'messageId'>): void {
    const window = this.#windows.get(sessionId);
    if (!window) return;
    window.offers = window.offers.filter(({ message }) => message.messageId !== messageId);
    const { current, preparing } = window;
    if (preparing?.messageId === messageId) preparing.isWithdrawn = true;
    if (current?.item.messageId === messageId) current.acceptance?.withdraw();
  }

  /** Nothing older of the session waits, and nothing keeps it from sending. */
  #takesOffers(window: SendWindow): boolean {
    const { owner, pending, inFlight, pausedUntil } = window;
    const isFree = window.open && !window.draining && !window.dirty && !window.unsure && pending.length === 0;
    return (
      isFree &&
      (!window.busy || window.sendsOffers) &&
      this.#accepting &&
      this.#deps.mayStart() &&
      inFlight.size < PACE.maxInFlight &&
      !this.#rows.isReturning(owner.sessionId) &&
      pausedUntil <= this.#deps.clock.monotonic()
    );
  }

  async #sendOffers(window: SendWindow): Promise<void> {
    window.busy = true;
    window.sendsOffers = true;
    for (let offer = window.offers.shift(); offer; offer = window.offers.shift()) {
      if (this.#takesOffers(window) && isReached(window, offer.message)) await this.#sender.sendOffered(window, offer);
      else offer.decline();
    }
    window.busy = false;
    window.sendsOffers = false;
    this.#resume(window);
    this.#pump();
  }

  // --- claiming ---

  #pump(): void {
    if (!this.#accepting || this.#claims >= PACE.claimsInFlight || !this.#deps.mayStart()) return;
    const now = this.#deps.clock.monotonic();
    const ready: SendWindow[] = [];
    for (const window of this.#windows.values()) {
      const idle =
        !window.busy && window.inFlight.size < PACE.maxInFlight && !this.#rows.isReturning(window.owner.sessionId);
      if (window.dirty && !window.draining && idle && !isFull(window) && window.pausedUntil <= now) ready.push(window);
    }
    if (ready.length > 0) void this.#claim(ready);
  }

  async #claim(windows: SendWindow[]): Promise<void> {
    this.#claims += 1;
    for (const window of windows) {
      window.busy = true;
      window.dirty = false;
    }
    try {
      for (const window of windows.filter(({ unsure }) => unsure)) {
        this.#sender.giveUp(window.owner, await this.#rows.returnForgotten(window.owner));
        window.unsure = false;
      }
      const owners = windows.map((window) => window.owner);
      const items = await claimOutbox(this.#deps.pool, owners, PACE.rowsPerClaim);
      for (const window of windows)
        this.#hand(
          window,
          items.filter((item) => item.sessionId === window.owner.sessionId),
        );
    } catch (error) {
      this.#deps.logger.warn({ err: error, sessions: windows.length }, 'outbox could not be read, trying again');
      for (const window of windows) {
        window.busy = false;
        window.dirty = true;
        window.unsure = true;
        window.pausedUntil = this.#deps.clock.monotonic() + PACE.pauseAfterErrorMs;
        this.#resume(window);
      }
    } finally {
      this.#claims -= 1;
      this.#pump();
    }
  }

  #hand(window: SendWindow, items: OutboxItem[]): void {
    window.busy = false;
    this.#rows.claimed(window.owner, items);
    if (!window.open || window.draining || !this.#accepting) {
      this.#rows.giveBack(window.owner, { untouched: items });
      return;
    }
    if (items.length === PACE.rowsPerClaim) window.dirty = true;
    window.pending.push(...items);
    this.#resume(window);
  }

  /** Sends what is claimed, unless the window is busy: then it comes to that by itself. */
  #resume(window: SendWindow): void {
    if (!window.open || window.busy || window.pending.length === 0) return;
    void this.#sender.sendPending(window).then(() => this.#pump());
  }

  async #poll(): Promise<void> {
    const idle = [...this.#windows.values()].filter((window) => !window.dirty && !window.busy);
    try {
      const sessionIds = idle.map((window) => window.owner.sessionId);
      const states = sessionIds.length > 0 ? await inspectOutbox(this.#deps.pool, sessionIds) : [];
      for (const { sessionId, due, sending, uncertain } of states) {
        const window = this.#windows.get(sessionId);
        if (!window || window.busy) continue;
        const leftOver = uncertain.length > 0 || this.#rows.forgottenOf(window.owner, sending).length > 0;
        window.unsure ||= leftOver;
        window.dirty ||= due || leftOver;
      }
    } catch (error) {
      this.#deps.logger.debug({ err: error }, 'outbox not polled');
    }
    this.#pump();
  }

  /**
   * Tells a refusal of one chat from a restriction of the account. What is claimed goes back: the next claim leaves out
   * what would begin a chat, if the account may begin none.
   */
  async #askWhy(window: SendWindow, attempt: Attempt, refusal: Refusal): Promise<void> {
    const { owner } = window;
    window.asking += 1;
    window.pausedUntil = Number.POSITIVE_INFINITY;
    this.#rows.giveBack(owner, { untouched: takeUnsent(window) });
    const isOfAccount = await this.#deps.isTimeLocked(owner).catch((error: unknown) => {
      this.#deps.logger.warn({ err: error, ...owner }, 'whether the account is time-locked is not known');
      return true;
    });
    this.#sender.conclude(owner, attempt, isOfAccount ? refusal : CHAT_REFUSED);
    window.asking -= 1;
    if (window.asking === 0) window.pausedUntil = 0;
    this.#pump();
  }

  // --- watching ---

  /** Compares every connection with the deadlines: one timer for all instead of one per message. */
  #sweep(): void {
    const now = this.#deps.clock.monotonic();
    for (const window of this.#windows.values()) {
      const step = lateStep(window, now);
      if (!step) continue;
      this.#deps.logger.warn({ ...window.owner, step }, 'WhatsApp does not answer, connection is opened anew');
      this.#deps.onStuck(window.owner);
    }
    this.#pump();
  }
}

/** Nobody waits for WhatsApp to say who has a number, and nothing overtakes a message that waits. */
const isReached = ({ connection, waiting }: SendWindow, { chatJid }: Pick<AcceptedMessage, 'chatJid'>): boolean =>
  connection.reached(chatJid) !== undefined && !waiting.has(chatJid);

function declineOffers(window: SendWindow): void {
  for (const { decline } of window.offers.splice(0)) decline();
}

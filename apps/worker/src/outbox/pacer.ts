import type { Ownership } from '@wa-gate/cluster';
import type { PacingSettings } from '@wa-gate/contracts';
import type { OutboxLane, Pool } from '@wa-gate/db';
import type { Clock, Logger } from '@wa-gate/kit';
import {
  type AdmissionView,
  admitHeld,
  type Decision,
  dayOf,
  decide,
  findHeld,
  gapOf,
  isPaced,
  PACED_LANES,
  readAdmission,
} from '@wa-gate/messaging';
import { PACE } from './deadlines.ts';

export interface PacerDependencies {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  /** Asked before each admission (I3). */
  mayStart: () => boolean;
  /** Whether a paced message of this session is claimed and has not left, or may be. */
  isOnTheWay: (sessionId: string) => boolean;
  /** Held messages of this session are in the queue now. */
  onAdmitted: (sessionId: string) => void;
  /** From 0 to 1. @default Math.random */
  random?: () => number;
}

/** The rhythm of the pacer. */
const RHYTHM = {
  /**
   * Held messages of a lane that a decision looks at, and at most when all of those wait for something of their own.
   */
  candidates: 50,
  manyCandidates: 500,
  /** A doorbell makes a session look again no sooner than so long after its last look. */
  afterDoorbellMs: 500,
  /**
   * The pause before the next look while a message is on its way: one that is refused before it leaves says nothing.
   */
  onTheWayMs: 250,
  /** Without pacing: the next look after messages have left, so that one look sees several of them. */
  refillMs: 10,
  /** The longest that a session waits without a look: its settings may have changed, and the doorbell may be lost. */
  longestMs: 30_000,
  /** The pause after a refusal for sending too fast. */
  throttledMs: 60_000,
  /** How long after its admission a message leaves, at most, where the connection before may have sent it. */
  lateMs: 15_000,
} as const;

/** What this process remembers of an open session. Times are monotonic milliseconds. */
interface Paced {
  readonly owner: Ownership;
  isOpen: boolean;
  timer: NodeJS.Timeout | undefined;
  /** When the timer ends. */
  lookAt: number;
  running: Promise<void> | undefined;
  lookedAt: number;
  /** The gap that follows the message that was let in last, until that has left. */
  gapMs: number | undefined;
  /** Nothing paced is let in before: the gap counts from the moment at which the message before has left. */
  readyAt: number;
  /**
   * When the session was opened here, until something paced has left. What the connection before has let in may have
   * left just before that, and only its own process knew when: PostgreSQL has the time of the admission.
   */
  openedAt: number | undefined;
  /** The last message that has left without a gap from here: the owner before has let it in, or nothing paced it. */
  strange: { leftAt: number; lane: OutboxLane } | undefined;
  /** When the last message has left into each chat, of those whose gap is not over. */
  readonly chats: Map<string, number>;
}

interface SeenAdmission extends AdmissionView {
  isOnTheWay: boolean;
}

const longestGapOf = (settings: PacingSettings): number =>
  Math.max(...PACED_LANES.map((lane) => gapOf(settings, lane)));

/** Chats whose gap is remembered at once; older ones are over. */
const MAX_CHATS = 1_000;

/**
 * Lets held messages into the queue of each connected session: what is scheduled at its time, what is paced one by one.
 * Every two seconds one statement for all sessions asks which have something held that is due soon; a timer does the
 * rest. A session without held messages costs nothing else.
 */
export class Pacer {
  readonly #deps: PacerDependencies;
  readonly #random: () => number;
  readonly #sessions = new Map<string, Paced>();
  #isStopped = false;

  constructor(deps: PacerDependencies) {
    this.#deps = deps;
    this.#random = deps.random ?? Math.random;
  }

  opened(owner: Ownership): void {
    this.closed(owner.sessionId);
    const session: Paced = {
      owner,
      isOpen: true,
      timer: undefined,
      lookAt: 0,
      running: undefined,
      lookedAt: Number.NEGATIVE_INFINITY,
      gapMs: undefined,
      readyAt: 0,
      openedAt: this.#deps.clock.monotonic(),
      strange: undefined,
      chats: new Map(),
    };
    this.#sessions.set(owner.sessionId, session);
    this.#lookIn(session, 0);
  }

  /** Nothing more is let in: the connection has ended, or the session is about to move. */
  closed(sessionId: string): void {
    const session = this.#sessions.get(sessionId);
    if (!session) return;
    session.isOpen = false;
    clearTimeout(session.timer);
    this.#sessions.delete(sessionId);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const running = [...this.#sessions.values()].map(async (session) => session.running);
    for (const sessionId of [...this.#sessions.keys()]) this.closed(sessionId);
    await Promise.all(running);
  }

  /** A doorbell: something of the session is new, or its settings are. Sessions that have nothing held ignore it. */
  notify(sessionId: string): void {
    const session = this.#sessions.get(sessionId);
    if (!session?.timer) return;
    const since = this.#deps.clock.monotonic() - session.lookedAt;
    this.#lookIn(session, Math.max(0, RHYTHM.afterDoorbellMs - since), 'if sooner');
  }

  /** WhatsApp says that the account sends too fast: nothing paced for a while. */
  throttled(sessionId: string): void {
    const session = this.#sessions.get(sessionId);
    if (session) session.readyAt = this.#deps.clock.monotonic() + RHYTHM.throttledMs;
  }

  /** A message has left. The gaps count from now. */
  left(sessionId: string, chatJid: string, lane: OutboxLane): void {
    const session = this.#sessions.get(sessionId);
    if (!session) return;
    const now = this.#deps.clock.monotonic();
    session.chats.delete(chatJid);
    session.chats.set(chatJid, now);
    for (const first of session.chats.keys()) {
      if (session.chats.size <= MAX_CHATS) break;
      session.chats.delete(first);
    }
    if (!isPaced(lane)) return;
    session.openedAt = undefined;
    if (session.gapMs === undefined) {
      // The settings say at the next look whether a gap follows. Without one there is room for the next messages.
      session.strange = { leftAt: now, lane };
      if (session.timer) this.#lookIn(session, RHYTHM.refillMs, 'if sooner');
      return;
    }
    session.readyAt = Math.max(session.readyAt, now + session.gapMs);
    session.gapMs = undefined;
    this.#lookIn(session, session.readyAt - now);
  }

  /** Finds the sessions whose doorbell was lost, or whose time comes before the next poll. */
  async poll(): Promise<void> {
    const quiet = [...this.#sessions.values()].filter(({ timer, running }) => !timer && !running);
    if (quiet.length === 0 || this.#isStopped) return;
    try {
      const ids = quiet.map(({ owner }) => owner.sessionId);
      for (const { sessionId, inMs } of await findHeld(this.#deps.pool, ids, 2 * PACE.pollMs)) {
        const session = this.#sessions.get(sessionId);
        if (session && !session.timer && !session.running) this.#lookIn(session, inMs);
      }
    } catch (error) {
      this.#deps.logger.debug({ err: error }, 'held messages not polled');
    }
  }

  #lookIn(session: Paced, ms: number, mode?: 'if sooner'): void {
    if (!session.isOpen || this.#isStopped) return;
    const at = this.#deps.clock.monotonic() + ms;
    if (mode === 'if sooner' && session.timer && session.lookAt <= at) return;
    clearTimeout(session.timer);
    session.timer = setTimeout(() => this.#look(session), Math.ceil(ms)).unref();
    session.lookAt = at;
  }

  #look(session: Paced): void {
    session.timer = undefined;
    if (session.running) {
      this.#lookIn(session, RHYTHM.afterDoorbellMs);
      return;
    }
    session.running = this.#step(session)
      .catch((error: unknown) => {
        this.#deps.logger.warn({ err: error, ...session.owner }, 'held messages not read, trying again');
        this.#lookIn(session, PACE.pauseAfterErrorMs);
      })
      .finally(() => {
        session.running = undefined;
      });
  }

  async #step(session: Paced): Promise<void> {
    const { pool, clock, mayStart, onAdmitted } = this.#deps;
    session.lookedAt = clock.monotonic();
    if (!mayStart()) return this.#lookIn(session, PACE.pauseAfterErrorMs);
    const { owner } = session;
    let view = await this.#read(session, RHYTHM.candidates);
    let decision = view && this.#decide(session, view);
    if (view && decision?.admit.length === 0 && view.queued === 0 && view.held.length >= RHYTHM.candidates) {
      view = await this.#read(session, RHYTHM.manyCandidates);
      decision = view && this.#decide(session, view);
    }
    if (!view || !decision || !session.isOpen || !mayStart()) return;
    if (decision.admit.length > 0) {
      const admitted = await admitHeld(pool, owner, decision, dayOf(view.now, view.session.settings.timeZone));
      if (admitted.size > 0) {
        const isGapped = view.session.settings.mode === 'on' && decision.admit.some(({ lane }) => isPaced(lane));
        if (isGapped) session.gapMs = (decision.next.nextAt ?? view.now) - view.now;
        onAdmitted(owner.sessionId);
      }
    }
    this.#lookAgain(session, view, decision);
  }

  /** What is on its way here counts as queued: it has not left yet. */
  async #read({ owner: { sessionId } }: Paced, candidates: number): Promise<SeenAdmission | null> {
    const view = await readAdmission(this.#deps.pool, sessionId, candidates);
    const isOnTheWay = this.#deps.isOnTheWay(sessionId);
    return view && { ...view, isOnTheWay, queued: Math.max(view.queued, isOnTheWay ? 1 : 0) };
  }

  #decide(session: Paced, view: AdmissionView): Decision {
    const monotonic = this.#deps.clock.monotonic();
    const { settings } = view.session;
    const { strange, openedAt } = session;
    const { nextAt: afterAdmission } = view.session;
    // The gaps that this process counts itself are put on the clock of the database.
    const onDatabaseClock = (at: number) => view.now + (at - monotonic);
    const readyAt = session.gapMs === undefined ? onDatabaseClock(session.readyAt) : 0;
    const strangeReadyAt =
      strange && settings.mode === 'on' ? onDatabaseClock(strange.leftAt + gapOf(settings, strange.lane)) : 0;
    const afterFormer =
      openedAt !== undefined && afterAdmission !== null && settings.mode === 'on'
        ? Math.min(onDatabaseClock(openedAt) + longestGapOf(settings), afterAdmission + RHYTHM.lateMs)
        : 0;
    const nextAt = Math.max(afterAdmission ?? 0, readyAt, strangeReadyAt, afterFormer) || null;
    const chatReadyAt = (chatJid: string): number => {
      const at = session.chats.get(chatJid);
      return at === undefined ? 0 : onDatabaseClock(at + settings.chatGapMs);
    };
    return decide({ ...view, session: { ...view.session, nextAt }, chatReadyAt, random: this.#random });
  }

  /** When something of the session may be let in next. No timer: nothing is held that is due within the next poll. */
  #lookAgain(
    session: Paced,
    { now, nextDueAt, held, queued, isOnTheWay }: SeenAdmission,
    { admit, wait }: Decision,
  ): void {
    const times: number[] = [];
    if (nextDueAt !== null && nextDueAt - now < 2 * PACE.pollMs) times.push(nextDueAt - now);
    const waits = held.length > admit.length;
    // What is in the queue says when it has left. It may also be cancelled there, or refused before it leaves.
    if (waits && isOnTheWay) times.push(RHYTHM.onTheWayMs);
    else if (waits && (queued > 0 || admit.length > 0)) times.push(PACE.pollMs);
    else if (waits) times.push(wait?.until == null ? RHYTHM.longestMs : wait.until - now);
    if (times.length > 0) this.#lookIn(session, Math.min(RHYTHM.longestMs, Math.max(1, Math.min(...times))));
  }
}

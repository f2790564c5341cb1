import type { ToldEvent } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import { cursorKeyOf, readSessionCursor, readWorkspaceCursor, writeWorkspaceCursor } from './event-cursor.ts';
import type { EventFilter } from './event-filter.ts';
import type { EventLog, Listing, SessionEvent, SessionHead } from './event-log.ts';
import type { EventTails } from './event-tails.ts';
import type { FeedScope, FollowedSessions, Follower, Following } from './followed-sessions.ts';
import type { LiveEvents } from './live-events.ts';
import type { PulledFeed } from './pulled-feed.ts';

/** An event with the cursor behind it. */
export interface FedEvent {
  event: SessionEvent;
  /** The public id of its session. */
  slug: string;
  /** `null`: it would be too long; that of a later event counts for this one as well. */
  cursor: string | null;
}

/** Where a stream begins. */
export type FeedBegin = 'begin' | 'now' | { cursor: string };

/**
 * The events of a scope from a position on, each once and those of a session in their order. It is pulled: a reader
 * that is slow holds no more than its positions here.
 */
export type EventFeed = PulledFeed<FedEvent>;

export interface FeedDependencies {
  log: EventLog;
  following: Following;
  tails: EventTails;
  live: LiveEvents;
}

/** Events of one session in one read. */
const PER_READ = 100;
/** Sessions in one read: what a page cannot show is read again with the next one. */
const SESSIONS_PER_READ = 50;
/**
 * A transaction that appends events ends within seconds (`statement_timeout`). An event that happened this long ago is
 * committed, or never will be.
 */
const SETTLED_MS = 60_000;
/** Sessions in the id of each single event. */
const MAX_NAMED = 250;
/**
 * Sessions in any cursor: with more it would be longer than what servers and proxies accept in a header. Events of the
 * others come again under their ids after the stream was resumed.
 */
const MAX_NAMED_EVER = 400;

/** Events that are not kept, for a reader that is slow: later ones say more. */
const MAX_LIVE = 100;

/** Where a session of a feed begins: behind the event of `seq`, which happened at `at`, at the latest. */
type Begin = SessionHead & { seq: number; at: number };

class Feed implements EventFeed, Follower {
  readonly #deps: FeedDependencies;
  readonly #scope: FeedScope;
  readonly #filter: EventFilter;
  readonly #sessions: FollowedSessions;
  /** By the number of the session: the `seq` that was shown last, 0 for a session that is new. */
  readonly #seqs: number[] = [];
  /** By the number of the session: when the event of `seq` happened, at the latest. */
  readonly #times: number[] = [];
  /** Numbers of the sessions that may have more. */
  readonly #news = new Set<number>();
  #live: FedEvent[] = [];
  #shownUntil: number;
  #wake: () => void = () => undefined;
  #isEnded = false;
  #failure: unknown;

  constructor(
    deps: FeedDependencies,
    scope: FeedScope,
    filter: EventFilter,
    { at, sessions, shownUntil }: Listing<Begin> & { shownUntil: number },
  ) {
    this.#deps = deps;
    this.#scope = scope;
    this.#filter = filter;
    this.#shownUntil = shownUntil;
    this.#sessions = deps.following.of(scope, { at, sessions });
    for (const begin of sessions) {
      const { number } = this.#sessions.find(begin.sessionId)!;
      this.#seqs[number] = begin.seq;
      this.#times[number] = begin.at;
    }
    this.#sessions.follow(this);
    if (filter.asksForLive) deps.live.listen(this.#onTold);
    for (let number = 0; number < this.#sessions.length; number += 1) {
      // Other streams follow it still, and it is deleted. One that later listings have is new, and begins at 0.
      if (!this.#sessions.isListedSince(number, at)) this.#seqs[number] = this.#sessions.end(number);
      if (this.#seqOf(number) < this.#sessions.end(number)) this.#news.add(number);
    }
  }

  #seqOf(number: number): number {
    return this.#seqs[number] ?? 0;
  }

  onNews(number: number): void {
    this.#news.add(number);
    this.#wake();
  }

  onGone(number: number): void {
    this.#seqs[number] = 0;
    this.#times[number] = 0;
    this.#news.delete(number);
  }

  onFailed(error: unknown): void {
    this.#failure = error;
    this.#wake();
  }

  readonly #onTold = ({ id, sessionId, epoch, createdAt, type, data }: ToldEvent): void => {
    const session = this.#sessions.find(sessionId);
    const event = { id: id.replaceAll('-', ''), seq: 0, sessionId, epoch, createdAt, type, data, metadata: null };
    if (!session || !this.#filter.passes(event)) return;
    // It has no place in the log: the position stays where it was.
    this.#live.push({ event, slug: session.slug, cursor: null });
    if (this.#live.length > MAX_LIVE) this.#live.shift();
    this.#wake();
  };

  hasMore(): boolean {
    return this.#news.size > 0;
  }

  async next(limit: number, waitMs: number): Promise<FedEvent[]> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#live.length > 0 && !this.#isEnded) return this.#live.splice(0, limit);
      while (this.#news.size > 0 && !this.#isEnded) {
        const found = this.#pass(await this.#read(), limit);
        if (found.length > 0) return found;
      }
      const left = deadline - performance.now();
      if (left <= 0 || this.#isEnded) return [];
      await this.#pause(left);
    }
  }

  #pause(ms: number): Promise<void> {
    if (this.#news.size > 0 || this.#live.length > 0 || this.#failure !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** The next events of the sessions that have some, by session, from memory where they are there. */
  async #read(): Promise<Map<string, readonly SessionEvent[]>> {
    const bySession = new Map<string, readonly SessionEvent[]>();
    const missing = new Map<string, number>();
    for (const number of [...this.#news].slice(0, SESSIONS_PER_READ)) {
      const seq = this.#seqOf(number);
      const sessionId = this.#sessions.idOf(number)!;
      const recent = this.#deps.tails.recent(sessionId, seq) ?? [];
      if (recent.length > 0) bySession.set(sessionId, recent);
      else if (seq < this.#sessions.end(number)) missing.set(sessionId, seq);
      else this.#news.delete(number);
    }
    if (missing.size === 0) return bySession;
    const { events } = await this.#deps.log.readAfter(missing, PER_READ);
    for (const sessionId of missing.keys()) {
      const found = events.filter((event) => event.sessionId === sessionId);
      if (found.length > 0) bySession.set(sessionId, found);
      // The events up to the end of the log are gone: their time to be kept is over.
      else this.#skip(sessionId);
    }
    return bySession;
  }

  #skip(sessionId: string): void {
    const number = this.#sessions.find(sessionId)?.number;
    if (number === undefined) return;
    this.#seqs[number] = this.#sessions.end(number);
    this.#news.delete(number);
  }

  /** Moves the positions over events in the order of their time, and gives those that pass the filter. */
  #pass(bySession: ReadonlyMap<string, readonly SessionEvent[]>, limit: number): FedEvent[] {
    const passed: FedEvent[] = [];
    const heads = new Map([...bySession].map(([sessionId, events]) => [sessionId, { events, index: 0 }]));
    while (heads.size > 0 && passed.length < limit) {
      let next: { events: readonly SessionEvent[]; index: number } | undefined;
      for (const head of heads.values()) {
        if (!next || head.events[head.index]!.createdAt < next.events[next.index]!.createdAt) next = head;
      }
      const event = next!.events[next!.index++]!;
      if (next!.index === next!.events.length) heads.delete(event.sessionId);
      const session = this.#sessions.find(event.sessionId);
      // It was deleted meanwhile.
      if (!session) continue;
      const { number, slug } = session;
      this.#seqs[number] = event.seq;
      this.#times[number] = Math.max(this.#times[number] ?? 0, event.createdAt);
      if (this.#filter.passes(event)) passed.push({ event, slug, cursor: this.#cursorOfEvent() });
    }
    for (const sessionId of bySession.keys()) {
      const number = this.#sessions.find(sessionId)?.number;
      if (number === undefined || heads.has(sessionId)) continue;
      if (this.#seqOf(number) >= this.#sessions.end(number)) this.#news.delete(number);
    }
    if (passed.length > 0) passed.at(-1)!.cursor = this.cursor();
    return passed;
  }

  #cursorOfEvent(): string | null {
    if (this.#scope.sessionId) return this.cursor();
    const named = this.#named();
    return named.length > MAX_NAMED ? null : this.#write(named);
  }

  cursor(): string {
    const { sessionId } = this.#scope;
    if (sessionId) return String(this.#seqs[0] ?? 0);
    const { tails } = this.#deps;
    // Everything that was committed until then is behind the positions, as nothing more is known.
    if (this.#news.size === 0) {
      this.#shownUntil = Math.max(this.#shownUntil, Math.min(tails.readAt, this.#sessions.listedAt) - SETTLED_MS);
    }
    return this.#write(this.#named());
  }

  /** Entries of the sessions that had events since the moment up to which everything was shown. */
  #named(): string[] {
    const named: string[] = [];
    for (let number = 0; number < this.#times.length && named.length < MAX_NAMED_EVER; number += 1) {
      if ((this.#times[number] ?? 0) > this.#shownUntil) named.push(this.#sessions.entry(number, this.#seqOf(number)));
    }
    return named;
  }

  #write(entries: readonly string[]): string {
    return writeWorkspaceCursor(this.#shownUntil, entries);
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  close(): void {
    this.end();
    this.#deps.following.leave(this.#scope, this);
    this.#deps.live.leave(this.#onTold);
  }
}

const refuse = (message: string) =>
  new ApiError('VALIDATION', { message: `The request is not valid: \`after\` ${message}` });
const OTHER_CURSOR =
  'is no cursor of this stream. Use the `cursor` of an earlier answer, the id of an earlier event, `begin` or `now`.';

/**
 * Behind a cursor of a workspace. A session that the cursor does not name had no event after its moment, or is new:
 * then all of its events came after.
 */
async function resumed(
  { log }: FeedDependencies,
  workspaceId: string,
  cursor: string,
): Promise<Listing<Begin> & { shownUntil: number }> {
  const { shownUntil, seqs } = readWorkspaceCursor(cursor)!;
  const { at, sessions } = await log.positionsAt(workspaceId, shownUntil);
  const begins = sessions.map((session): Begin => {
    const named = seqs.get(cursorKeyOf(session.sessionId));
    if (named === undefined) return { ...session, at: 0 };
    // When its event happened is not known; it was before now.
    return { ...session, seq: Math.min(named, session.head), at };
  });
  return { at, sessions: begins, shownUntil };
}

/** @throws {ApiError} VALIDATION for a cursor that is none */
export async function openFeed(
  deps: FeedDependencies,
  scope: FeedScope,
  filter: EventFilter,
  begin: FeedBegin,
): Promise<EventFeed> {
  const { workspaceId, sessionId } = scope;
  const cursor = typeof begin === 'object' ? begin.cursor : undefined;
  if (cursor !== undefined && (sessionId ? readSessionCursor(cursor) : readWorkspaceCursor(cursor)) === null) {
    throw refuse(OTHER_CURSOR);
  }
  if (cursor !== undefined && !sessionId) {
    return new Feed(deps, scope, filter, await resumed(deps, workspaceId, cursor));
  }
  const { at, sessions } = await deps.log.heads(workspaceId, sessionId);
  const [session] = sessions;
  const seq = cursor === undefined ? 0 : readSessionCursor(cursor)!;
  if (session && cursor !== undefined && seq > session.head) {
    throw refuse(`is ahead of the session, whose last event has the \`seq\` ${session.head}. Begin with it, or anew.`);
  }
  const isNow = begin === 'now';
  const begins = sessions.map(
    (head): Begin => ({ ...head, ...(isNow ? { seq: head.head, at: head.headAt } : { seq, at: 0 }) }),
  );
  return new Feed(deps, scope, filter, { at, sessions: begins, shownUntil: isNow ? at - SETTLED_MS : 0 });
}

import { ApiError } from '../../http/api-error.ts';
import {
  cursorEntryOf,
  cursorKeyOf,
  readSessionCursor,
  readWorkspaceCursor,
  writeWorkspaceCursor,
} from './event-cursor.ts';
import type { EventFilter } from './event-filter.ts';
import type { EventLog, Listing, SessionEvent, SessionHead } from './event-log.ts';
import type { EventTails, Watch } from './event-tails.ts';

/** The sessions of a stream: one, or all of a workspace, with those that are created while it lasts. */
export interface FeedScope {
  workspaceId: string;
  sessionId?: string | undefined;
}

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
export interface EventFeed {
  /**
   * Up to `limit` events that pass the filter. Without any it waits up to `waitMs` for the first, or until `signal`.
   */
  next(limit: number, waitMs: number, signal?: AbortSignal): Promise<FedEvent[]>;
  /** Behind all events that `next` has given or left out. */
  cursor(): string;
  /** Whether events are known that `next` has not given. */
  hasMore(): boolean;
  close(): void;
}

export interface FeedDependencies {
  log: EventLog;
  /** The sessions of a workspace, as they were a second ago or later. */
  recentHeads: (workspaceId: string) => Promise<Listing<SessionHead>>;
  tails: EventTails;
}

/** Events of one session in one read. */
const PER_READ = 100;
/** Sessions in one read: what a page cannot show is read again with the next one. */
const SESSIONS_PER_READ = 50;
/** New sessions of a workspace are noticed after this time, and the second that a listing may be old. */
const LIST_AGAIN_MS = 1_000;
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

interface Position {
  slug: string;
  seq: number;
  /** The end of the log as it was listed. What watches the session may not know it yet. */
  head: number;
  /** When the event of `seq` happened, at the latest. */
  at: number;
  watch: Watch;
  /** What a cursor says of it; `undefined`: not since `seq` has moved. Writing those of all sessions anew is slow. */
  entry: string | undefined;
}

/** Where a session of a feed begins. */
type Begin = SessionHead & Pick<Position, 'seq' | 'at'>;

class Feed implements EventFeed {
  readonly #deps: FeedDependencies;
  readonly #scope: FeedScope;
  readonly #filter: EventFilter;
  readonly #positions = new Map<string, Position>();
  /** Sessions that may have more. */
  readonly #news = new Set<string>();
  #shownUntil: number;
  #listedAt = 0;
  #listAgainAt = 0;
  #wake: () => void = () => undefined;
  #isClosed = false;

  constructor(deps: FeedDependencies, scope: FeedScope, filter: EventFilter, shownUntil: number) {
    this.#deps = deps;
    this.#scope = scope;
    this.#filter = filter;
    this.#shownUntil = shownUntil;
  }

  /** @param listedAt the moment at which these were all sessions of the scope */
  add(sessions: readonly Begin[], listedAt: number): void {
    this.#listedAt = listedAt;
    this.#listAgainAt = performance.now() + LIST_AGAIN_MS;
    for (const { sessionId, slug, seq, at, head } of sessions) {
      if (this.#positions.has(sessionId)) continue;
      const onNews = () => {
        this.#news.add(sessionId);
        this.#wake();
      };
      const watch = this.#deps.tails.watch(sessionId, head, onNews);
      this.#positions.set(sessionId, { slug, seq, at, head, watch, entry: undefined });
      if (seq < this.#end(sessionId)) this.#news.add(sessionId);
    }
  }

  /** The last `seq` that is known. */
  #end(sessionId: string): number {
    return Math.max(this.#positions.get(sessionId)?.head ?? 0, this.#deps.tails.readUntil(sessionId));
  }

  hasMore(): boolean {
    return this.#news.size > 0;
  }

  async next(limit: number, waitMs: number, signal?: AbortSignal): Promise<FedEvent[]> {
    const deadline = performance.now() + waitMs;
    const onAbort = () => this.#wake();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      for (;;) {
        await this.#listAgain();
        while (this.#news.size > 0 && !signal?.aborted && !this.#isClosed) {
          const found = this.#pass(await this.#read(), limit);
          if (found.length > 0) return found;
        }
        const left = deadline - performance.now();
        if (left <= 0 || signal?.aborted || this.#isClosed) return [];
        await this.#pause(this.#scope.sessionId ? left : Math.min(left, LIST_AGAIN_MS));
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #pause(ms: number): Promise<void> {
    if (this.#news.size > 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Sessions are created and deleted while the stream lasts. A new one is shown from its first event. */
  async #listAgain(): Promise<void> {
    const { workspaceId, sessionId } = this.#scope;
    if (sessionId || performance.now() < this.#listAgainAt) return;
    const { at, sessions } = await this.#deps.recentHeads(workspaceId);
    if (this.#isClosed) return;
    const present = new Map(sessions.map((session) => [session.sessionId, session]));
    for (const [id, position] of this.#positions) {
      const session = present.get(id);
      if (session) position.slug = session.slug;
      else this.#drop(id, position);
    }
    this.add(
      sessions.map((session) => ({ ...session, seq: 0, at: 0 })),
      at,
    );
  }

  #drop(sessionId: string, { watch }: Position): void {
    watch.close();
    this.#positions.delete(sessionId);
    this.#news.delete(sessionId);
  }

  /** The next events of the sessions that have some, from memory where they are there. */
  async #read(): Promise<Map<string, readonly SessionEvent[]>> {
    const bySession = new Map<string, readonly SessionEvent[]>();
    const missing = new Map<string, number>();
    for (const sessionId of [...this.#news].slice(0, SESSIONS_PER_READ)) {
      const { seq } = this.#positions.get(sessionId)!;
      const recent = this.#deps.tails.recent(sessionId, seq) ?? [];
      if (recent.length > 0) bySession.set(sessionId, recent);
      else if (seq < this.#end(sessionId)) missing.set(sessionId, seq);
      else this.#news.delete(sessionId);
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
    const position = this.#positions.get(sessionId);
    if (position) {
      position.seq = this.#end(sessionId);
      position.entry = undefined;
    }
    this.#news.delete(sessionId);
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
      const position = this.#positions.get(event.sessionId);
      // Its session was deleted meanwhile.
      if (!position) continue;
      position.seq = event.seq;
      position.entry = undefined;
      position.at = Math.max(position.at, event.createdAt);
      if (this.#filter(event)) passed.push({ event, slug: position.slug, cursor: this.#cursorOfEvent() });
    }
    for (const sessionId of bySession.keys()) {
      const { seq = 0 } = this.#positions.get(sessionId) ?? {};
      if (seq >= this.#end(sessionId) && !heads.has(sessionId)) this.#news.delete(sessionId);
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
    if (sessionId) return String(this.#positions.get(sessionId)?.seq ?? 0);
    const { tails } = this.#deps;
    // Everything that was committed until then is behind the positions, as nothing more is known.
    if (this.#news.size === 0) {
      this.#shownUntil = Math.max(this.#shownUntil, Math.min(tails.readAt, this.#listedAt) - SETTLED_MS);
    }
    return this.#write(this.#named());
  }

  /** Entries of the sessions that had events since the moment up to which everything was shown. */
  #named(): string[] {
    const named: string[] = [];
    for (const [sessionId, position] of this.#positions) {
      if (position.at <= this.#shownUntil || named.length >= MAX_NAMED_EVER) continue;
      position.entry ??= cursorEntryOf(sessionId, position.seq);
      named.push(position.entry);
    }
    return named;
  }

  #write(entries: readonly string[]): string {
    return writeWorkspaceCursor(this.#shownUntil, entries);
  }

  close(): void {
    this.#isClosed = true;
    for (const { watch } of this.#positions.values()) watch.close();
    this.#positions.clear();
    this.#news.clear();
    this.#wake();
  }
}

const refuse = (message: string) =>
  new ApiError('VALIDATION', { message: `The request is not valid: \`after\` ${message}` });
const OTHER_CURSOR =
  'is no cursor of this stream. Use the `cursor` of an earlier answer, the id of an earlier event, `begin` or `now`.';

/**
 * A new session in the cursor's workspace was unknown when the cursor was written: then all of its events came after.
 */
async function resume(feed: Feed, { log }: FeedDependencies, workspaceId: string, cursor: string): Promise<void> {
  const read = readWorkspaceCursor(cursor)!;
  const { at, sessions } = await log.positionsAt(workspaceId, read.shownUntil);
  const begins = sessions.map((session): Begin => {
    const named = read.seqs.get(cursorKeyOf(session.sessionId));
    if (named === undefined) return { ...session, at: 0 };
    // When its event happened is not known; it was before now.
    return { ...session, seq: Math.min(named, session.head), at };
  });
  feed.add(begins, at);
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
    const { shownUntil } = readWorkspaceCursor(cursor)!;
    const feed = new Feed(deps, scope, filter, shownUntil);
    await resume(feed, deps, workspaceId, cursor);
    return feed;
  }
  const { at, sessions } = await deps.log.heads(workspaceId, sessionId);
  const [session] = sessions;
  const seq = cursor === undefined ? 0 : readSessionCursor(cursor)!;
  if (session && cursor !== undefined && seq > session.head) {
    throw refuse(`is ahead of the session, whose last event has the \`seq\` ${session.head}. Begin with it, or anew.`);
  }
  const isNow = begin === 'now';
  const feed = new Feed(deps, scope, filter, isNow ? at - SETTLED_MS : 0);
  feed.add(
    sessions.map((head): Begin => ({ ...head, ...(isNow ? { seq: head.head, at: head.headAt } : { seq, at: 0 }) })),
    at,
  );
  return feed;
}

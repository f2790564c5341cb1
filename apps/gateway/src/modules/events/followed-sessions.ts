import { cursorEntryOf } from './event-cursor.ts';
import type { EventLog, Listing, SessionHead } from './event-log.ts';
import type { EventTails, Watch } from './event-tails.ts';

/** The sessions of a stream: one, or all of a workspace, with those that are created while it lasts. */
export interface FeedScope {
  workspaceId: string;
  sessionId?: string | undefined;
}

/** What a stream is told of the sessions that it follows, by their numbers. */
export interface Follower {
  /** There may be events that the stream has not shown. */
  onNews(number: number): void;
  /** The session is deleted, and its number may become that of another. */
  onGone(number: number): void;
  /** The sessions of the workspace could not be listed. */
  onFailed(error: unknown): void;
}

export interface FollowedSessionsDependencies {
  log: EventLog;
  tails: EventTails;
  /** @default 1 000 */
  listMs?: number;
}

/** New sessions of a workspace are noticed after this time. */
const LIST_MS = 1_000;

/** A session with all that is the same for every stream. */
interface Followed {
  sessionId: string;
  number: number;
  slug: string;
  /** The end of the log as it was listed. What watches the session may not know it yet. */
  head: number;
  /** The latest listing that had it. */
  listedAt: number;
  watch: Watch;
  /** What cursors say of it at `entrySeq`, where most streams are. Writing those of all sessions anew is slow. */
  entry: string;
  entrySeq: number;
}

/**
 * The sessions of one scope, numbered from 0 on, for all streams that follow it: each is watched once, and a stream
 * keeps two numbers of it. Without this a thousand streams of a workspace with hundreds of sessions fill the heap.
 */
export class FollowedSessions {
  readonly #deps: FollowedSessionsDependencies;
  readonly #scope: FeedScope;
  readonly #followed: (Followed | undefined)[] = [];
  readonly #byId = new Map<string, Followed>();
  readonly #free: number[] = [];
  readonly #followers = new Set<Follower>();
  #listedAt = 0;
  /** The moment of the listing before the latest one of its own. */
  #listedBefore = 0;
  #timer: NodeJS.Timeout | undefined;
  #isListing = false;

  constructor(deps: FollowedSessionsDependencies, scope: FeedScope) {
    this.#deps = deps;
    this.#scope = scope;
  }

  /** The moment of PostgreSQL's clock at which no other session was in the scope. */
  get listedAt(): number {
    return this.#listedAt;
  }

  /** Numbers are below this. */
  get length(): number {
    return this.#followed.length;
  }

  /** `undefined`: it is not there any more. */
  find(sessionId: string): Readonly<Pick<Followed, 'number' | 'slug'>> | undefined {
    return this.#byId.get(sessionId);
  }

  idOf(number: number): string | undefined {
    return this.#followed[number]?.sessionId;
  }

  /** Whether a listing of that moment or a later one had the session. */
  isListedSince(number: number, at: number): boolean {
    return (this.#followed[number]?.listedAt ?? 0) >= at;
  }

  /** The last `seq` that is known. */
  end(number: number): number {
    const followed = this.#followed[number];
    return followed ? Math.max(followed.head, this.#deps.tails.readUntil(followed.sessionId)) : 0;
  }

  /** What a cursor says of a session at this `seq`. */
  entry(number: number, seq: number): string {
    const followed = this.#followed[number]!;
    if (followed.entrySeq !== seq) {
      followed.entry = cursorEntryOf(followed.sessionId, seq);
      followed.entrySeq = seq;
    }
    return followed.entry;
  }

  /** Sessions that were listed, of which some may be new. */
  add({ at, sessions }: Listing<SessionHead>): void {
    for (const session of sessions) this.#addOne(session, at);
    this.#listedAt = Math.max(this.#listedAt, at);
  }

  #addOne({ sessionId, slug, head }: SessionHead, at: number): void {
    const present = this.#byId.get(sessionId);
    if (present) {
      present.slug = slug;
      present.head = Math.max(present.head, head);
      present.listedAt = Math.max(present.listedAt, at);
      return;
    }
    const number = this.#free.pop() ?? this.#followed.length;
    const onNews = () => {
      for (const follower of this.#followers) follower.onNews(number);
    };
    const watch = this.#deps.tails.watch(sessionId, head, onNews);
    const followed: Followed = { sessionId, number, slug, head, listedAt: at, watch, entry: '', entrySeq: -1 };
    this.#followed[number] = followed;
    this.#byId.set(sessionId, followed);
    if (head > 0) onNews();
  }

  #drop({ sessionId, number, watch }: Followed): void {
    watch.close();
    this.#byId.delete(sessionId);
    this.#followed[number] = undefined;
    this.#free.push(number);
    for (const follower of this.#followers) follower.onGone(number);
  }

  follow(follower: Follower): void {
    this.#followers.add(follower);
    if (!this.#scope.sessionId) {
      this.#timer ??= setInterval(() => void this.#list(), this.#deps.listMs ?? LIST_MS).unref();
    }
  }

  /** @returns whether nobody follows any more: the sessions are watched no longer, and nobody may follow again */
  leave(follower: Follower): boolean {
    this.#followers.delete(follower);
    if (this.#followers.size > 0) return false;
    clearInterval(this.#timer);
    for (const { watch } of this.#byId.values()) watch.close();
    this.#byId.clear();
    this.#followed.length = 0;
    return true;
  }

  /** Sessions are created and deleted while a stream lasts. A new one is shown from its first event. */
  async #list(): Promise<void> {
    if (this.#isListing) return;
    this.#isListing = true;
    try {
      const listing = await this.#deps.log.heads(this.#scope.workspaceId);
      if (this.#followers.size === 0) return;
      this.add(listing);
      // Two listings lack it: what another one has just added may be newer than the snapshot of this one.
      const gone = [...this.#byId.values()].filter(({ listedAt }) => listedAt < this.#listedBefore);
      this.#listedBefore = listing.at;
      for (const followed of gone) this.#drop(followed);
    } catch (error) {
      for (const follower of this.#followers) follower.onFailed(error);
    } finally {
      this.#isListing = false;
    }
  }
}

/** Of all scopes that streams of this process follow. */
export interface Following {
  /** With the sessions of the listing. The caller follows them in the same turn of the event loop. */
  of(scope: FeedScope, listing: Listing<SessionHead>): FollowedSessions;
  leave(scope: FeedScope, follower: Follower): void;
}

export function createFollowing(deps: FollowedSessionsDependencies): Following {
  const scopes = new Map<string, FollowedSessions>();
  const keyOf = ({ workspaceId, sessionId }: FeedScope) => sessionId ?? workspaceId;
  return {
    of(scope, listing) {
      const key = keyOf(scope);
      const followed = scopes.get(key) ?? new FollowedSessions(deps, scope);
      scopes.set(key, followed);
      followed.add(listing);
      return followed;
    },
    leave(scope, follower) {
      const key = keyOf(scope);
      if (scopes.get(key)?.leave(follower)) scopes.delete(key);
    },
  };
}

import type { Logger } from '@wa-gate/kit';
import type { HintSubscription, SessionHints } from '../../worker-links/session-hints.ts';
import type { EventLog, SessionEvent } from './event-log.ts';

/** A session whose end is watched for one stream. */
export interface Watch {
  close(): void;
}

/**
 * The ends of the logs that streams of this process are about. Each is watched once, however many streams there are: a
 * hint of the owner brings one read, and a read each second brings what no hint has told.
 */
export interface EventTails {
  /** @param onNews the log has events after those that `recent` and `readUntil` knew */
  watch(sessionId: string, head: number, onNews: () => void): Watch;
  /** `seq` up to which the log was read. */
  readUntil(sessionId: string): number;
  /** The events after `seq`, when all of them are in memory. */
  recent(sessionId: string, seq: number): readonly SessionEvent[] | null;
  /** The moment of PostgreSQL's clock up to which every commit of the watched sessions was read. */
  readonly readAt: number;
  close(): void;
}

export interface EventTailsDependencies {
  log: EventLog;
  hints: SessionHints;
  logger: Logger;
  /** @default 1 000 */
  pollMs?: number;
}

const POLL_MS = 1_000;
/** Events of one session in one read. */
const PER_READ = 200;
/** Events of one session in memory: enough for streams that keep up. */
const MAX_KEPT = 200;
/** A stream that is farther behind reads PostgreSQL itself. */
const KEPT_MS = 10_000;
/** Between two attempts to hear a session's hints. */
const LISTEN_AGAIN_MS = 5_000;

class Tail {
  readonly sessionId: string;
  /** `seq` of the last event that was read. */
  readUntil: number;
  kept: SessionEvent[] = [];
  keptUntil = 0;
  readonly listeners = new Set<() => void>();
  subscription: HintSubscription | undefined;
  listenedAt = Number.NEGATIVE_INFINITY;

  constructor(sessionId: string, head: number) {
    this.sessionId = sessionId;
    this.readUntil = head;
  }

  append(events: readonly SessionEvent[], now: number): void {
    this.readUntil = events.at(-1)!.seq;
    this.kept = [...this.kept, ...events].slice(-MAX_KEPT);
    this.keptUntil = now + KEPT_MS;
    for (const listener of [...this.listeners]) listener();
  }
}

export function createEventTails(deps: EventTailsDependencies): EventTails {
  const { log, hints, logger, pollMs = POLL_MS } = deps;
  const tails = new Map<string, Tail>();
  const dirty = new Set<Tail>();
  let readAt = 0;
  let isReading = false;
  let isClosed = false;

  async function read(wanted: readonly Tail[]): Promise<void> {
    const { at, events } = await log.readAfter(
      new Map(wanted.map(({ sessionId, readUntil }) => [sessionId, readUntil])),
      PER_READ,
    );
    const bySession = new Map<string, SessionEvent[]>();
    for (const event of events) {
      const found = bySession.get(event.sessionId);
      if (found) found.push(event);
      else bySession.set(event.sessionId, [event]);
    }
    const now = performance.now();
    let isCut = false;
    for (const tail of wanted) {
      const found = bySession.get(tail.sessionId);
      if (!found) continue;
      if (found.length === PER_READ) {
        isCut = true;
        dirty.add(tail);
      }
      tail.append(found, now);
    }
    if (wanted.length === tails.size && !isCut) readAt = at;
  }

  async function readDirty(): Promise<void> {
    if (isReading) return;
    isReading = true;
    try {
      while (dirty.size > 0 && !isClosed) {
        const wanted = [...dirty];
        dirty.clear();
        await read(wanted);
      }
    } catch (error) {
      logger.debug({ err: error }, 'events not read, the next poll reads them');
    } finally {
      isReading = false;
    }
  }

  function listen(tail: Tail, now: number): void {
    if (now - tail.listenedAt < LISTEN_AGAIN_MS || (tail.subscription && tail.subscription.source !== 'none')) return;
    tail.listenedAt = now;
    tail.subscription?.close();
    tail.subscription = undefined;
    const onHint = ({ seq }: { seq: number }) => {
      if (seq <= tail.readUntil) return;
      dirty.add(tail);
      void readDirty();
    };
    hints.listen(tail.sessionId, { onHint, onLost: () => undefined }).then(
      (subscription) => {
        if (tails.get(tail.sessionId) === tail) tail.subscription = subscription;
        else subscription.close();
      },
      (error: unknown) => logger.debug({ err: error }, 'hints not heard'),
    );
  }

  function poll(): void {
    const now = performance.now();
    for (const tail of tails.values()) {
      listen(tail, now);
      dirty.add(tail);
      if (tail.kept.length > 0 && tail.keptUntil < now) tail.kept = [];
    }
    if (tails.size > 0) void readDirty();
  }
  const timer = setInterval(poll, pollMs).unref();

  function leave(tail: Tail, listener: () => void): void {
    tail.listeners.delete(listener);
    if (tail.listeners.size > 0) return;
    tails.delete(tail.sessionId);
    dirty.delete(tail);
    tail.subscription?.close();
  }

  return {
    get readAt() {
      return readAt;
    },
    watch(sessionId, head, onNews) {
      let tail = tails.get(sessionId);
      if (!tail) {
        tail = new Tail(sessionId, head);
        tails.set(sessionId, tail);
        listen(tail, performance.now());
      }
      const watched = tail;
      watched.listeners.add(onNews);
      // What was committed since the head was read.
      dirty.add(tail);
      void readDirty();
      return { close: () => leave(watched, onNews) };
    },
    readUntil: (sessionId) => tails.get(sessionId)?.readUntil ?? 0,
    recent(sessionId, seq) {
      const tail = tails.get(sessionId);
      if (!tail) return null;
      if (seq >= tail.readUntil) return [];
      const [oldest] = tail.kept;
      return oldest && oldest.seq <= seq + 1 ? tail.kept.filter((event) => event.seq > seq) : null;
    },
    close() {
      isClosed = true;
      clearInterval(timer);
      for (const tail of tails.values()) tail.subscription?.close();
      tails.clear();
      dirty.clear();
    },
  };
}

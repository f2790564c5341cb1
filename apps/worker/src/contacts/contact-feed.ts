import type { Ownership } from '@wa-gate/cluster';
import { isDatabaseUnavailable, type Pool } from '@wa-gate/db';
import { type Clock, isTracing, type Logger, type Span, startSpan } from '@wa-gate/kit';
import {
  appendNoticedEvents,
  type ContactFact,
  findContactMerges,
  learnContacts,
  type NoticedEvent,
  publishContactMerges,
  readShownNames,
  touchContacts,
} from '@wa-gate/messaging';
import type { KeyedLock } from '../keyed-lock.ts';
import type { Announce } from '../writers/announcer.ts';
import { Batcher } from '../writers/batcher.ts';
import { KnownFacts } from './known-facts.ts';

/** A fact about a person that a hosted session has learnt. */
export interface SessionFact extends ContactFact, Ownership {
  sessionId: string;
  /** The number of a LID, where this session has stored the mapping earlier. Asked only for a LID that is new here. */
  numberOf?: ((lid: string) => Promise<string | null>) | undefined;
}

export interface ContactFeedDependencies {
  pool: Pool;
  writeLock: KeyedLock;
  clock: Clock;
  logger: Logger;
  announce: Announce;
  onStale: (owner: Ownership) => void;
  /** The sessions that this worker hosts. */
  owners: () => readonly Ownership[];
}

/** Milliseconds that facts wait for others: WhatsApp tells mappings in bursts. */
const LINGER_MS = 100;
/** Milliseconds between two looks for changes that other workers have found out. */
const POLL_MS = 2_000;

/**
 * Tells the database who is who, as the sessions of this worker learn it, and makes events of what has changed. All
 * that it writes is written under the lock of the batchers, so that the messages of a session and the changes of its
 * contacts have one order.
 */
export class ContactFeed {
  readonly #deps: ContactFeedDependencies;
  readonly #known: KnownFacts;
  readonly #batcher: Batcher<SessionFact>;
  readonly #happened: Batcher<NoticedEvent>;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: ContactFeedDependencies) {
    this.#deps = deps;
    this.#known = new KnownFacts({ now: () => deps.clock.monotonic() });
    const { writeLock, clock, logger } = deps;
    this.#batcher = new Batcher<SessionFact>({
      name: 'contacts',
      writeLock,
      clock,
      logger,
      lingerMs: LINGER_MS,
      run: (batch) => this.#learn(batch),
      onPoison: ({ sessionId }, error) => logger.error({ err: error, sessionId }, 'contact cannot be stored'),
    });
    this.#happened = new Batcher<NoticedEvent>({
      name: 'people',
      writeLock,
      clock,
      logger,
      run: (batch) => this.#tellEvents(batch),
      onPoison: ({ sessionId, type }, error) => logger.error({ err: error, sessionId, type }, 'event cannot be stored'),
    });
  }

  start(): void {
    this.#timer = setInterval(() => void this.#poll(), POLL_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Facts that come without a message. */
  add(facts: readonly SessionFact[]): void {
    const news = facts.filter((fact) => this.#known.newsOf(fact) === 'more');
    if (news.length > 0) this.#batcher.add(news, { urgent: false });
  }

  /** Stores a fact now, if it is new. */
  async tell(fact: SessionFact): Promise<void> {
    if (this.#known.newsOf(fact) !== 'more') return;
    this.#batcher.add([fact]);
    await this.#batcher.flush(fact.sessionId);
  }

  /** Something has happened to a person, and becomes an event. Resolves when it is stored, or when it never can be. */
  async happened(event: NoticedEvent): Promise<void> {
    this.#happened.add([event]);
    await this.#happened.flush(event.sessionId);
  }

  async flush(sessionId?: string): Promise<void> {
    await this.#batcher.flush(sessionId);
    await this.#happened.flush(sessionId);
  }

  /**
   * Stores what is new, and publishes what it changes. The caller holds the write lock. Resolves at once when all is
   * known.
   *
   * @throws when the database is not available, or the contacts of the workspace were being changed for too long. What
   *   cannot be stored does not hold up the message that told it, nor other facts. A later message tells it again.
   */
  async learn(facts: readonly SessionFact[]): Promise<void> {
    try {
      await this.#learn(facts);
    } catch (error) {
      if (isDatabaseUnavailable(error)) throw error;
      if (facts.length > 1) for (const fact of facts) await this.learn([fact]);
      else this.#deps.logger.error({ err: error, sessionId: facts[0]?.sessionId }, 'contact cannot be stored, dropped');
    }
  }

  async #learn(facts: readonly SessionFact[]): Promise<void> {
    const { pool } = this.#deps;
    const news: SessionFact[] = [];
    const seen: SessionFact[] = [];
    for (const fact of facts) {
      const kind = this.#known.newsOf(fact);
      if (kind === 'more') news.push(fact);
      else if (kind === 'seen') seen.push(fact);
    }
    if (seen.length > 0) {
      await touchContacts(pool, seen);
      this.#known.told(seen);
    }
    if (news.length === 0) return;
    const named = news.filter(({ names }) => names !== undefined);
    const before = await readShownNames(pool, named);
    const { concerned } = await learnContacts(pool, await Promise.all(news.map(withNumber)));
    this.#known.told(news);
    if (before.size > 0) await this.#tellNames(named, before);
    if (concerned.length > 0) await this.#publish(concerned);
  }

  /** Whose shown name is another one now. */
  async #tellNames(named: readonly SessionFact[], before: ReadonlyMap<string, string | null>): Promise<void> {
    const after = await readShownNames(this.#deps.pool, named);
    const renamed = new Map(
      named
        .filter(({ sessionId, jid }) => {
          const key = `${sessionId} ${jid}`;
          return before.has(key) && before.get(key) !== after.get(key);
        })
        .map((fact) => [`${fact.sessionId} ${fact.jid}`, fact]),
    );
    if (renamed.size === 0) return;
    await this.#tellEvents(
      [...renamed.values()].map(({ sessionId, epoch, jid }) => ({
        sessionId,
        epoch,
        jid,
        type: 'contact.updated' as const,
        data: { changed: ['name' as const] },
      })),
    );
  }

  async #tellEvents(events: readonly NoticedEvent[]): Promise<void> {
    const { pool, announce, onStale } = this.#deps;
    const { stale, ...appended } = await appendNoticedEvents(pool, events);
    announce(appended);
    const gone = new Set(stale);
    for (const { sessionId, epoch } of events) if (gone.delete(sessionId)) onStale({ sessionId, epoch });
  }

  /** What concerns the sessions that this worker hosts; what concerns others, their owners find. */
  async #publish(concerned: readonly string[]): Promise<void> {
    const { pool, announce, onStale, owners } = this.#deps;
    const wanted = new Set(concerned);
    const mine = owners().filter(({ sessionId }) => wanted.has(sessionId));
    for (let hasMore = mine.length > 0; hasMore; ) {
      const spans: Span[] = [];
      const traceOf = (sessionId: string) => {
        const span = beginMerge(sessionId);
        spans.push(span);
        return span.traceparent;
      };
      const published = await publishContactMerges(pool, mine, isTracing() ? traceOf : undefined).finally(() => {
        for (const span of spans) span.end();
      });
      announce(published);
      const stale = new Set(published.stale);
      for (const owner of mine) if (stale.has(owner.sessionId)) onStale(owner);
      hasMore = published.hasMore;
    }
  }

  async #poll(): Promise<void> {
    const { pool, owners, writeLock, logger } = this.#deps;
    const sessionIds = owners().map(({ sessionId }) => sessionId);
    if (sessionIds.length === 0) return;
    try {
      const concerned = await findContactMerges(pool, sessionIds);
      if (concerned.length > 0) await writeLock.run('', () => this.#publish(concerned));
    } catch (error) {
      logger.debug({ err: error }, 'changes of contacts not published, trying again');
    }
  }
}

/** Whoever found out may be another worker, and what told it long past: what it changes for a session is a trace. */
const beginMerge = (sessionId: string): Span =>
  startSpan('merge contacts', { kind: 'consumer', parent: null, attributes: { 'wag.session.id': sessionId } })!;

async function withNumber(fact: SessionFact): Promise<SessionFact> {
  const { jid, altJid, numberOf } = fact;
  if (!numberOf || altJid !== undefined || !jid.endsWith('@lid')) return fact;
  const number = await numberOf(jid).catch(() => null);
  return number ? { ...fact, altJid: number } : fact;
}

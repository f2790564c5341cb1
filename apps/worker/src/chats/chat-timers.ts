import type { Ownership } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import { type ChatTimer, readChatTimers, storeChatTimers } from '@wa-gate/messaging';
import { BoundedCache } from '../whatsapp/bounded-cache.ts';

/** The latest timer by the name of its chat. */
type Known = Map<string, ChatTimer>;

/** Sessions whose timers are kept in memory; those of others are read again. */
const MAX_SESSIONS = 5_000;

/**
 * The timers of disappearing messages in the direct chats of the hosted sessions. They are read from the database at
 * the first use by a session, and known in memory from then on: its owner alone changes them.
 */
export class ChatTimers {
  readonly #pool: Pool;
  readonly #sessions = new BoundedCache<{ epoch: number; known: Promise<Known> }>({ max: MAX_SESSIONS });

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Seconds for which messages of the chat stay; 0: for ever. */
  async secondsOf(owner: Ownership, chatJid: string): Promise<number> {
    return (await this.#knownBy(owner)).get(chatJid)?.seconds ?? 0;
  }

  /** Keeps timers that are news. Rejects when they could not be stored; then nothing of them is known. */
  async learn(timers: readonly (Ownership & ChatTimer)[]): Promise<void> {
    const news: (Ownership & ChatTimer)[] = [];
    for (const timer of timers) {
      const before = (await this.#knownBy(timer)).get(timer.chatJid);
      const isNews = !before || (timer.setAt >= before.setAt && timer.seconds !== before.seconds);
      if (isNews && (before || timer.seconds > 0)) news.push(timer);
    }
    if (news.length === 0) return;
    await storeChatTimers(this.#pool, news);
    for (const timer of news) (await this.#knownBy(timer)).set(timer.chatJid, timer);
  }

  #knownBy({ sessionId, epoch }: Ownership): Promise<Known> {
    const entry = this.#sessions.get(sessionId);
    if (entry?.epoch === epoch) return entry.known;
    const known = readChatTimers(this.#pool, sessionId).then(
      (timers) => new Map(timers.map((timer) => [timer.chatJid, timer])),
    );
    this.#sessions.set(sessionId, { epoch, known });
    // A failure is not remembered: the next use asks again.
    known.catch(() => {
      if (this.#sessions.get(sessionId)?.known === known) this.#sessions.delete(sessionId);
    });
    return known;
  }
}

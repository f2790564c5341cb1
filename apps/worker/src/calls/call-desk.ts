import { type Ownership, StaleEpochError } from '@wa-gate/cluster';
import { inTransaction, isDataRefused, type Pool } from '@wa-gate/db';
import { backoffDelay, type Clock, type Logger, newId } from '@wa-gate/kit';
import { acceptMessage, type CallNews, isWithinHours, newWaMessageId, recordCall } from '@wa-gate/messaging';
import type { KeyedLock } from '../keyed-lock.ts';
import type { SessionSettingsBook } from '../settings/session-settings-book.ts';
import type { Announce } from '../writers/announcer.ts';

export interface CallDeskDependencies {
  pool: Pool;
  /** Of the batchers: two statements that append events of one session would lock its counter in turn. */
  writeLock: KeyedLock;
  clock: Clock;
  logger: Logger;
  settings: Pick<SessionSettingsBook, 'of'>;
  announce: Announce;
  onStale: (owner: Ownership) => void;
  /** Something is new in the outbox of a session. */
  onReply: (sessionId: string) => void;
}

/** Rejects a call on the connection that has told of it. */
export type Reject = (callId: string, callerJid: string) => Promise<void>;

/** Seconds after which a call that is told of does not ring any more: it was told late, after an absence. */
const RINGS_SECONDS = 60;
const RETRY = { initialMs: 200, maxMs: 5_000 };
/** Attempts of one write. WhatsApp tells a call that could not be written again, with the next connection. */
const ATTEMPTS = 8;

/** Writes down the calls of all sessions of this worker, and rejects them where the session is told to. */
export class CallDesk {
  readonly #deps: CallDeskDependencies;
  /** What is being written, by session. */
  readonly #working = new Map<string, Promise<void>>();

  constructor(deps: CallDeskDependencies) {
    this.#deps = deps;
  }

  /**
   * News of a call; those of one session are handled in their order. Resolves when they are written, before the call is
   * rejected.
   *
   * @param reject absent: it is not to be rejected
   * @throws when they could not be written: WhatsApp is to tell them again
   */
  hear(owner: Ownership, news: CallNews, reject?: Reject): Promise<void> {
    const { sessionId } = owner;
    const before = this.#working.get(sessionId) ?? Promise.resolve();
    const written = before.then(() => this.#writeUntilAnswered(owner, news));
    const work = written
      .then(() => (reject ? this.#rejectIfWanted(owner, news, reject) : undefined))
      // Who waits for `written` is told.
      .catch(() => undefined);
    this.#working.set(sessionId, work);
    void work.finally(() => {
      if (this.#working.get(sessionId) === work) this.#working.delete(sessionId);
    });
    return written;
  }

  async flush(sessionId?: string): Promise<void> {
    if (sessionId === undefined) await Promise.all(this.#working.values());
    else await this.#working.get(sessionId);
  }

  async #rejectIfWanted(owner: Ownership, news: CallNews, reject: Reject): Promise<void> {
    if (news.status !== 'ringing' || !this.#isToReject(owner, news)) return;
    if (!(await this.#reject(owner, news, reject))) return;
    await this.#writeUntilAnswered(owner, { ...news, status: 'rejected', rejectedBy: 'auto', at: new Date() });
  }

  async #writeUntilAnswered(owner: Ownership, news: CallNews): Promise<void> {
    const { clock, logger, onStale } = this.#deps;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#write(owner, news);
      } catch (error) {
        // It would be refused each time that WhatsApp tells it.
        if (isDataRefused(error))
          return logger.error({ err: error, ...owner, callId: news.callId }, 'call cannot be stored');
        if (error instanceof StaleEpochError) onStale(owner);
        else if (attempt === ATTEMPTS) logger.error({ err: error, ...owner, callId: news.callId }, 'call not written');
        if (error instanceof StaleEpochError || attempt === ATTEMPTS) throw error;
        logger.warn({ err: error, ...owner, callId: news.callId }, 'call not written, trying again');
        await clock.sleep(backoffDelay(attempt - 1, RETRY));
      }
    }
  }

  #isToReject({ sessionId }: Ownership, { at, chatJid }: CallNews): boolean {
    const { reject, hours } = this.#deps.settings.of(sessionId).calls;
    const isFresh = Date.now() - at.getTime() < RINGS_SECONDS * 1_000;
    return reject && isFresh && !chatJid.endsWith('@g.us') && isWithinHours(hours, new Date());
  }

  /** A call that WhatsApp does not let be rejected rings on. Returns whether it was rejected. */
  async #reject(owner: Ownership, news: CallNews, reject: Reject): Promise<boolean> {
    try {
      await reject(news.callId, news.callerJid);
      return true;
    } catch (error) {
      this.#deps.logger.warn({ err: error, ...owner, callId: news.callId }, 'call could not be rejected, it rings on');
      return false;
    }
  }

  /** The answer is accepted in the transaction of the rejection: none without the other, and never a second one. */
  async #write(owner: Ownership, news: CallNews): Promise<void> {
    const { pool, writeLock, settings, announce, onReply } = this.#deps;
    const { sessionId } = owner;
    const { reply } = settings.of(sessionId).calls;
    const isAnswered = news.rejectedBy === 'auto' && reply !== null;
    const { appended, hasReply } = await writeLock.run('', () =>
      inTransaction(pool, async (tx) => {
        const ids = isAnswered ? { messageId: newId(), waMessageId: newWaMessageId() } : null;
        const written = await recordCall(tx, owner, { ...news, ...(ids && { replyMessageId: ids.messageId }) });
        if (!written.isNews || !ids || reply === null) return { appended: written.appended, hasReply: false };
        const request = { type: 'text' as const, text: reply };
        const metadata = { callId: news.callId };
        const accepted = await acceptMessage(tx, { ...ids, sessionId, chatJid: news.callerJid, request, metadata });
        return { appended: written.appended, hasReply: accepted.outcome === 'accepted' };
      }),
    );
    announce(appended);
    if (hasReply) onReply(sessionId);
  }
}

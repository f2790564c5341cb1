import type { Ownership } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import type { Clock, Logger } from '@wa-gate/kit';
import {
  type ChatRead,
  readLabels,
  readSettingsProgress,
  type SettingsCollection,
  type SettingsPage,
  type StoredLabel,
  storeChatReads,
  storeSettings,
} from '@wa-gate/messaging';
import type { KeyedLock } from '../keyed-lock.ts';
import type { Announce } from '../writers/announcer.ts';
import { Batcher } from '../writers/batcher.ts';
import { SessionWrites } from '../writers/session-writes.ts';

export interface ChatSettingsFeedDependencies {
  pool: Pool;
  writeLock: KeyedLock;
  clock: Clock;
  logger: Logger;
  announce: Announce;
  onStale: (owner: Ownership) => void;
  /** PostgreSQL has refused so many settings. */
  onRefused: (count: number) => void;
}

/** Milliseconds that reads wait: the messages that they name may be on their way into the database. */
const LINGER_MS = 300;

/** Tells the database how accounts show their chats, and what their other devices have read. */
export class ChatSettingsFeed {
  readonly #deps: ChatSettingsFeedDependencies;
  readonly #reads: Batcher<ChatRead>;
  readonly #writes: SessionWrites;

  constructor(deps: ChatSettingsFeedDependencies) {
    this.#deps = deps;
    this.#writes = new SessionWrites({ name: 'chat settings', clock: deps.clock, logger: deps.logger });
    const { pool, writeLock, clock, logger, announce, onStale } = deps;
    this.#reads = new Batcher<ChatRead>({
      name: 'chat-reads',
      writeLock,
      clock,
      logger,
      lingerMs: LINGER_MS,
      async run(batch) {
        const stored = await storeChatReads(pool, batch);
        announce(stored);
        const stale = new Set(stored.stale);
        for (const { sessionId, epoch } of batch) if (stale.delete(sessionId)) onStale({ sessionId, epoch });
      },
      onPoison: ({ sessionId }, error) => logger.error({ err: error, sessionId }, 'what was read cannot be stored'),
    });
  }

  /** Up to which version the collections of an account were read. */
  progress({ sessionId }: Ownership, account: string): Promise<Map<SettingsCollection, number>> {
    return readSettingsProgress(this.#deps.pool, sessionId, account);
  }

  labels({ sessionId }: Ownership): Promise<StoredLabel[]> {
    return readLabels(this.#deps.pool, sessionId);
  }

  /**
   * Stores settings with their events. What PostgreSQL refuses is told, and left out. Rejects when it could not; then
   * they are to be read again.
   */
  async store(owner: Ownership, page: SettingsPage): Promise<void> {
    const { pool, announce, onStale, onRefused, logger } = this.#deps;
    const { sessionId } = owner;
    const stored = await this.#writes.run(sessionId, async () => {
      // Both lock rows of the session's chats, in no common order.
      await this.#reads.flush(sessionId);
      return await storeSettings(pool, owner, page);
    });
    announce(stored);
    if (stored.isStale) onStale(owner);
    else if (stored.refused.length > 0) {
      const kinds = stored.refused.map(({ kind }) => kind);
      logger.error({ sessionId, collection: page.collection, kinds }, 'settings of chats cannot be stored, left out');
      onRefused(kinds.length);
    }
  }

  /** Another device of the account has read messages. */
  read(read: ChatRead): void {
    void this.#writes.run(read.sessionId, async () => this.#reads.add([read], { urgent: false }));
  }

  async flush(sessionId?: string): Promise<void> {
    await this.#writes.flush(sessionId);
    await this.#reads.flush(sessionId);
  }
}

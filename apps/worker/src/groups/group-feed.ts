import { type Ownership, StaleEpochError } from '@wa-gate/cluster';
import type { GroupFacts } from '@wa-gate/contracts';
import type { Pool } from '@wa-gate/db';
import type { Clock, Logger } from '@wa-gate/kit';
import { doubtGroups, readGroup, readIdentities, storeGroupGone, storeGroups, tellOfGroup } from '@wa-gate/messaging';
import { LRUCache } from 'lru-cache';
import type { NodeNames } from '../whatsapp/group-nodes.ts';
import type { GroupNotice } from '../whatsapp/group-notices.ts';
import type { Announce } from '../writers/announcer.ts';
import { SessionWrites } from '../writers/session-writes.ts';
import { applyNotice } from './apply-notice.ts';

/** A group as it is known here. */
export interface KnownGroup {
  facts: GroupFacts;
  /** It can be used to send. If not, WhatsApp is to be asked first; without an answer this is better than nothing. */
  isFresh: boolean;
}

export interface GroupFeedDependencies {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  announce: Announce;
  onStale: (owner: Ownership) => void;
}

interface Remembered extends KnownGroup {
  epoch: number;
  /** Monotonic milliseconds at which it stops to be fresh. */
  until: number;
}

/** A description is believed for so long: a notice that cannot be stored is told in the log alone. */
const FRESH_SECONDS = 86_400;
/** Participants of all groups in memory together: each is some 200 bytes. Groups of other sessions are read again. */
const MAX_PARTICIPANTS = 100_000;

/**
 * The groups of the hosted sessions: what WhatsApp describes is stored, its notices change it and become events, and
 * sends read it from memory or from the table. The owner of a session alone writes its groups, one write after the
 * other.
 */
export class GroupFeed {
  readonly #deps: GroupFeedDependencies;
  readonly #writes: SessionWrites;
  readonly #memory = new LRUCache<string, Remembered>({
    maxSize: MAX_PARTICIPANTS,
    sizeCalculation: ({ facts }) => facts.participants.length + 5,
  });

  constructor(deps: GroupFeedDependencies) {
    this.#deps = deps;
    this.#writes = new SessionWrites({ name: 'groups', clock: deps.clock, logger: deps.logger });
  }

  /**
   * A notice of WhatsApp. Resolves when it is stored, or when it never can be.
   *
   * @param own the names of the account
   * @throws {StaleEpochError}
   */
  async noticed(owner: Ownership, notice: GroupNotice, own: NodeNames): Promise<void> {
    const { sessionId } = owner;
    try {
      // One by one: each begins where the one before has ended.
      await this.#writes.runUntilAnswered(sessionId, () => this.#tell(owner, notice, own));
    } catch (error) {
      if (error instanceof StaleEpochError) {
        this.#deps.onStale(owner);
        throw error;
      }
      const { kind } = notice.change;
      this.#deps.logger.error({ err: error, sessionId, notice: kind }, 'notice of a group cannot be stored');
    }
  }

  /** The group, with all notices until now. `undefined`: WhatsApp is to be asked. */
  async known(owner: Ownership, jid: string): Promise<KnownGroup | undefined> {
    await this.#writes.flush(owner.sessionId);
    const { clock, pool } = this.#deps;
    const remembered = this.#memory.get(keyOf(owner, jid));
    if (remembered?.epoch === owner.epoch) {
      return { facts: remembered.facts, isFresh: remembered.isFresh && remembered.until > clock.monotonic() };
    }
    const row = await readGroup(pool, owner.sessionId, jid);
    if (!row?.readAt || !row.isMember) return undefined;
    const left = FRESH_SECONDS - row.ageSeconds;
    return this.#remember(owner, { facts: row.facts, isFresh: !row.isStale && left > 0 }, left);
  }

  /** WhatsApp has described groups. @param isAll they are all groups of the account */
  async described(owner: Ownership, groups: readonly GroupFacts[], isAll: boolean): Promise<void> {
    await this.#write(owner, () => storeGroups(this.#deps.pool, owner, groups, { isAll }));
    // Of a list most groups are never written to.
    if (isAll) for (const { jid } of groups) this.#memory.delete(keyOf(owner, jid));
    else for (const facts of groups) this.#remember(owner, { facts, isFresh: true }, FRESH_SECONDS);
  }

  /** WhatsApp says that the account is not in the group. */
  async gone(owner: Ownership, jid: string): Promise<void> {
    await this.#write(owner, () => storeGroupGone(this.#deps.pool, owner, jid));
    this.#memory.delete(keyOf(owner, jid));
  }

  /** WhatsApp says that groups have changed, and not which. */
  async doubted(owner: Ownership): Promise<void> {
    await this.#write(owner, async () => {
      await doubtGroups(this.#deps.pool, owner);
      // In the turn of the write: whoever waits for it finds nothing fresh behind it.
      for (const key of this.#memory.keys()) if (key.startsWith(`${owner.sessionId} `)) this.#memory.delete(key);
    });
  }

  /** Resolves when every notice is written; with `sessionId`, only those of that session. */
  flush(sessionId?: string): Promise<void> {
    return this.#writes.flush(sessionId);
  }

  #remember({ sessionId, epoch }: Ownership, known: KnownGroup, seconds: number): KnownGroup {
    const until = this.#deps.clock.monotonic() + seconds * 1_000;
    this.#memory.set(keyOf({ sessionId }, known.facts.jid), { ...known, epoch, until });
    return known;
  }

  /** In turn with everything else that is written of the session. */
  async #write(owner: Ownership, run: () => Promise<void>): Promise<void> {
    try {
      await this.#writes.run(owner.sessionId, run);
    } catch (error) {
      if (error instanceof StaleEpochError) this.#deps.onStale(owner);
      throw error;
    }
  }

  async #tell(owner: Ownership, notice: GroupNotice, own: NodeNames): Promise<void> {
    const { pool, announce } = this.#deps;
    const { sessionId } = owner;
    const before = await readGroup(pool, sessionId, notice.jid);
    if (before?.notices.includes(notice.id)) return;
    const { people, events, ...told } = applyNotice(before, notice, own);
    const identities = await readIdentities(pool, { sessionId }, people);
    this.#memory.delete(keyOf(owner, notice.jid));
    announce(await tellOfGroup(pool, owner, { ...told, noticeId: notice.id, events: events(identities) }));
  }
}

const keyOf = ({ sessionId }: { sessionId: string }, jid: string): string => `${sessionId} ${jid}`;

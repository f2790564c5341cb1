import type { GroupFacts, ParticipantFact } from '@wa-gate/contracts';
import type { Logger } from '@wa-gate/kit';
import type { ConnectionHandlers } from './connection.ts';
import { groupNotAccessible, SendRefusedError, whatsAppCodeOf } from './errors.ts';

export interface GroupReaderOptions {
  sessionId: string;
  logger: Logger;
  /** Asks WhatsApp for a group. */
  ask: (jid: string) => Promise<GroupFacts>;
  /** The names of the account. */
  ownJids: () => readonly string[];
  handlers: Pick<ConnectionHandlers, 'knownGroup' | 'groupsDescribed' | 'groupGone'>;
}

/** Milliseconds for which no group is asked for after WhatsApp has said that it is asked too often. */
const PAUSE_MS = 60_000;

/** The groups that one connection sends to: as they are known here, else as WhatsApp says now. */
export class GroupReader {
  readonly #options: GroupReaderOptions;
  readonly #queries = new Map<string, Promise<GroupFacts>>();
  #pausedUntil = 0;
  /** WhatsApp has said that the account is not in them: their receipts ask no further. */
  readonly #left = new Set<string>();

  constructor(options: GroupReaderOptions) {
    this.#options = options;
  }

  /**
   * What is no longer fresh is better than nothing: WhatsApp drops what goes to people who have left, and asks for what
   * others lack.
   *
   * @throws {SendRefusedError} the account is not in the group; any other error: not now
   */
  async read(jid: string): Promise<GroupFacts> {
    const { handlers, logger, sessionId } = this.#options;
    const known = await handlers.knownGroup(jid);
    if (known?.isFresh) return known.facts;
    if (known && performance.now() < this.#pausedUntil) return known.facts;
    try {
      return await this.#askOnce(jid);
    } catch (error) {
      if (!known || error instanceof SendRefusedError) throw error;
      logger.debug({ err: error, sessionId }, 'group not read again, taken as it was');
      return known.facts;
    }
  }

  /** Of a group that receipts come for; `undefined` where WhatsApp does not tell. */
  async recipientsOf(jid: string): Promise<number | undefined> {
    const group = this.#left.has(jid) ? undefined : await this.read(jid).catch(() => undefined);
    return group && this.recipientsIn(group);
  }

  /** Participants beside the account. */
  recipientsIn({ participants }: GroupFacts): number {
    return participants.filter((participant) => !this.#isOwn(participant)).length;
  }

  isAdminOf({ participants }: GroupFacts): boolean {
    return participants.some((participant) => participant.role !== 'member' && this.#isOwn(participant));
  }

  /** WhatsApp tells something of the group, or of all: the account may be in it again. */
  doubt(jid?: string): void {
    if (jid === undefined) this.#left.clear();
    else this.#left.delete(jid);
  }

  /** Concurrent calls for one group share one query. */
  async #askOnce(jid: string): Promise<GroupFacts> {
    const asked = this.#queries.get(jid) ?? this.#ask(jid).finally(() => this.#queries.delete(jid));
    this.#queries.set(jid, asked);
    return await asked;
  }

  async #ask(jid: string): Promise<GroupFacts> {
    const { ask, handlers } = this.#options;
    if (performance.now() < this.#pausedUntil) throw new Error('WhatsApp was asked for groups too often.');
    try {
      const facts = await ask(jid);
      this.#left.delete(jid);
      await handlers.groupsDescribed([facts], false);
      return facts;
    } catch (error) {
      if (whatsAppCodeOf(error) === 429) this.#pausedUntil = performance.now() + PAUSE_MS;
      if (!isRefusal(error)) throw error;
      this.#left.add(jid);
      await handlers.groupGone(jid);
      throw groupNotAccessible(error);
    }
  }

  #isOwn({ jid, altJid }: ParticipantFact): boolean {
    return this.#options.ownJids().some((own) => own === jid || own === altJid);
  }
}

/** The server answered the query with an error of its own, such as `item-not-found` or `not-authorized`. */
function isRefusal(error: unknown): boolean {
  return [401, 403, 404, 406].includes(Number((error as { data?: unknown }).data));
}

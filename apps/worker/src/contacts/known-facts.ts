import type { ContactFact } from '@wa-gate/messaging';
import { BoundedCache } from '../whatsapp/bounded-cache.ts';

/** People that are remembered, over all sessions of the worker: about 200 bytes each. */
const MAX_KNOWN = 20_000;
/** Milliseconds after which the database is told again that a person was seen. */
const SEEN_MS = 10 * 60_000;

interface Known {
  altJid: string | undefined;
  /** The names that were told last, and whether it is a business. */
  names: string;
  toldAt: number;
}

/** What a fact says that is not known yet: nothing, that the person was seen, or more. */
export type News = 'none' | 'seen' | 'more';

/**
 * The facts that this worker has told the database. So a message from somebody who is known costs no statement for
 * contacts.
 */
export class KnownFacts {
  readonly #known: BoundedCache<Known>;
  readonly #now: () => number;

  constructor({ now, max = MAX_KNOWN }: { now: () => number; max?: number }) {
    this.#now = now;
    this.#known = new BoundedCache({ max });
  }

  newsOf(fact: ContactFact): News {
    const known = this.#known.get(keyOf(fact));
    if (!known || fact.spellings?.length) return 'more';
    if (fact.altJid !== undefined && fact.altJid !== known.altJid) return 'more';
    if (!known.names.includes(namesOfFact(fact))) return 'more';
    return this.#now() - known.toldAt > SEEN_MS ? 'seen' : 'none';
  }

  /** They are in the database now. */
  told(facts: readonly ContactFact[]): void {
    for (const fact of facts) {
      const key = keyOf(fact);
      const before = this.#known.get(key);
      this.#known.set(key, {
        altJid: fact.altJid ?? before?.altJid,
        names: namesOfFact(fact) || (before?.names ?? ''),
        toldAt: this.#now(),
      });
    }
  }
}

/** A mapping that made no contact does not say that the person is known. */
const keyOf = ({ sessionId, jid, ofKnownOnly }: ContactFact): string =>
  `${ofKnownOnly ? 'mapping ' : ''}${sessionId} ${jid}`;

/** Messages tell the same few names each time. */
const namesOfFact = ({ names, isBusiness }: ContactFact): string =>
  names || isBusiness ? JSON.stringify([names, isBusiness ?? false]) : '';

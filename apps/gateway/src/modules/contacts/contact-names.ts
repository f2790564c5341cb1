import type { Identity } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { identityOf, otherSpellings } from '@wa-gate/messaging';
import { LRUCache } from 'lru-cache';
import { parsePublicChat, parseRecipient } from '../../http/recipient.ts';
import { isUuid } from '../../http/uuid.ts';

/** Where a message goes. */
export interface Recipient {
  /** The jid that was asked for. */
  givenJid: string;
  /** The chat: another one where WhatsApp has answered with another spelling of the number. */
  chatJid: string;
  identity: Identity;
}

export interface ContactNames {
  /** @throws {ApiError} INVALID_RECIPIENT */
  recipient(workspaceId: string, to: string | number, options?: { isFresh?: boolean }): Promise<Recipient>;
  /**
   * All names of a chat: that of a person by any of its names, or by the id of its contact.
   *
   * @throws {ApiError} INVALID_RECIPIENT
   */
  ofChat(workspaceId: string, chat: string): Promise<string[]>;
}

const RECIPIENT = {
  name: 'recipient-of-message',
  text: `SELECT i.spelling_of AS "spellingOf", ${identityOf('$1::uuid', 'coalesce(i.spelling_of, j.jid)')} AS identity
    FROM (SELECT $2::text AS jid) j LEFT JOIN contact_identities i ON i.workspace_id = $1 AND i.jid = j.jid`,
};

const OF_CONTACT = {
  name: 'names-of-contact',
  text: `SELECT i.jid FROM contacts c JOIN contact_identities i ON i.contact_id = coalesce(c.merged_into, c.id)
    WHERE c.workspace_id = $1 AND c.id = $2`,
};

/** Of the contact that has the first of these names that anybody has. */
const OF_JID = {
  name: 'names-of-jid',
  text: `SELECT i.jid FROM contact_identities i WHERE i.contact_id = (
      SELECT known.contact_id FROM contact_identities known WHERE known.workspace_id = $1 AND known.jid = ANY($2::text[])
      ORDER BY array_position($2::text[], known.jid) LIMIT 1)`,
};

/** Milliseconds for which an answer may show an earlier name of a contact. Both of its ids mean the same person. */
const KNOWN_MS = 30_000;
/** Of somebody who is no contact yet. */
const UNKNOWN_MS = 1_000;

const isGroup = (jid: string): boolean => jid.endsWith('@g.us');
const groupIdentity = (jid: string): Identity => ({ contactId: null, phoneNumber: null, lid: null, jid, name: null });

/** The jids of a number in all its spellings, the given one first. */
export function spellingsOf(jid: string): string[] {
  if (!jid.endsWith('@s.whatsapp.net')) return [jid];
  return [jid, ...otherSpellings(jid.split('@')[0]!).map((number) => `${number}@s.whatsapp.net`)];
}

/** Reads which names belong together. Recipients of the last half minute are remembered: a send reads nothing then. */
export function createContactNames(db: Queryable): ContactNames {
  const cache = new LRUCache<string, Recipient>({ max: 20_000 });

  async function read(workspaceId: string, givenJid: string): Promise<Recipient> {
    const { rows } = await db.query<{ spellingOf: string | null; identity: Identity }>({
      ...RECIPIENT,
      values: [workspaceId, givenJid],
    });
    const { spellingOf, identity } = rows[0]!;
    return { givenJid, chatJid: spellingOf ?? givenJid, identity };
  }

  return {
    async recipient(workspaceId, to, { isFresh = false } = {}) {
      const jid = parseRecipient(to);
      if (isGroup(jid)) return { givenJid: jid, chatJid: jid, identity: groupIdentity(jid) };
      const key = `${workspaceId} ${jid}`;
      const known = isFresh ? undefined : cache.get(key);
      if (known) return known;
      const recipient = await read(workspaceId, jid);
      cache.set(key, recipient, { ttl: recipient.identity.contactId ? KNOWN_MS : UNKNOWN_MS });
      return recipient;
    },
    async ofChat(workspaceId, chat) {
      if (isUuid(chat)) {
        const { rows } = await db.query<{ jid: string }>({ ...OF_CONTACT, values: [workspaceId, chat] });
        return rows.map(({ jid }) => jid);
      }
      const publicChat = parsePublicChat(chat);
      if (publicChat) return [publicChat];
      const jid = parseRecipient(chat);
      if (isGroup(jid)) return [jid];
      const spellings = spellingsOf(jid);
      const { rows } = await db.query<{ jid: string }>({ ...OF_JID, values: [workspaceId, spellings] });
      return [...new Set([...spellings, ...rows.map(({ jid: name }) => name)])];
    },
  };
}

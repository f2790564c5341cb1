import { type ContactFact, isPersonJid, type NameKind } from '@wa-gate/messaging';
import type { OwnJids } from '../content/inbound.ts';
import { jidNormalizedUser, type WAMessage } from '../whatsapp/baileys.ts';

/** A fact without its session. */
export type Fact = Pick<ContactFact, 'jid' | 'altJid' | 'spellings' | 'names' | 'isBusiness' | 'ofKnownOnly' | 'at'>;

/** What Baileys tells of a contact: from the address book of the phone, or from the history. */
export interface ToldContact {
  id?: string | undefined;
  lid?: string | undefined;
  phoneNumber?: string | undefined;
  /** As the phone has saved it. */
  name?: string | undefined;
  notify?: string | undefined;
  verifiedName?: string | undefined;
}

/** What a received message tells about the person that it came from, or was sent to from the phone of the account. */
export function factsOfMessage(received: WAMessage, own: OwnJids, at: Date): Fact[] {
  const { key, pushName, verifiedBizName } = received;
  const jid = key.participant || key.remoteJid;
  // Of a status update and of a broadcast, Baileys gives the other name of the sender as that of the chat.
  const altJid = key.participantAlt ?? key.remoteJidAlt;
  if (!jid) return [];
  const names = key.fromMe ? {} : { push: pushName, verified: verifiedBizName };
  return factOf({ jid, altJid, names, isBusiness: Boolean(names.verified) }, own, at);
}

/** What the address book of the phone says. */
export function factsOfContact(contact: ToldContact, own: OwnJids, at: Date): Fact[] {
  const { id, lid, phoneNumber, name, notify, verifiedName } = contact;
  const jid = id ?? phoneNumber ?? lid;
  if (!jid) return [];
  const altJid = [phoneNumber, lid].find((other) => other !== undefined && other !== jid);
  const names = { book: name, push: notify, verified: verifiedName };
  // Baileys names everybody from whom a message came; the message has told it.
  if (!name && !verifiedName && altJid === undefined) return [];
  return factOf({ jid, altJid, names, isBusiness: Boolean(verifiedName) }, own, at);
}

/** A name that somebody has given to themselves, from a list of them. It makes nobody a contact. */
export const factsOfName = (jid: string, name: string, own: OwnJids, at: Date): Fact[] =>
  factOf({ jid, names: { push: name } }, own, at).map((fact) => ({ ...fact, ofKnownOnly: true }));

/** The number of a LID. WhatsApp tells those of all members of a group: it makes nobody a contact. */
export const factsOfMapping = (pair: { pn: string; lid: string }, own: OwnJids, at: Date): Fact[] =>
  factOf({ jid: pair.pn, altJid: pair.lid }, own, at).map((fact) => ({ ...fact, ofKnownOnly: true }));

interface Told {
  jid: string;
  altJid?: string | null | undefined;
  names?: Partial<Record<NameKind, string | null | undefined>>;
  isBusiness?: boolean;
}

function factOf({ jid: given, altJid: other, names = {}, isBusiness = false }: Told, own: OwnJids, at: Date): Fact[] {
  const jid = jidNormalizedUser(given);
  if (!isPersonJid(jid)) return [];
  const altJid = other ? jidNormalizedUser(other) : undefined;
  const told = Object.entries(names).flatMap(([kind, value]) => (value ? [[kind, withoutNul(value)] as const] : []));
  const isPair = altJid !== undefined && isPersonJid(altJid) && !mixesUp(jid, altJid, own);
  return [
    {
      jid,
      ...(isPair ? { altJid } : {}),
      ...(told.length > 0 ? { names: Object.fromEntries(told) } : {}),
      ...(isBusiness ? { isBusiness } : {}),
      at,
    },
  ];
}

/**
 * Whether the pair says that somebody else is the account itself. Baileys takes the other name of a chat from the
 * sender of the stanza, and that is the account where its own phone has written.
 */
function mixesUp(jid: string, altJid: string, own: OwnJids): boolean {
  const isOwn = (name: string) => name === own.jid || name === own.lid;
  return isOwn(jid) !== isOwn(altJid) && own.lid !== undefined;
}

/** PostgreSQL cannot store it. */
const withoutNul = (text: string): string => text.replaceAll('\u0000', '');

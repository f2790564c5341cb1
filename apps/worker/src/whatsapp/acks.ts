import { type BinaryNode, isJidGroup, jidNormalizedUser } from './baileys.ts';

/** The answer of the server to a message of this device. Baileys makes no event of a positive one. */
export interface ServerAck {
  waMessageId: string;
  /** The error code of WhatsApp; absent means accepted. */
  error?: string;
  /** Of a message in parts that not everybody gets: the people of the parts that were accepted. */
  recipients?: number;
}

/** A state that the phone of the recipient reported. */
export interface Receipt {
  waMessageId: string;
  state: 'DELIVERED' | 'READ' | 'PLAYED';
  at: Date;
  /** In a group: the member who reports it. */
  participant?: string;
  /** In a group: its members beside the account, where they are known. */
  recipients?: number;
}

export function readServerAck(node: BinaryNode): ServerAck | null {
  const { id, error } = node.attrs;
  if (!id) return null;
  return error ? { waMessageId: id, error } : { waMessageId: id };
}

/** By the type of the receipt; a phone that reports the delivery names none. */
const RECEIPT_STATES: Readonly<Record<string, Receipt['state']>> = { '': 'DELIVERED', read: 'READ', played: 'PLAYED' };

/**
 * Reads the stanza itself. Of the receipts that come close together, Baileys' events keep the status of the last one:
 * the receipt of the own phone (type `sender`) behind that of the recipient would undo the delivery.
 *
 * @param ownJids the account's own, as phone number and as LID: what its other devices report of a group does not count
 */
export function readReceipts({ attrs, content }: BinaryNode, ownJids: readonly string[], now: Date): Receipt[] {
  const state = RECEIPT_STATES[attrs.type ?? ''];
  // With a recipient it is about a message that another device of the account has read.
  if (!state || !attrs.id || attrs.recipient !== undefined) return [];
  if (attrs.participant !== undefined && ownJids.includes(jidNormalizedUser(attrs.participant))) return [];
  const at = atSeconds(attrs.t, now);
  const participant = attrs.participant && jidNormalizedUser(attrs.participant);
  return [attrs.id, ...moreIds(content)].map((waMessageId) => ({
    waMessageId,
    state,
    at,
    ...(participant && { participant }),
  }));
}

/**
 * It says that phones have received or read messages, and nothing else: none asks for one again. `sender`: the own
 * phone has a message of this device.
 */
export const isPlainReceipt = ({ attrs: { id, from, type = '' } }: BinaryNode): boolean =>
  (type === 'sender' || RECEIPT_STATES[type] !== undefined) && id !== undefined && from !== undefined;

/** The further ids of a receipt for several messages. */
function moreIds(content: BinaryNode['content']): string[] {
  const list = Array.isArray(content) ? content[0] : undefined;
  const items = list && Array.isArray(list.content) ? list.content : [];
  return items.flatMap((item) => (item.tag === 'item' && item.attrs.id ? [item.attrs.id] : []));
}

/** Messages of a chat that another device of the account has read. */
export interface ReadElsewhere {
  chatJid: string;
  waMessageIds: string[];
}

const READ_TYPES: ReadonlySet<string> = new Set(['read', 'read-self', 'played', 'played-self']);

/** What a receipt says that another device of the account has read. @param ownJids as number and as LID */
export function readElsewhere({ attrs, content }: BinaryNode, ownJids: readonly string[]): ReadElsewhere | null {
  const { id, type = '', from = '', participant, recipient } = attrs;
  if (!id || !READ_TYPES.has(type)) return null;
  if (!ownJids.includes(jidNormalizedUser(participant ?? from)) && !ownJids.includes(jidNormalizedUser(from)))
    return null;
  const chat = recipient ?? (isJidGroup(from) ? from : undefined);
  return chat ? { chatJid: jidNormalizedUser(chat), waMessageIds: [id, ...moreIds(content)] } : null;
}

/** Within this time after its second, a receipt is as new as its arrival says. */
const LIVE_MS = 60_000;
const LAST_OF_SECOND_MS = 999;

/**
 * WhatsApp tells whole seconds. A receipt that has just come was made in its second and before now: of this, the latest
 * moment is taken, so that a delivery and a reading within a second of the sending have times of their own.
 */
function atSeconds(seconds: unknown, now: Date): Date {
  const begin = Number(seconds) * 1_000;
  if (!(Number.isFinite(begin) && begin > 0)) return now;
  const isLive = now.getTime() - begin < LIVE_MS;
  return new Date(isLive ? Math.min(now.getTime(), begin + LAST_OF_SECOND_MS) : begin);
}

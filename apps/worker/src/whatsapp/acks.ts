import { type BinaryNode, jidNormalizedUser, type MessageUserReceiptUpdate, type WAMessageUpdate } from './baileys.ts';

/** The answer of the server to a message of this device. Baileys makes no event of a positive one. */
export interface ServerAck {
  waMessageId: string;
  /** The error code of WhatsApp; absent means accepted. */
  error?: string;
}

/** A state that the phone of the recipient reported. In groups the first member who reports counts. */
export interface Receipt {
  waMessageId: string;
  state: 'DELIVERED' | 'READ' | 'PLAYED';
  at: Date;
}

export function readServerAck(node: BinaryNode): ServerAck | null {
  const { id, error } = node.attrs;
  if (!id) return null;
  return error ? { waMessageId: id, error } : { waMessageId: id };
}

/** Statuses of messages in Baileys (`WAMessageStatus`). 2 is the receipt of the own phone, not of the recipient. */
const RECEIPT_STATES: Readonly<Record<number, Receipt['state']>> = { 3: 'DELIVERED', 4: 'READ', 5: 'PLAYED' };

export function readChatReceipts(updates: readonly WAMessageUpdate[], now: Date): Receipt[] {
  return updates.flatMap(({ key, update }) => {
    const state = RECEIPT_STATES[Number(update.status)];
    if (!key.fromMe || !key.id || !state) return [];
    return [{ waMessageId: key.id, state, at: atSeconds(update.messageTimestamp, now) }];
  });
}

export function readGroupReceipts(
  updates: readonly MessageUserReceiptUpdate[],
  ownJids: readonly string[],
  now: Date,
): Receipt[] {
  return updates.flatMap(({ key, receipt }): Receipt[] => {
    if (!key.fromMe || !key.id || ownJids.includes(jidNormalizedUser(receipt.userJid ?? undefined))) return [];
    const read = Boolean(receipt.readTimestamp);
    const seconds = read ? receipt.readTimestamp : receipt.receiptTimestamp;
    return [{ waMessageId: key.id, state: read ? 'READ' : 'DELIVERED', at: atSeconds(seconds, now) }];
  });
}

function atSeconds(seconds: unknown, now: Date): Date {
  const value = Number(seconds);
  return Number.isFinite(value) && value > 0 ? new Date(value * 1000) : now;
}

import type { HistoryMessage } from '@wa-gate/messaging';
import { jidNormalizedUser, proto, type WAMessage } from '../whatsapp/baileys.ts';
import { STATUS_JID } from '../whatsapp/status-parts.ts';
import { toNumber } from './fields.ts';
import { type OwnJids, project, type ReadMessage } from './inbound.ts';

/** A message of the history without our ids. */
export type ReadHistoryMessage = ReadMessage & Pick<HistoryMessage, 'state' | 'deliveredAt' | 'readAt'>;

const { Status } = proto.WebMessageInfo;

const STATES: Readonly<Partial<Record<proto.WebMessageInfo.Status, HistoryMessage['state']>>> = {
  [Status.SERVER_ACK]: 'SENT',
  [Status.DELIVERY_ACK]: 'DELIVERED',
  [Status.READ]: 'READ',
  [Status.PLAYED]: 'PLAYED',
};

/**
 * A message of the history as it is stored; `null` for what is no message of a chat, such as a status update, and for
 * one that the phone has not sent yet, which comes when it is. Pure.
 *
 * @param chatId the chat in which it was found; its own key may lack it
 */
export function readHistoryMessage(
  found: proto.IWebMessageInfo,
  chatId: string,
  own: OwnJids,
): { message: ReadHistoryMessage; received: WAMessage } | null {
  const { key, status, participant } = found;
  const fromMe = key?.fromMe ?? false;
  if (fromMe && (status === Status.ERROR || status === Status.PENDING)) return null;
  const author = participant || key?.participant;
  const received = {
    ...found,
    key: {
      ...key,
      remoteJid: jidNormalizedUser(key?.remoteJid || chatId),
      ...(author ? { participant: jidNormalizedUser(author) } : {}),
    },
  } as WAMessage;
  // What the history cannot show is no message that came and could not be decrypted.
  if (!found.message || received.key.remoteJid === STATUS_JID) return null;
  const projection = project(received, own);
  if (projection.as !== 'message') return null;
  return { message: { ...projection.message, ...progressOf(found, fromMe) }, received };
}

function progressOf(
  { status, userReceipt, key }: proto.IWebMessageInfo,
  fromMe: boolean,
): Pick<ReadHistoryMessage, 'state' | 'deliveredAt' | 'readAt'> {
  if (!fromMe) return { state: 'RECEIVED' };
  const state = STATES[status ?? Status.SERVER_ACK] ?? 'SENT';
  // In a group each member has receipts of its own.
  const receipt = key?.remoteJid?.endsWith('@g.us') ? undefined : userReceipt?.[0];
  return { state, ...at('deliveredAt', receipt?.receiptTimestamp), ...at('readAt', receipt?.readTimestamp) };
}

function at<K extends string>(name: K, seconds: unknown): Partial<Record<K, Date>> {
  const value = toNumber(seconds);
  return value ? ({ [name]: new Date(value * 1000) } as Partial<Record<K, Date>>) : {};
}

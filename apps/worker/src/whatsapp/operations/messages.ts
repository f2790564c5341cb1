import type { InputOf } from '@wa-gate/contracts';
import type { proto, WASocket } from '../baileys.ts';
import { NoAnswerError } from '../errors.ts';
import { askPrivacy } from '../privacy-settings.ts';
import { changeSetting } from './app-state.ts';
import type { Performers } from './operation-socket.ts';

type Reference = InputOf<'messages.markRead'>['messages'][number];

export const messages: Performers<'messages'> = {
  async 'messages.markRead'({ sock }, { messages: read }) {
    await tellRead(sock, read);
    return { count: read.length };
  },
  async 'messages.markPlayed'({ sock }, { messages: played }) {
    await sock.sendReceipts(played.map(keyOf), 'played');
    return { count: played.length };
  },
  async 'messages.star'({ sock }, { messages: starred, isStarred }) {
    // Baileys' own star names no author, and a phone would not find the message of a group.
    for (const message of starred) await patch(sock, 'star', message, 2, { starAction: { starred: isStarred } });
    return { count: starred.length };
  },
  async 'messages.deleteForMe'({ sock }, { messages: deleted }) {
    for (const message of deleted) {
      const action = { deleteMedia: true, messageTimestamp: message.at };
      await patch(sock, 'deleteMessageForMe', message, 3, { deleteMessageForMeAction: action });
    }
    return { count: deleted.length };
  },
};

export const chats: Performers<'chats'> = {
  async 'chats.markRead'({ sock }, { chat, last, messages: read }) {
    await tellRead(sock, read);
    await markChat(sock, chat, last, true);
    return { count: read.length };
  },
  async 'chats.markUnread'({ sock }, { chat, last }) {
    await markChat(sock, chat, last, false);
    return { count: 1 };
  },
};

const keyOf = ({ chat, id, fromMe, participant }: Reference): proto.IMessageKey => ({
  remoteJid: chat,
  id,
  fromMe,
  ...(participant !== undefined && { participant }),
});

/** Milliseconds for which the account's word about its read receipts counts. */
const KNOWN_MS = 60_000;

async function tellRead(sock: WASocket, read: readonly Reference[]): Promise<void> {
  await sock.sendReceipts(read.map(keyOf), (await tellsReading(sock)) ? 'read' : 'read-self');
}

/** Whether the account lets senders see what it has read. It may change that on its phone at any time. */
async function tellsReading(sock: WASocket): Promise<boolean> {
  const { readreceipts } = await askPrivacy(sock, { maxAgeMs: KNOWN_MS });
  // A blue tick cannot be taken back, so none is sent without this word.
  if (readreceipts === undefined)
    throw new NoAnswerError('WhatsApp does not say whether this account shows what it has read.');
  return readreceipts === 'all';
}

/** The settings of a message that all devices of the account share, under the names of WhatsApp's own clients. */
async function patch(
  sock: WASocket,
  action: string,
  { chat, id, fromMe, participant }: Reference,
  apiVersion: number,
  syncAction: proto.ISyncActionValue,
): Promise<void> {
  const author = chat.endsWith('@g.us') && !fromMe ? (participant ?? '0') : '0';
  const index = [action, chat, id, fromMe ? '1' : '0', author];
  await changeSetting(sock, { type: 'regular_high', index, apiVersion, syncAction });
}

async function markChat(sock: WASocket, chat: string, last: Reference, isRead: boolean): Promise<void> {
  const messageRange = { lastMessageTimestamp: last.at, messages: [{ key: keyOf(last), timestamp: last.at }] };
  const syncAction = { markChatAsReadAction: { read: isRead, messageRange } };
  await changeSetting(sock, { type: 'regular_low', index: ['markChatAsRead', chat], apiVersion: 3, syncAction });
}

import type { InputOf } from '@wa-gate/contracts';
import type { proto } from '../baileys.ts';
import type { NewSetting } from '../shared-settings/shared-settings.ts';
import { keyOf, type Reference, tellRead } from './messages.ts';
import type { Performers } from './operation-socket.ts';

export const chats: Performers<'chats'> = {
  async 'chats.markRead'({ sock, settings, tellsReading }, { chat, last, messages: read }) {
    await tellRead(sock, read, tellsReading());
    await settings.write([mark(chat, last, true)]);
    return { count: read.length };
  },
  async 'chats.markUnread'({ settings }, { chat, last }) {
    await settings.write([mark(chat, last, false)]);
    return { count: 1 };
  },
  async 'chats.update'({ settings }, input) {
    const changes = changesOf(input);
    await settings.write(changes);
    return { count: changes.length };
  },
  async 'chats.clear'({ settings }, { chat, last, keepStarred }) {
    // The third part is whether starred messages go, too; the fourth, whether files do.
    const index = ['clearChat', chat, keepStarred ? '0' : '1', '0'];
    const syncAction = { clearChatAction: { messageRange: rangeOf(last) } };
    await settings.write([{ type: 'regular_high', index, apiVersion: 6, syncAction }]);
    return { count: 1 };
  },
  async 'chats.delete'({ settings }, { chat, last }) {
    const syncAction = { deleteChatAction: { messageRange: rangeOf(last) } };
    await settings.write([{ type: 'regular_high', index: ['deleteChat', chat, '1'], apiVersion: 6, syncAction }]);
    return { count: 1 };
  },
  async 'chats.fetchHistory'({ sock }, { first, count }) {
    return { requestId: await sock.fetchMessageHistory(count, keyOf(first), first.at * 1_000) };
  },
  'chats.sync': async ({ settings }, { isComplete = false }) => await settings.read(undefined, { isComplete }),
};

const rangeOf = (last: Reference): proto.SyncActionValue.ISyncActionMessageRange => ({
  lastMessageTimestamp: last.at,
  messages: [{ key: keyOf(last), timestamp: last.at }],
});

function mark(chat: string, last: Reference, isRead: boolean): NewSetting {
  const syncAction = { markChatAsReadAction: { read: isRead, messageRange: rangeOf(last) } };
  return { type: 'regular_low', index: ['markChatAsRead', chat], apiVersion: 3, syncAction };
}

const pin = (chat: string, pinned: boolean): NewSetting => ({
  type: 'regular_low',
  index: ['pin_v1', chat],
  apiVersion: 5,
  syncAction: { pinAction: { pinned } },
});

function changesOf({ chat, last, isArchived, isPinned, mutedUntil }: InputOf<'chats.update'>): NewSetting[] {
  const changes: NewSetting[] = [];
  if (isArchived !== undefined) {
    const archiveChatAction = { archived: isArchived, messageRange: last ? rangeOf(last) : {} };
    changes.push({ type: 'regular_low', index: ['archive', chat], apiVersion: 3, syncAction: { archiveChatAction } });
    // The clients of WhatsApp unpin what they archive.
    if (isArchived && isPinned === undefined) changes.push(pin(chat, false));
  }
  if (isPinned !== undefined) changes.push(pin(chat, isPinned));
  if (mutedUntil !== undefined) {
    const muted = mutedUntil !== 0;
    const muteAction = { muted, ...(muted && { muteEndTimestamp: mutedUntil }) };
    changes.push({ type: 'regular_high', index: ['mute', chat], apiVersion: 2, syncAction: { muteAction } });
  }
  return changes;
}

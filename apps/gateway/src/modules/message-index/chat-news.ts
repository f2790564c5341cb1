import type { EventType } from '@wa-gate/contracts';

/** An event that search and chats are filled from. */
export interface IndexedEvent {
  sessionId: string;
  seq: number;
  type: EventType;
  messageId: string | null;
  /** Of events that are not of one message alone. */
  data: Record<string, unknown> | null;
}

/** A message, as far as its chat is concerned. */
export interface ChatMessage {
  id: string;
  chatJid: string;
  chatAltJid: string | null;
  fromMe: boolean;
}

/** Events after which a message says something new. */
const CONTENT_EVENTS: ReadonlySet<EventType> = new Set<EventType>([
  'message.received',
  'message.sent',
  'message.failed',
  'message.undecryptable',
  'message.unsupported',
  'message.recovered',
  'message.edited',
  'message.revoked',
]);
/** Of these, those that are activity in a chat. What WhatsApp has refused is none. */
const ACTIVITY: ReadonlySet<EventType> = new Set<EventType>([
  'message.received',
  'message.sent',
  'message.undecryptable',
  'message.unsupported',
]);

/** Events after which a chat is read up to the message that they name. */
export const READ_EVENTS: ReadonlySet<EventType> = new Set<EventType>(['chat.read', 'chat.cleared', 'chat.deleted']);

/** Messages that had come under two names of a person, and are one now. */
interface MergedMessage {
  messageId: string;
  mergedMessageIds: string[];
}

const mergedOf = ({ type, data }: IndexedEvent): MergedMessage[] =>
  type === 'contact.merged' ? ((data?.mergedMessages as MergedMessage[] | undefined) ?? []) : [];

/** The messages that say something new after an event. */
export function changedMessages(event: IndexedEvent): string[] {
  if (CONTENT_EVENTS.has(event.type)) return event.messageId === null ? [] : [event.messageId];
  return mergedOf(event).map(({ messageId }) => messageId);
}

/** What the events of a session say of one chat. Names that are one chat are joined later. */
export interface ChatNews {
  /** Names of the chat; the first is that of its latest message. */
  names: string[];
  /** `null`: nothing was written; only its names are known now. */
  lastMessageId: string | null;
  /** The account has answered: what was unread before is read. */
  isRead: boolean;
  /** Messages that came afterwards; below 0: that were counted twice. */
  unread: number;
}

/**
 * What has happened in the chats of a session, in the order of its events. What the account says in a chat, here or on
 * its phone, makes everything before it read.
 */
export function newsOfChats(events: readonly IndexedEvent[], messages: ReadonlyMap<string, ChatMessage>): ChatNews[] {
  const news: ChatNews[] = [];
  for (const event of events) {
    const { type, messageId, data } = event;
    if (type === 'contact.merged') {
      const copies = mergedOf(event).filter((merged) => messages.get(merged.messageId)?.fromMe === false);
      const unread = copies.reduce((sum, { mergedMessageIds }) => sum - mergedMessageIds.length, 0);
      news.push({ names: data!.jids as string[], lastMessageId: null, isRead: false, unread });
      continue;
    }
    const message = ACTIVITY.has(type) && messageId !== null ? messages.get(messageId) : undefined;
    if (!message) continue;
    const { id, chatJid, chatAltJid, fromMe } = message;
    const names = chatAltJid === null ? [chatJid] : [chatJid, chatAltJid];
    news.push({ names, lastMessageId: id, isRead: fromMe, unread: fromMe ? 0 : 1 });
  }
  return news;
}

/** What a message of the history says of its chat: it is old, and the account has seen it on its phone. */
export const newsOfHistory = ({ id, chatJid, chatAltJid }: ChatMessage): ChatNews => ({
  names: chatAltJid === null ? [chatJid] : [chatJid, chatAltJid],
  lastMessageId: id,
  isRead: false,
  unread: 0,
});

/** A chat as it is stored. */
export interface StoredChat {
  jid: string;
  altJid: string | null;
  lastMessageId: string;
  unreadCount: number;
}

export interface ChatChanges {
  /** As they are now. */
  written: StoredChat[];
  /** Chats that have turned out to be one with another. */
  joined: string[];
}

/**
 * The chats of a session after the news. Chats that share a name are one: it stays under the name of the later message.
 *
 * @param stored those that have one of the names
 * @param aliases more names that are one chat: those of a person
 */
export function chatsAfter(
  stored: readonly StoredChat[],
  news: readonly ChatNews[],
  aliases: readonly (readonly string[])[],
): ChatChanges {
  const groups = groupNames([...news.map(({ names }) => names), ...aliases, ...stored.map(namesOfChat)]);
  const chats = new Map<string, { before: StoredChat[]; now: StoredChat | undefined }>();
  const chatOf = (name: string) => {
    const key = groups.get(name) ?? name;
    const chat = chats.get(key) ?? { before: [], now: undefined };
    chats.set(key, chat);
    return chat;
  };
  for (const row of stored) {
    const chat = chatOf(row.jid);
    chat.before.push(row);
    chat.now = chat.now ? joinedChat(chat.now, row) : row;
  }
  for (const each of news) {
    const chat = chatOf(each.names[0]!);
    chat.now = withNews(chat.now, each);
  }
  const changes: ChatChanges = { written: [], joined: [] };
  for (const { before, now } of chats.values()) {
    if (!now) continue;
    if (now !== before[0] || before.length > 1) changes.written.push(now);
    changes.joined.push(...before.map(({ jid }) => jid).filter((jid) => jid !== now.jid));
  }
  return changes;
}

const namesOfChat = ({ jid, altJid }: StoredChat): string[] => (altJid === null ? [jid] : [jid, altJid]);

function joinedChat(one: StoredChat, other: StoredChat): StoredChat {
  const [older, latest] = one.lastMessageId < other.lastMessageId ? [one, other] : [other, one];
  return { ...latest, altJid: latest.altJid ?? older.jid, unreadCount: one.unreadCount + other.unreadCount };
}

/** The stored name stays: a chat that changes its name with each message would be written twice. */
function withNews(
  chat: StoredChat | undefined,
  { names, lastMessageId, isRead, unread }: ChatNews,
): StoredChat | undefined {
  if (lastMessageId === null)
    return chat && unread < 0 ? { ...chat, unreadCount: Math.max(0, chat.unreadCount + unread) } : chat;
  const jid = chat?.jid ?? names[0]!;
  const altJid = chat?.altJid ?? names.find((name) => name !== jid) ?? null;
  if (!chat) return { jid, altJid, lastMessageId, unreadCount: unread };
  return {
    jid,
    altJid,
    lastMessageId: lastMessageId > chat.lastMessageId ? lastMessageId : chat.lastMessageId,
    unreadCount: (isRead ? 0 : chat.unreadCount) + unread,
  };
}

/** Names that belong together, by any of them: the first name of their group. */
function groupNames(together: readonly (readonly string[])[]): Map<string, string> {
  const parents = new Map<string, string>();
  const rootOf = (name: string): string => {
    const parent = parents.get(name);
    return parent === undefined || parent === name ? name : rootOf(parent);
  };
  for (const names of together) {
    for (const name of names) {
      const [root, first] = [rootOf(name), rootOf(names[0]!)];
      if (root !== first) parents.set(root, first);
    }
  }
  return new Map(together.flat().map((name) => [name, rootOf(name)]));
}

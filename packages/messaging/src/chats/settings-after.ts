import type { EventType } from '@wa-gate/contracts';
import type { SharedSetting } from './shared-setting.ts';

/** How the account shows a chat to itself. Times are milliseconds since 1970. */
export interface StoredChatSettings {
  jid: string;
  isArchived: boolean;
  pinnedAt: number | null;
  /** `Infinity`: until it is unmuted. */
  mutedUntil: number | null;
  isMarkedUnread: boolean;
  /** The last message that a device of the account has read. */
  readUpTo: string | null;
}

export interface StoredLabel {
  labelId: string;
  name: string;
  color: number;
  isDeleted: boolean;
}

export interface StoredAssignment {
  labelId: string;
  chatJid: string;
  /** Empty: the chat has it. */
  waMessageId: string;
}

export interface StoredSettings {
  chats: readonly StoredChatSettings[];
  labels: readonly StoredLabel[];
  assignments: readonly StoredAssignment[];
}

export interface SettingsChanges {
  chats: StoredChatSettings[];
  labels: StoredLabel[];
  assigned: StoredAssignment[];
  unassigned: StoredAssignment[];
  starred: { chatJid: string; waMessageId: string; fromMe: boolean; starredAt: number }[];
  unstarred: { chatJid: string; waMessageId: string; fromMe: boolean }[];
  /** Messages that the account has deleted for itself. `at`: milliseconds since 1970. */
  deleted: { messageId: string; at: number }[];
  /** Chats that were deleted, and those that were read or cleared, are news of their events alone. */
  events: { type: EventType; data: Record<string, unknown> }[];
}

/** What is known of messages that settings name. */
export interface NamedMessages {
  /** The last message of the chat up to that second; null: none is known. */
  latest(chat: string, upTo: number | null): string | null;
  /** Our id of a message; undefined: it is not known. */
  idOf(chat: string, waMessageId: string): string | undefined;
  /** Whether the account has deleted it for itself already. */
  isDeleted(messageId: string): boolean;
}

export const noChatSettings = (jid: string): StoredChatSettings => ({
  jid,
  isArchived: false,
  pinnedAt: null,
  mutedUntil: null,
  isMarkedUnread: false,
  readUpTo: null,
});

/** The rows and events that settings make of what is stored, in their order. What is so already makes none. */
export function settingsAfter(
  stored: StoredSettings,
  settings: readonly SharedSetting[],
  messages: NamedMessages,
  now: number,
): SettingsChanges {
  const chats = new Map(stored.chats.map((chat) => [chat.jid, chat]));
  const labels = new Map(stored.labels.map((label) => [label.labelId, label]));
  const assignments = new Map(stored.assignments.map((each) => [keyOf(each), each]));
  const stars = new Map<string, { isOn: boolean; chatJid: string; waMessageId: string; fromMe: boolean; at: number }>();
  const deleted = new Map<string, number>();
  const events: SettingsChanges['events'] = [];
  const touched = {
    chats: new Set<string>(),
    labels: new Set<string>(),
    assignments: new Map<string, StoredAssignment>(),
  };
  const tell = (type: EventType, data: Record<string, unknown>) => events.push({ type, data });

  const change = (jid: string, changes: Partial<StoredChatSettings>) => {
    const before = chats.get(jid) ?? noChatSettings(jid);
    const after = { ...before, ...changes };
    const changed = changedFields(before, after, now);
    if (changed.length === 0 && before.readUpTo === after.readUpTo) return;
    chats.set(jid, after);
    touched.chats.add(jid);
    if (changed.length > 0) tell('chat.updated', { chat: jid, changed, ...presentChatSettings(after, now) });
  };

  for (const setting of settings) {
    switch (setting.kind) {
      case 'archive':
        change(setting.chat, { isArchived: setting.isOn });
        break;
      case 'pin':
        change(setting.chat, { pinnedAt: setting.isOn ? setting.at : null });
        break;
      case 'mute':
        change(setting.chat, { mutedUntil: setting.until });
        break;
      case 'mark': {
        const { chat, isUnread, upTo } = setting;
        const read = isUnread ? null : messages.latest(chat, upTo);
        const before = chats.get(chat)?.readUpTo ?? null;
        const isNews = read !== null && (before === null || read > before);
        change(chat, { isMarkedUnread: isUnread, ...(isNews && { readUpTo: read }) });
        if (isNews) tell('chat.read', { chat, messageId: read });
        break;
      }
      case 'clear':
      case 'delete': {
        const { chat, upTo, kind } = setting;
        tell(kind === 'clear' ? 'chat.cleared' : 'chat.deleted', { chat, messageId: messages.latest(chat, upTo) });
        break;
      }
      case 'star': {
        const { chat: chatJid, waMessageId, fromMe, isOn, at } = setting;
        stars.set(`${chatJid} ${waMessageId} ${fromMe}`, { isOn, chatJid, waMessageId, fromMe, at });
        break;
      }
      case 'deletion': {
        const { chat, waMessageId, fromMe, at } = setting;
        const messageId = messages.idOf(chat, waMessageId);
        if (messageId !== undefined) {
          if (messages.isDeleted(messageId) || deleted.has(messageId)) break;
          deleted.set(messageId, at);
        }
        const timestamp = Math.floor(at / 1_000);
        tell('message.deleted', { chat, messageId: messageId ?? null, waMessageId, fromMe, timestamp });
        break;
      }
      case 'label': {
        const { kind: _, ...label } = setting;
        const before = labels.get(label.labelId);
        const after = label.isDeleted && before ? { ...before, isDeleted: true } : label;
        if (before && sameLabel(before, after)) break;
        labels.set(label.labelId, after);
        touched.labels.add(label.labelId);
        const { isDeleted, ...shown } = after;
        if (isDeleted) {
          for (const [key, each] of assignments) {
            if (each.labelId !== label.labelId) continue;
            assignments.delete(key);
            touched.assignments.set(key, each);
          }
          if (before && !before.isDeleted) tell('label.deleted', shown);
        } else tell(before && !before.isDeleted ? 'label.updated' : 'label.created', shown);
        break;
      }
      case 'labelled': {
        const { labelId, chat, isOn } = setting;
        const each = { labelId, chatJid: chat, waMessageId: setting.waMessageId ?? '' };
        const key = keyOf(each);
        if (assignments.has(key) === isOn) break;
        if (isOn) assignments.set(key, each);
        else assignments.delete(key);
        touched.assignments.set(key, each);
        const messageId = setting.waMessageId === null ? undefined : messages.idOf(chat, setting.waMessageId);
        tell(isOn ? 'label.assigned' : 'label.unassigned', {
          labelId,
          ...(labels.has(labelId) && { name: labels.get(labelId)!.name }),
          chat,
          ...(setting.waMessageId !== null && { waMessageId: setting.waMessageId }),
          ...(messageId !== undefined && { messageId }),
        });
      }
    }
  }
  const ends = [...touched.assignments];
  const starred = [...stars.values()];
  return {
    chats: [...touched.chats].map((jid) => chats.get(jid)!),
    labels: [...touched.labels].map((labelId) => labels.get(labelId)!),
    assigned: ends.filter(([key]) => assignments.has(key)).map(([, each]) => each),
    unassigned: ends.filter(([key]) => !assignments.has(key)).map(([, each]) => each),
    starred: starred.filter(({ isOn }) => isOn).map(({ isOn: _, at: starredAt, ...star }) => ({ ...star, starredAt })),
    deleted: [...deleted].map(([messageId, at]) => ({ messageId, at })),
    unstarred: starred.filter(({ isOn }) => !isOn).map(({ isOn: _, at: __, ...star }) => star),
    events,
  };
}

const keyOf = ({ labelId, chatJid, waMessageId }: StoredAssignment): string => `${labelId} ${chatJid} ${waMessageId}`;
const sameLabel = (one: StoredLabel, other: StoredLabel): boolean =>
  one.name === other.name && one.color === other.color && one.isDeleted === other.isDeleted;

const NO_SETTINGS = { isArchived: false, pinnedAt: null, mutedUntil: null, isMarkedUnread: false };

/** Settings as the API and events show them. Without any, nothing of the chat was ever set. */
export function presentChatSettings(
  settings: Omit<StoredChatSettings, 'jid' | 'readUpTo'> | null | undefined,
  now: number,
) {
  const { isArchived, pinnedAt, mutedUntil, isMarkedUnread } = settings ?? NO_SETTINGS;
  const isMuted = mutedUntil !== null && mutedUntil > now;
  const until = isMuted && Number.isFinite(mutedUntil) ? new Date(mutedUntil).toISOString() : null;
  return { isArchived, isPinned: pinnedAt !== null, isMuted, mutedUntil: until, isMarkedUnread };
}

function changedFields(one: StoredChatSettings, other: StoredChatSettings, now: number): string[] {
  const [before, after] = [presentChatSettings(one, now), presentChatSettings(other, now)];
  return (Object.keys(after) as (keyof typeof after)[]).filter((field) => before[field] !== after[field]);
}

import type { AppStateMutation } from '../signal/app-state.ts';
import { isGroup } from '../wire/jid.ts';
import { changeMessage } from './changes.ts';
import type { PhoneCore } from './core.ts';

/** How the phone shows a chat. */
export interface ChatMark {
  isMarkedUnread: boolean;
  isArchived: boolean;
  isPinned: boolean;
  /** Milliseconds since 1970; -1: until it is unmuted; null: not muted. */
  mutedUntil: number | null;
  isDeleted: boolean;
  isCleared: boolean;
  /** Ids of labels. */
  labels: string[];
}

/** A label, as the phone shows it. */
export interface LabelMark {
  name: string;
  color: number;
  isDeleted: boolean;
}

/** What the devices of the account share about chats, by number or group, and about labels, by id. */
export class PhoneSettingsView {
  readonly chats = new Map<string, ChatMark>();
  readonly labels = new Map<string, LabelMark>();
  /** Ids of messages with labels. */
  readonly labelledMessages = new Map<string, string[]>();

  clear(): void {
    this.chats.clear();
    this.labels.clear();
    this.labelledMessages.clear();
  }
}

const NO_MARK: ChatMark = {
  isMarkedUnread: false,
  isArchived: false,
  isPinned: false,
  mutedUntil: null,
  isDeleted: false,
  isCleared: false,
  labels: [],
};

const withOrWithout = (list: readonly string[], item: string, isIn: boolean): string[] => {
  const others = list.filter((each) => each !== item);
  return isIn ? [...others, item] : others;
};

/** Applies what a device of the account has written into the settings that its devices share. */
export function applySettings(phone: PhoneCore, view: PhoneSettingsView, mutations: readonly AppStateMutation[]): void {
  const mark = (jid: string, change: (before: ChatMark) => Partial<ChatMark>) => {
    const name = nameOf(phone, jid);
    const before = view.chats.get(name) ?? NO_MARK;
    view.chats.set(name, { ...before, ...change(before) });
  };
  const inChat = (jid: string, upTo: number, keepStarred: boolean) => {
    const name = nameOf(phone, jid);
    for (const entry of phone.inbox.all()) {
      const isStarred = entry.changed?.isStarred === true;
      if (entry.chat !== name || Math.floor(entry.at / 1000) > upTo || (keepStarred && isStarred)) continue;
      changeMessage(phone, { id: entry.id }, () => ({ isHidden: true }));
    }
  };
  for (const { index, value, operation } of mutations) {
    const [action = '', first = '', second = '', third = ''] = index;
    const isSet = operation === 'set';
    switch (action) {
      case 'setting_pushName':
        if (isSet) rename(phone, value.pushNameSetting?.name);
        break;
      case 'contact':
        saveContact(phone, first, isSet ? value.contactAction?.fullName : null);
        break;
      case 'star':
        changeMessage(phone, { id: second }, () => ({ isStarred: isSet && value.starAction?.starred === true }));
        break;
      case 'deleteMessageForMe':
        changeMessage(phone, { id: second }, () => ({ isHidden: isSet }));
        break;
      case 'markChatAsRead':
        if (isSet) mark(first, () => ({ isMarkedUnread: value.markChatAsReadAction?.read === false }));
        break;
      case 'archive':
        mark(first, () => ({ isArchived: isSet && value.archiveChatAction?.archived === true }));
        break;
      case 'pin_v1':
        mark(first, () => ({ isPinned: isSet && value.pinAction?.pinned === true }));
        break;
      case 'mute': {
        const isMuted = isSet && value.muteAction?.muted === true;
        mark(first, () => ({ mutedUntil: isMuted ? Number(value.muteAction?.muteEndTimestamp ?? -1) : null }));
        break;
      }
      case 'clearChat':
        if (!isSet) break;
        mark(first, () => ({ isCleared: true }));
        inChat(first, Number(value.clearChatAction?.messageRange?.lastMessageTimestamp ?? 0), second === '0');
        break;
      case 'deleteChat':
        if (!isSet) break;
        mark(first, () => ({ isDeleted: true }));
        inChat(first, Number(value.deleteChatAction?.messageRange?.lastMessageTimestamp ?? 0), false);
        break;
      case 'label_edit': {
        const { name = '', color = 0, deleted = false } = value.labelEditAction ?? {};
        view.labels.set(first, { name: name ?? '', color: color ?? 0, isDeleted: !isSet || deleted === true });
        break;
      }
      case 'label_jid': {
        const isLabelled = isSet && value.labelAssociationAction?.labeled === true;
        mark(second, ({ labels }) => ({ labels: withOrWithout(labels, first, isLabelled) }));
        break;
      }
      case 'label_message': {
        const isLabelled = isSet && value.labelAssociationAction?.labeled === true;
        view.labelledMessages.set(third, withOrWithout(view.labelledMessages.get(third) ?? [], first, isLabelled));
        break;
      }
    }
  }
}

const nameOf = (phone: PhoneCore, jid: string): string =>
  isGroup(jid) ? jid : (phone.deps.directory.resolve(jid)?.account.number ?? jid);

function rename({ account }: PhoneCore, name: string | null | undefined): void {
  if (!name) return;
  account.name = name;
  account.save();
}

function saveContact({ account, deps }: PhoneCore, jid: string, name: string | null | undefined): void {
  const number = deps.directory.resolve(jid)?.account.number;
  if (number === undefined) return;
  if (name) account.addressBook.set(number, name);
  else account.addressBook.delete(number);
  account.save();
}

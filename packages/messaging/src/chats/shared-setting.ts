/** Collections of the settings that the devices of an account share, as WhatsApp names them, that are read here. */
export const SETTINGS_COLLECTIONS = ['regular_high', 'regular_low', 'regular'] as const;
export type SettingsCollection = (typeof SETTINGS_COLLECTIONS)[number];

/** A setting that a device of the account has written. Chats are jids. */
export type SharedSetting =
  | { kind: 'archive'; chat: string; isOn: boolean }
  /** `at`: milliseconds since 1970. */
  | { kind: 'pin'; chat: string; isOn: boolean; at: number }
  /** Milliseconds since 1970, `Infinity`: until it is unmuted; null: not muted. */
  | { kind: 'mute'; chat: string; until: number | null }
  /** Marked as unread or as read. `upTo`: seconds since 1970 of the last message concerned; null: all. */
  | { kind: 'mark'; chat: string; isUnread: boolean; upTo: number | null }
  | { kind: 'clear' | 'delete'; chat: string; upTo: number | null }
  | { kind: 'star'; chat: string; waMessageId: string; fromMe: boolean; isOn: boolean; at: number }
  /** The account has deleted a message for itself. `at`: milliseconds since 1970. */
  | { kind: 'deletion'; chat: string; waMessageId: string; fromMe: boolean; at: number }
  | { kind: 'label'; labelId: string; name: string; color: number; isDeleted: boolean }
  /** Of a chat, or of a message of it. */
  | { kind: 'labelled'; labelId: string; chat: string; waMessageId: string | null; isOn: boolean };

/** A part of a collection, as it was read from WhatsApp. */
export interface SettingsPage {
  collection: SettingsCollection;
  /** The number of the account. */
  account: string;
  /** The version that it leads to. */
  version: number;
  settings: readonly SharedSetting[];
  /** The first part from the beginning of the collection: what was known of it before is dropped. */
  isFromStart: boolean;
  /** Nothing of it is news: it was so before the session was there, or is read again. */
  isSilent: boolean;
}

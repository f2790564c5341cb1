import type { Account, Companion, DeviceRef } from '../accounts/account.ts';
import type { Addressing, Group } from '../accounts/group.ts';
import type { PreKeyBundle } from '../signal/session-cipher.ts';
import type { BinaryNode } from '../wire/node.ts';

/** A conversation as its sender sees it. */
export type Chat = { kind: 'direct'; account: Account } | { kind: 'group'; group: Group };

/** The common fields of all copies of one message. */
export interface Envelope {
  id: string;
  sender: DeviceRef;
  chat: Chat;
  addressing: Addressing;
  /** `text`, `media`, `reaction`, `poll`, … */
  type: string;
  /** Unix seconds. */
  t: number;
  /** `peer`: between the devices of one account, not part of a chat. */
  category?: string | undefined;
  edit?: string | undefined;
  /** The stanza names the sender in one addressing alone. */
  hidesOtherName?: boolean | undefined;
  /** The sender's signed device identity; it accompanies prekey messages of companions. */
  identity?: BinaryNode | undefined;
}

/** One device's copy: its `enc` children, or `plaintext` from phone to phone. */
export interface Copy {
  to: DeviceRef;
  content: BinaryNode[];
}

/** A receipt that a phone gives. */
export interface PhoneReceipt {
  from: Account;
  /** The author of the message. All companions of the account get it, or only one device. */
  to: Account;
  device?: number;
  ids: string[];
  /** None: delivered. */
  type?: string | undefined;
  chat: Chat;
  addressing: Addressing;
  content?: BinaryNode[];
}

/** The server as phones use it. */
export interface ServerPort {
  route(envelope: Envelope, copies: Copy[]): void;
  receipt(receipt: PhoneReceipt): void;
  /** Key bundle of a companion; uses up one of its one-time prekeys. */
  bundle(companion: Companion): PreKeyBundle;
  /** Puts a stanza into a companion's queue and sends it if it is connected. */
  deliver(companion: Companion, stanza: BinaryNode): void;
  /** The phone of `to` shows a message of another account in their chat. */
  shown(from: Account, to: Account, text: string | null): void;
  /** Runs `run` after `ms`, unless the sandbox stops before. */
  later(ms: number, run: () => void): void;
  /** Whether a fault makes a phone fail to decrypt its current message. */
  failsToRead(number: string): boolean;
  /** What a fault makes a phone do instead of uploading a file again; null: nothing keeps it from that. */
  refusesFile(device: string): 'refused' | 'unreadable' | 'silent' | null;
  /** `host:port` of media, as written into messages. */
  readonly mediaHost: string;
}

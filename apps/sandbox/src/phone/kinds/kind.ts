import type { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import type { Static, TObject, TProperties } from 'typebox';
import type { PhoneCore } from '../core.ts';
import type { MessageDescription } from '../description.ts';
import type { Chat } from '../server-port.ts';

/** A message ready to be encrypted, with the attributes of its stanza. */
export interface Composed {
  message: proto.IMessage;
  type: 'text' | 'media' | 'reaction' | 'poll' | 'event';
  /** `mediatype` of the enc child. */
  mediaType?: string;
  edit?: string;
  /** Receivers that cannot decrypt it show nothing. */
  hideWhenUnreadable?: boolean;
}

/** The sender of a message, its chat, and the message that it quotes. */
export interface Given {
  phone: PhoneCore;
  chat: Chat;
  /** Empty, or the context of a message that quotes another one. */
  context: { contextInfo?: proto.IContextInfo };
}

/**
 * One kind of message of the phones. The list is separate from the worker, which the sandbox tests, and shares no code
 * with it.
 */
export interface PhoneKind<R extends TProperties> {
  /** Fields of the request to the control API beside those of all kinds. */
  request: R;
  /** It is about another message, and has no secret of its own. @default false */
  isChange?: boolean;
  compose(request: Static<TObject<R>>, given: Given): Composed | Promise<Composed>;
  /** The members of the protobuf that identify the kind. */
  members: readonly (keyof proto.IMessage)[];
  /**
   * Describes the message as the phone shows it; null: it is of another kind with the same members.
   *
   * @param inner describes a message inside the message
   */
  describe(
    message: proto.IMessage,
    inner: (message: proto.IMessage) => MessageDescription | null,
  ): MessageDescription | null;
}

export const defineKind = <R extends TProperties>(kind: PhoneKind<R>): PhoneKind<R> => kind;

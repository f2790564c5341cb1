import { KIND_NAMES } from './kinds/index.ts';

/** Types of messages: the kinds that can be sent, and those that can only be received. */
export const MESSAGE_TYPES = [
  ...KIND_NAMES,
  'buttonReply',
  'listReply',
  'order',
  'product',
  'interactive',
  'template',
  'phoneNumberRequest',
  /** Rows of older versions. Reactions are changes of their message now. */
  'reaction',
  'system',
  'unknown',
] as const;
export type MessageTypeName = (typeof MESSAGE_TYPES)[number];

/** Types of messages with a file. */
export const MEDIA_TYPES = [
  'image',
  'document',
  'audio',
  'video',
  'sticker',
] as const satisfies readonly MessageTypeName[];

/** Where a message of the account went out: here, or on its phone or another of its devices. */
export const MESSAGE_SOURCES = ['api', 'phone'] as const;
export type MessageSource = (typeof MESSAGE_SOURCES)[number];

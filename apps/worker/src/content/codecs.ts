import type { KindName, MessageTypeName } from '@wa-gate/contracts';
import { album } from './album.ts';
import { buttons, list } from './buttons.ts';
import type { Codec, Reader } from './codec.ts';
import { order, product } from './commerce.ts';
import { contact } from './contact.ts';
import { event } from './event.ts';
import { audio, document, image, sticker, video } from './file-codecs.ts';
import { interactive, template } from './interactive.ts';
import { groupInvite, phoneNumberRequest } from './invite.ts';
import { location } from './location.ts';
import { poll } from './poll.ts';
import { buttonReply, listReply } from './replies.ts';
import { text } from './text.ts';

/** One codec for each kind that can be sent, checked by the compiler. */
export const CODECS: { readonly [K in KindName]: Codec<K> } = {
  text,
  location,
  image,
  video,
  audio,
  document,
  sticker,
  album,
  contact,
  poll,
  event,
  groupInvite,
  buttons,
  list,
};

/**
 * Types that can only be received. A type that can be sent has its codec in {@link CODECS}; reactions are changes of
 * their message.
 */
type ReceivedType = Exclude<MessageTypeName, KindName | 'reaction' | 'system' | 'unknown'>;

export const READERS: { readonly [T in ReceivedType]: Reader } = {
  buttonReply,
  listReply,
  order,
  product,
  interactive,
  template,
  phoneNumberRequest,
};

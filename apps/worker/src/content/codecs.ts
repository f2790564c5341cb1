import type { KindName, MessageTypeName } from '@wa-gate/contracts';
import { album } from './album.ts';
import type { Codec, Reader } from './codec.ts';
import { contact } from './contact.ts';
import { audio, document, image, sticker, video } from './file-codecs.ts';
import { location } from './location.ts';
import { poll } from './poll.ts';
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
};

/**
 * Types that can only be received. A type that can be sent has its codec in {@link CODECS}; reactions are changes of
 * their message.
 */
type ReceivedType = Exclude<MessageTypeName, KindName | 'reaction' | 'system' | 'unknown'>;

export const READERS: { readonly [T in ReceivedType]: Reader } = {
  poll,
  contact,
};

import type { KindName, MessageTypeName } from '@wa-gate/contracts';
import type { Codec, Reader } from './codec.ts';
import { contact } from './contact.ts';
import { location } from './location.ts';
import { audio, document, image, sticker, video } from './media.ts';
import { poll } from './poll.ts';
import { reaction } from './reaction.ts';
import { text } from './text.ts';

/** A codec of each kind that can be sent. A kind that has none does not compile. */
export const CODECS: { readonly [K in KindName]: Codec<K> } = { text, location };

/** Types that only come. One that can be sent as well moves to {@link CODECS}. */
type ReceivedType = Exclude<MessageTypeName, KindName | 'system' | 'unknown'>;

export const READERS: { readonly [T in ReceivedType]: Reader } = {
  image,
  video,
  audio,
  document,
  sticker,
  reaction,
  poll,
  contact,
};

import type { Static, TObject, TProperties } from 'typebox';
import type { Kind } from './kind.ts';
import { location } from './location.ts';
import { text } from './text.ts';

/** All kinds of messages that can be sent. The worker has a codec for each of them, and does not compile without. */
export const KINDS = { text, location };
export type KindName = keyof typeof KINDS;

export const KIND_NAMES = Object.keys(KINDS) as readonly KindName[];

export type RequestOf<K extends KindName> = Static<TObject<(typeof KINDS)[K]['request']>>;
export type ContentOf<K extends KindName> = Static<TObject<(typeof KINDS)[K]['content']>>;

/** What the outbox keeps of a message that is to be sent: the kind and its fields. */
export type OutboundRequest = { [K in KindName]: { type: K } & RequestOf<K> }[KindName];

/** Any of {@link KINDS}, for code that knows none of them. */
export const kindOf = (name: KindName) => KINDS[name] as unknown as Kind<TProperties, TProperties>;

/** What the row of a message says about a request: columns `text` and `content` of `messages`. */
export function storedOf({ type, ...fields }: OutboundRequest): {
  text?: string;
  content?: Record<string, unknown>;
} {
  return kindOf(type).stored(fields);
}

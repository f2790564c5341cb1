import type { Static, TObject, TProperties } from 'typebox';
import type { Kind } from './kind.ts';
import { location } from './location.ts';
import type { OutboundContext } from './outbound-context.ts';
import { text } from './text.ts';

export type { OutboundContext } from './outbound-context.ts';

/** All kinds of messages that can be sent. The worker does not compile without a codec for each. */
export const KINDS = { text, location };
export type KindName = keyof typeof KINDS;

export const KIND_NAMES = Object.keys(KINDS) as readonly KindName[];

export type RequestOf<K extends KindName> = Static<TObject<(typeof KINDS)[K]['request']>>;
export type ContentOf<K extends KindName> = Static<TObject<(typeof KINDS)[K]['content']>>;

/** A message to send as the outbox stores it: the kind and its fields. */
export type OutboundRequest = { [K in KindName]: { type: K; context?: OutboundContext } & RequestOf<K> }[KindName];

/** An entry of {@link KINDS} with its general type. */
export const kindOf = (name: KindName) => KINDS[name] as unknown as Kind<TProperties, TProperties>;

/** The columns `text` and `content` of `messages` for a request. */
export function storedOf(request: OutboundRequest): {
  text?: string;
  content?: Record<string, unknown>;
} {
  const { type, context: _, ...fields } = request;
  return kindOf(type).stored(fields);
}

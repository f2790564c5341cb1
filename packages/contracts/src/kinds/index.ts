import type { Static, TObject, TProperties } from 'typebox';
import { album } from './album.ts';
import { audio } from './audio.ts';
import { buttons, list } from './buttons.ts';
import { contact } from './contact.ts';
import { document } from './document.ts';
import { event } from './event.ts';
import { type FilePlace, placesOf } from './files.ts';
import { groupInvite } from './group-invite.ts';
import { image } from './image.ts';
import type { Kind, Resolved } from './kind.ts';
import { location } from './location.ts';
import type { OutboundContext } from './outbound-context.ts';
import { poll } from './poll.ts';
import { sticker } from './sticker.ts';
import { text } from './text.ts';
import { video } from './video.ts';

export { type MessagePart, MessagePartSchema } from './album.ts';
export { cardOf, cardsOf, titleOf } from './contact.ts';
export { eventSeconds } from './event.ts';
export type { FilePlace, FileReference, MediaSource } from './files.ts';
export { invitationSeconds } from './group-invite.ts';
export type { OutboundContext } from './outbound-context.ts';

/** All kinds of messages that can be sent. The worker does not compile without a codec for each. */
export const KINDS = {
  text,
  location,
  contact,
  poll,
  event,
  groupInvite,
  buttons,
  list,
  image,
  video,
  audio,
  document,
  sticker,
  album,
};
export type KindName = keyof typeof KINDS;

export const KIND_NAMES = Object.keys(KINDS) as readonly KindName[];

/** The fields of a kind as the outbox has them: files are references. */
export type RequestOf<K extends KindName> = Resolved<Static<TObject<(typeof KINDS)[K]['request']>>>;
export type ContentOf<K extends KindName> = Static<TObject<(typeof KINDS)[K]['content']>>;

/** A message to send as the outbox stores it: the kind and its fields. */
export type OutboundRequest = { [K in KindName]: { type: K; context?: OutboundContext } & RequestOf<K> }[KindName];

/** An entry of {@link KINDS} with its general type. */
export const kindOf = (name: KindName) => KINDS[name] as unknown as Kind<TProperties, TProperties>;

/**
 * The files of a request, in the order in which they stand in it. Whoever takes them in writes the references into the
 * holders.
 */
export const filesOf = (type: KindName, request: Record<string, unknown>): FilePlace[] =>
  placesOf(kindOf(type).files ?? [], request);

/** A request as it is sent: itself, and the messages that go with it. */
export function splitRequest(request: OutboundRequest): { own: OutboundRequest; parts: OutboundRequest[] } {
  const { type, context, ...fields } = request;
  const split = kindOf(type).parts?.(fields as Resolved<Record<string, unknown>>);
  if (!split) return { own: request, parts: [] };
  const own = { type, ...split.own, ...(context && { context }) } as OutboundRequest;
  return { own, parts: [...split.parts] as OutboundRequest[] };
}

/** The columns `text` and `content` of `messages` for a request. */
export function storedOf(request: OutboundRequest): {
  text?: string;
  content?: Record<string, unknown>;
} {
  const { type, context: _, ...fields } = request;
  return kindOf(type).stored(fields as Resolved<Record<string, unknown>>);
}

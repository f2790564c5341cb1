import { createHmac } from 'node:crypto';
import type { KindName, OutboundRequest } from '@wa-gate/contracts';
import { proto } from '../whatsapp/baileys.ts';
import type { Codec } from './codec.ts';
import { CODECS } from './codecs.ts';

/**
 * The secret inside a message, from which later parts of it (report tokens, edits, votes) take their keys. Derived
 * from the message id, so that an attempt after a restart makes the same bytes; `key` keeps it a secret from everybody
 * who knows the id.
 */
export function messageSecret(key: Uint8Array, sessionId: string, waMessageId: string): Buffer {
  return createHmac('sha256', key).update(`${sessionId}|${waMessageId}`).digest();
}

/**
 * The protobuf of a request. The same request and secret give the same bytes, always. Throws for a type that only a
 * later version knows: its rows may be in the outbox after a version was taken back.
 */
export function buildMessage({ type, ...request }: OutboundRequest, secret: Uint8Array): proto.IMessage {
  if (!Object.hasOwn(CODECS, type)) throw new TypeError(`This version cannot send messages of type ${type}.`);
  // Each request has the fields of its own type, which the compiler cannot follow through the table.
  const codec = CODECS[type] as Codec<KindName>;
  return codec.build(request as never, { secret });
}

/** How the sender makes protobufs of requests. */
export interface OutboundContent {
  build(request: OutboundRequest, secret: Uint8Array): proto.IMessage;
  /** Whether `build` gives the same bytes for the same request and secret, always. */
  isReproducible(request: OutboundRequest): boolean;
}

/** By the codec of each kind. */
export const OUTBOUND_CONTENT: OutboundContent = {
  build: buildMessage,
  isReproducible: ({ type }) => (CODECS[type] as Codec<KindName>).isReproducible ?? true,
};

export const encodeMessage = (message: proto.IMessage): Buffer => Buffer.from(proto.Message.encode(message).finish());

export const decodeMessage = (bytes: Uint8Array): proto.IMessage => proto.Message.decode(bytes);

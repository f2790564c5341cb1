import { createHmac } from 'node:crypto';
import type { OutboundRequest } from '@wa-gate/messaging';
import { proto } from '../whatsapp/baileys.ts';
import { textMessage } from './text.ts';

/**
 * The secret inside a message, from which later parts of it (report tokens, edits, votes) take their keys. Derived from the message id, so that an attempt after
 * a restart makes the same bytes; `key` keeps it a secret from everybody who knows the id.
 */
export function messageSecret(key: Uint8Array, sessionId: string, waMessageId: string): Buffer {
  return createHmac('sha256', key).update(`${sessionId}|${waMessageId}`).digest();
}

/** The protobuf of a request. The same request and secret give the same bytes, always. */
export function buildMessage(request: OutboundRequest, secret: Uint8Array): proto.IMessage {
  switch (request.type) {
    case 'text':
      return textMessage(request.text, secret);
  }
}

export const encodeMessage = (message: proto.IMessage): Buffer => Buffer.from(proto.Message.encode(message).finish());

export const decodeMessage = (bytes: Uint8Array): proto.IMessage => proto.Message.decode(bytes);

import { randomBytes } from 'node:crypto';
import type { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import type { TProperties } from 'typebox';
import { pnJid } from '../wire/jid.ts';
import type { PhoneCore } from './core.ts';
import { type OutgoingMessage, PHONE_KINDS } from './kinds/index.ts';
import type { Composed, Given, PhoneKind } from './kinds/kind.ts';
import { known } from './kinds/references.ts';
import type { Chat } from './server-port.ts';

/** Converts a request of the control API into a protobuf message. Files are encrypted and stored on the media host. */
export async function compose(phone: PhoneCore, chat: Chat, request: OutgoingMessage): Promise<Composed> {
  // The request was validated by the schema of this kind.
  const kind = PHONE_KINDS[request.type] as unknown as PhoneKind<TProperties>;
  const composed = await kind.compose(request, { phone, chat, context: contextOf(phone, chat, request) });
  if (kind.isChange) return composed;
  // Later changes of the message are encrypted with it.
  const { envelope, secret } = request;
  const { messageContextInfo: ofKind, ...inner } = composed.message;
  const messageContextInfo = { messageSecret: secret ? Buffer.from(secret, 'base64') : randomBytes(32), ...ofKind };
  const content = envelope ? { [envelope]: { message: inner } } : inner;
  return { ...composed, message: { messageContextInfo, ...content } };
}

function contextOf(
  phone: PhoneCore,
  chat: Chat,
  { replyTo, forwarded, expiresIn, ad }: OutgoingMessage,
): Given['context'] {
  const contextInfo: proto.IContextInfo = {
    ...(replyTo !== undefined && quoteOf(phone, chat, replyTo)),
    ...(forwarded !== undefined && { isForwarded: true, forwardingScore: forwarded }),
    ...(expiresIn !== undefined && { expiration: expiresIn }),
    ...(ad && { externalAdReply: { sourceType: 'ad', sourceId: ad.id, sourceUrl: ad.url, title: ad.title } }),
  };
  return Object.keys(contextInfo).length > 0 ? { contextInfo } : {};
}

function quoteOf(phone: PhoneCore, chat: Chat, id: string): proto.IContextInfo {
  const { from, text, addressing } = known(phone, id);
  const author = phone.deps.directory.find(from);
  const participant = author?.deviceJid(0, chat.kind === 'group' ? chat.group.addressing : addressing);
  return { stanzaId: id, participant: participant ?? pnJid(from), quotedMessage: { conversation: text ?? '' } };
}

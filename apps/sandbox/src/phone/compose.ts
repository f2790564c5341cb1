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
  return kind.compose(request, { phone, chat, context: contextOf(phone, request.replyTo) });
}

function contextOf(phone: PhoneCore, replyTo: string | undefined): Given['context'] {
  if (replyTo === undefined) return {};
  const { id, from, text } = known(phone, replyTo);
  const quotedMessage: proto.IMessage = { conversation: text ?? '' };
  return { contextInfo: { stanzaId: id, participant: pnJid(from), quotedMessage } };
}

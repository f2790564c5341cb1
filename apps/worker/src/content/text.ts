import type { proto } from '../whatsapp/baileys.ts';
import type { Content } from './content.ts';

export function textMessage(text: string, messageSecret: Uint8Array): proto.IMessage {
  return { conversation: text, messageContextInfo: { messageSecret } };
}

export function readText(message: proto.IMessage): Content | null {
  const text = message.conversation ?? message.extendedTextMessage?.text;
  return text === null || text === undefined ? null : { type: 'TEXT', text };
}

import type { proto } from '../whatsapp/baileys.ts';
import { type Content, present } from './content.ts';

/** An emoji on another message; an empty `text` takes the reaction back. */
export function readReaction(message: proto.IMessage): Content | null {
  const reaction = message.reactionMessage;
  if (!reaction) return null;
  return {
    type: 'REACTION',
    text: reaction.text ?? '',
    content: present({ targetWaMessageId: reaction.key?.id, targetFromMe: reaction.key?.fromMe }),
  };
}

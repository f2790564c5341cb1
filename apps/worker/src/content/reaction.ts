import type { Reader } from './codec.ts';
import { present } from './fields.ts';

/** An emoji on another message. An empty `text` removes the reaction. */
export const reaction: Reader = {
  members: ['reactionMessage'],
  read({ reactionMessage: given }) {
    if (!given) return null;
    return {
      text: given.text ?? '',
      content: present({ targetWaMessageId: given.key?.id, targetFromMe: given.key?.fromMe }),
    };
  },
};

import { Type } from 'typebox';
import { describeKey, plain } from '../description.ts';
import { defineKind } from './kind.ts';
import { keyFor, target } from './references.ts';

export const reaction = defineKind({
  request: { target, emoji: Type.String({ description: 'Empty takes the reaction back' }) },
  compose(request, { phone, chat }) {
    const key = keyFor(phone, chat, request.target);
    const reactionMessage = { key, text: request.emoji, senderTimestampMs: Date.now() };
    return { message: { reactionMessage }, type: 'reaction', hideWhenUnreadable: true };
  },
  members: ['reactionMessage'],
  describe({ reactionMessage: given }) {
    return given ? plain('reaction', given.text ?? '', { target: describeKey(given.key) }) : null;
  },
});

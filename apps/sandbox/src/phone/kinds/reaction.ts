import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { Type } from 'typebox';
import { describeKey, plain } from '../description.ts';
import { defineKind } from './kind.ts';
import { keyFor, target, unseen } from './references.ts';
import { encrypted, seal } from './sealed.ts';

export const reaction = defineKind({
  request: { target, emoji: Type.String({ description: 'Empty takes the reaction back' }), encrypted, unseen },
  isChange: true,
  compose(request, { phone, chat }) {
    const key = keyFor(phone, chat, request);
    const reactionMessage = { key, text: request.emoji, senderTimestampMs: Date.now() };
    if (!request.encrypted) return { message: { reactionMessage }, type: 'reaction', hideWhenUnreadable: true };
    const inner = proto.Message.ReactionMessage.encode(reactionMessage).finish();
    const encReactionMessage = {
      targetMessageKey: key,
      ...seal(phone, chat, request, 'Enc Reaction', inner),
    };
    return { message: { encReactionMessage }, type: 'reaction', hideWhenUnreadable: true };
  },
  members: ['reactionMessage', 'encReactionMessage'],
  describe({ reactionMessage: given, encReactionMessage: sealed }) {
    if (sealed) return plain('reaction', null, { target: describeKey(sealed.targetMessageKey), encrypted: true });
    return given ? plain('reaction', given.text ?? '', { target: describeKey(given.key) }) : null;
  },
});

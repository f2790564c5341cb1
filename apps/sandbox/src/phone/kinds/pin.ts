import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { Type } from 'typebox';
import { describeKey, plain } from '../description.ts';
import { defineKind } from './kind.ts';
import { keyFor, target, unseen } from './references.ts';

const { Type: PinType } = proto.Message.PinInChatMessage;

/** Pins a message in its chat. */
export const pin = defineKind({
  request: {
    target,
    seconds: Type.Integer({ minimum: 0, description: 'For how long; 0 takes the pin away' }),
    unseen,
  },
  isChange: true,
  compose(request, { phone, chat }) {
    const { seconds } = request;
    const pinInChatMessage = {
      key: keyFor(phone, chat, request),
      type: seconds > 0 ? PinType.PIN_FOR_ALL : PinType.UNPIN_FOR_ALL,
      senderTimestampMs: Date.now(),
    };
    const messageContextInfo = { messageAddOnDurationInSecs: seconds };
    return { message: { pinInChatMessage, messageContextInfo }, type: 'text', edit: '2', hideWhenUnreadable: true };
  },
  members: ['pinInChatMessage'],
  describe({ pinInChatMessage: part, messageContextInfo: context }) {
    if (!part) return null;
    const seconds = part.type === PinType.PIN_FOR_ALL ? Number(context?.messageAddOnDurationInSecs ?? 0) : 0;
    return plain('pin', null, { target: describeKey(part.key), seconds });
  },
});

const { KEEP_FOR_ALL, UNDO_KEEP_FOR_ALL } = proto.KeepType;

/** Keeps a message in a chat of disappearing messages. */
export const keep = defineKind({
  request: { target, on: Type.Optional(Type.Boolean({ description: 'false lets it disappear again' })), unseen },
  isChange: true,
  compose(request, { phone, chat }) {
    const keepType = (request.on ?? true) ? KEEP_FOR_ALL : UNDO_KEEP_FOR_ALL;
    const keepInChatMessage = { key: keyFor(phone, chat, request), keepType, timestampMs: Date.now() };
    return { message: { keepInChatMessage }, type: 'text', hideWhenUnreadable: true };
  },
  members: ['keepInChatMessage'],
  describe({ keepInChatMessage: part }) {
    return part ? plain('keep', null, { target: describeKey(part.key), on: part.keepType === KEEP_FOR_ALL }) : null;
  },
});

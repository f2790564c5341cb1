import { Type } from 'typebox';
import { describeKey, plain } from '../description.ts';
import { PROTOCOL_MESSAGE } from '../proto-names.ts';
import { defineKind } from './kind.ts';
import { keyFor, target } from './references.ts';

/** A new text for a message of the sender. */
export const edit = defineKind({
  request: { target, text: Type.String({ minLength: 1 }) },
  compose(request, { phone, chat }) {
    const key = keyFor(phone, chat, request.target);
    const editedMessage = { conversation: request.text };
    const protocolMessage = { key, type: PROTOCOL_MESSAGE.MESSAGE_EDIT, editedMessage, timestampMs: Date.now() };
    return { message: { protocolMessage }, type: 'text', edit: '1' };
  },
  members: ['protocolMessage'],
  describe({ protocolMessage: part }, inner) {
    if (part?.type !== PROTOCOL_MESSAGE.MESSAGE_EDIT || !part.editedMessage) return null;
    return plain('edit', inner(part.editedMessage)?.text ?? null, { target: describeKey(part.key) });
  },
});

/** Deletes a message for everyone. */
export const revoke = defineKind({
  request: { target },
  compose(request, { phone, chat }) {
    const key = keyFor(phone, chat, request.target);
    const protocolMessage = { key, type: PROTOCOL_MESSAGE.REVOKE };
    return { message: { protocolMessage }, type: 'text', edit: key.fromMe ? '7' : '8' };
  },
  members: ['protocolMessage'],
  describe({ protocolMessage: part }) {
    return part?.type === PROTOCOL_MESSAGE.REVOKE ? plain('revoke', null, { target: describeKey(part.key) }) : null;
  },
});

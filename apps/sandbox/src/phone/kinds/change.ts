import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { Type } from 'typebox';
import { describeKey, plain } from '../description.ts';
import { PROTOCOL_MESSAGE } from '../proto-names.ts';
import { defineKind } from './kind.ts';
import { keyFor, target, unseen } from './references.ts';
import { encrypted, seal } from './sealed.ts';

const { SecretEncType } = proto.Message.SecretEncryptedMessage;

/** A new text for a message of the sender; of a file, a new caption. */
export const edit = defineKind({
  request: { target, text: Type.String({ minLength: 1 }), encrypted, unseen },
  isChange: true,
  compose(request, { phone, chat }) {
    const key = keyFor(phone, chat, request);
    const editedMessage = { conversation: request.text };
    const protocolMessage = { key, type: PROTOCOL_MESSAGE.MESSAGE_EDIT, editedMessage, timestampMs: Date.now() };
    if (!request.encrypted) return { message: { protocolMessage }, type: 'text', edit: '1' };
    const inner = proto.Message.encode({ protocolMessage }).finish();
    const sealed = seal(phone, chat, request, 'Message Edit', inner);
    const secretEncryptedMessage = {
      targetMessageKey: key,
      secretEncType: SecretEncType.MESSAGE_EDIT,
      ...sealed,
    };
    return { message: { secretEncryptedMessage }, type: 'text', edit: '1' };
  },
  members: ['protocolMessage', 'secretEncryptedMessage'],
  describe({ protocolMessage: part, secretEncryptedMessage: sealed }, inner) {
    if (sealed) return plain('edit', null, { target: describeKey(sealed.targetMessageKey), encrypted: true });
    if (part?.type !== PROTOCOL_MESSAGE.MESSAGE_EDIT || !part.editedMessage) return null;
    return plain('edit', inner(part.editedMessage)?.text ?? null, { target: describeKey(part.key) });
  },
});

/** Deletes a message for everyone. */
export const revoke = defineKind({
  request: { target, unseen },
  isChange: true,
  compose(request, { phone, chat }) {
    const key = keyFor(phone, chat, request);
    const protocolMessage = { key, type: PROTOCOL_MESSAGE.REVOKE };
    // The server lets administrators alone mark it as theirs.
    const isAdmin = chat.kind === 'group' && chat.group.isAdmin(phone.account.number);
    return { message: { protocolMessage }, type: 'text', edit: key.fromMe || !isAdmin ? '7' : '8' };
  },
  members: ['protocolMessage'],
  describe({ protocolMessage: part }) {
    return part?.type === PROTOCOL_MESSAGE.REVOKE ? plain('revoke', null, { target: describeKey(part.key) }) : null;
  },
});

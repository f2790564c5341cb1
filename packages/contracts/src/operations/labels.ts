import { Type } from 'typebox';
import { chatName } from '../chats.ts';
import { LabelSchema, labelColor, labelName } from '../labels.ts';
import { reference } from './messages.ts';
import { CONNECTION_ERRORS, defineOperation, definePresented } from './operation.ts';

/** Milliseconds. A change of a label reads what is new at WhatsApp, writes, and reads again. */
const TIMEOUT_MS = 30_000;

const label = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'The id of the label, as WhatsApp counts them.',
  examples: ['1'],
});
const message = {
  chat: '6281234567890@s.whatsapp.net',
  id: '3EB0A1B2C3D4E5F6A7B8C9',
  fromMe: false,
  at: 1_768_473_000,
};
const { chat } = message;
const tag = 'Labels';
const permission = 'messages.send';
const unaudited = 'how the account sorts its own chats; nobody else loses anything by it';
const errors = [...CONNECTION_ERRORS, 'LABEL_NOT_FOUND'] as const;
const chatErrors = [...errors, 'INVALID_RECIPIENT', 'CONTACT_NOT_FOUND'] as const;
const messageErrors = [...errors, 'MESSAGE_NOT_FOUND', 'MESSAGE_NOT_SENT'] as const;
const done = Type.Object({ count: Type.Integer() });
const onChat = { labelId: Type.String(), chat: Type.String({ description: 'The chat as WhatsApp names it.' }) };
const onMessage = { ...onChat, messageId: Type.String(), waMessageId: Type.String() };
const shared = { tag, permission, unaudited, timeoutMs: TIMEOUT_MS, cost: 3 } as const;
const ofChat = {
  ...shared,
  path: '/sessions/:id/labels/:label/chats/:chat',
  input: { label, chat: Type.String() },
  params: { label, chat: chatName },
  answer: done,
  data: Type.Object(onChat),
  errors: chatErrors,
  repeat: 'safe',
  examples: [{ label: '1', chat }],
} as const;
const ofMessage = {
  ...shared,
  path: '/sessions/:id/labels/:label/messages/:messageId',
  input: { label, message: reference },
  params: { label, messageId: Type.String({ format: 'uuid', examples: ['01a1fe67-59c3-7e76-818f-224716029ae9'] }) },
  answer: done,
  data: Type.Object(onMessage),
  errors: messageErrors,
  repeat: 'safe',
  examples: [{ label: '1', message }],
} as const;

/** Labels of WhatsApp Business: the account sorts its chats and messages with them. */
export const labels = {
  'labels.create': defineOperation({
    ...shared,
    method: 'POST',
    path: '/sessions/:id/labels',
    summary: 'Create a label',
    description: 'WhatsApp Business shows at most 20 labels. Accounts of the ordinary app keep labels and show none.',
    input: { name: labelName, color: Type.Optional(labelColor) },
    answer: LabelSchema,
    errors: CONNECTION_ERRORS,
    repeat: 'only-if-refused',
    examples: [{ name: 'New customer', color: 3 }, { name: 'Paid' }],
  }),
  'labels.update': defineOperation({
    ...shared,
    method: 'PATCH',
    path: '/sessions/:id/labels/:label',
    summary: 'Rename or recolour a label',
    input: { label, name: Type.Optional(labelName), color: Type.Optional(labelColor) },
    objection: ({ name, color }) =>
      name === undefined && color === undefined ? 'Give `name` or `color`, or both.' : undefined,
    answer: LabelSchema,
    errors,
    repeat: 'safe',
    examples: [
      { label: '1', name: 'Regular customer' },
      { label: '1', color: 5 },
    ],
  }),
  'labels.delete': defineOperation({
    ...shared,
    method: 'DELETE',
    path: '/sessions/:id/labels/:label',
    summary: 'Delete a label',
    description: 'Its chats and messages lose it.',
    input: { label },
    answer: Type.Object({ labelId: Type.String(), deleted: Type.Literal(true) }),
    errors,
    repeat: 'safe',
    examples: [{ label: '1' }],
  }),
  'labels.assignChat': definePresented({ ...ofChat, method: 'PUT', summary: 'Give a chat a label' }),
  'labels.unassignChat': definePresented({ ...ofChat, method: 'DELETE', summary: 'Take a label from a chat' }),
  'labels.assignMessage': definePresented({ ...ofMessage, method: 'PUT', summary: 'Give a message a label' }),
  'labels.unassignMessage': definePresented({ ...ofMessage, method: 'DELETE', summary: 'Take a label from a message' }),
};

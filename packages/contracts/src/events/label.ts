import { Type } from 'typebox';
import { EXAMPLE_IDENTITY, IdentitySchema } from '../identities.ts';
import { LabelSchema } from '../labels.ts';
import { event } from './event.ts';

const label = { labelId: '1', name: 'New customer', color: 3 };
const labelled = Type.Object({
  labelId: Type.String(),
  name: Type.Optional(Type.String({ description: 'Of the label, where it is known.' })),
  chat: Type.String({ description: 'The chat as WhatsApp names it.' }),
  identities: Type.Optional(Type.Object({ chat: IdentitySchema })),
  waMessageId: Type.Optional(Type.String({ description: 'A message of the chat, and not the chat itself.' })),
  messageId: Type.Optional(Type.String({ format: 'uuid', description: 'Our id of that message, where it is known.' })),
});
const example = {
  labelId: '1',
  name: 'New customer',
  chat: '15551234567@s.whatsapp.net',
  identities: { chat: EXAMPLE_IDENTITY },
};

/** Events of the labels of WhatsApp Business, whichever device of the account has changed them. */
export const LABEL_EVENTS = {
  'label.created': event({
    summary: 'A label of WhatsApp Business was created.',
    data: LabelSchema,
    example: label,
    keep: 'log',
  }),
  'label.updated': event({
    summary: 'A label was renamed or has another colour.',
    data: LabelSchema,
    example: label,
    keep: 'log',
  }),
  'label.deleted': event({
    summary: 'A label was deleted. What had it has it no more, without events of their own.',
    data: LabelSchema,
    example: label,
    keep: 'log',
  }),
  'label.assigned': event({
    summary: 'A chat or a message was given a label.',
    data: labelled,
    example,
    keep: 'log',
  }),
  'label.unassigned': event({
    summary: 'A label was taken from a chat or a message.',
    data: labelled,
    example: { ...example, waMessageId: '3EB0A1B2C3D4E5F6A7B8C9', messageId: '01a1fe67-59c3-7e76-818f-224716029ae9' },
    keep: 'log',
  }),
};

import { Type } from 'typebox';
import {
  BusinessProfileSchema,
  CHECK_MAX_NUMBERS,
  CheckNumbersResultSchema,
  ContactProfileSchema,
  LidSchema,
} from '../contacts.ts';
import { nullable } from '../schema.ts';
import { CONNECTION_ERRORS, definePresented } from './operation.ts';

/** Milliseconds for a check of many numbers. */
const CHECK_TIMEOUT_MS = 45_000;

const digits = Type.String({ pattern: '^\\d{5,20}$' });

export const contacts = {
  'contacts.check': definePresented({
    method: 'GET',
    path: '/sessions/:id/contacts/check',
    summary: 'Whether numbers are on WhatsApp',
    description:
      'Up to 1 000 numbers. What WhatsApp said in the last day is not asked again (`maxAgeSeconds`). The answer has the name that WhatsApp knows a number by, which may be another spelling.',
    permission: 'messages.send',
    input: { numbers: Type.Array(digits, { minItems: 1, maxItems: CHECK_MAX_NUMBERS }) },
    query: Type.Object({
      numbers: Type.String({
        minLength: 5,
        maxLength: 32_000,
        description: 'Separated by commas.',
        examples: ['+6281234567890,+5215512345678'],
      }),
      maxAgeSeconds: Type.Optional(
        Type.Integer({ minimum: 0, maximum: 30 * 86_400, default: 86_400, description: 'How old an answer may be.' }),
      ),
    }),
    answer: Type.Object({
      numbers: Type.Array(
        Type.Object({
          number: digits,
          jid: Type.Optional(Type.String()),
          lid: Type.Optional(Type.String()),
        }),
      ),
    }),
    data: CheckNumbersResultSchema,
    errors: [...CONNECTION_ERRORS, 'INVALID_RECIPIENT'],
    repeat: 'safe',
    cost: 5,
    timeoutMs: CHECK_TIMEOUT_MS,
    examples: [{ numbers: ['6281234567890'] }],
  }),
  'contacts.profile': definePresented({
    method: 'GET',
    path: '/sessions/:id/contacts/profile',
    summary: 'Picture and business profile of a contact',
    description:
      'What WhatsApp said in the last day is not asked again (`maxAgeSeconds`). The picture is shown in the contact, too.',
    permission: 'logs.view',
    input: { jid: Type.String({ pattern: '^\\d{5,20}@(s\\.whatsapp\\.net|lid)$' }) },
    query: Type.Object({
      contact: Type.String({
        minLength: 5,
        maxLength: 128,
        description: 'A phone number, a jid, or the id of a contact.',
        examples: ['+6281234567890'],
      }),
      maxAgeSeconds: Type.Optional(
        Type.Integer({ minimum: 0, maximum: 30 * 86_400, default: 86_400, description: 'How old an answer may be.' }),
      ),
    }),
    answer: Type.Object({
      pictureUrl: nullable(Type.String()),
      business: nullable(BusinessProfileSchema),
    }),
    data: ContactProfileSchema,
    errors: [...CONNECTION_ERRORS, 'INVALID_RECIPIENT', 'CONTACT_NOT_FOUND'],
    repeat: 'safe',
    cost: 2,
    examples: [{ jid: '6281234567890@s.whatsapp.net' }],
  }),
  'contacts.lid': definePresented({
    method: 'GET',
    path: '/sessions/:id/lids',
    summary: 'The LID of a phone number',
    description:
      'As the contacts know it, else as WhatsApp says now. `GET /api/sessions/{id}/lids/{lid}` is the way back.',
    permission: 'messages.send',
    input: { number: digits },
    query: Type.Object({
      phoneNumber: Type.String({ minLength: 5, maxLength: 128, examples: ['+6281234567890'] }),
    }),
    answer: Type.Object({ jid: Type.Optional(Type.String()), lid: Type.Optional(Type.String()) }),
    data: LidSchema,
    errors: [...CONNECTION_ERRORS, 'INVALID_RECIPIENT', 'CONTACT_NOT_FOUND'],
    repeat: 'safe',
    cost: 1,
    examples: [{ number: '6281234567890' }],
  }),
};

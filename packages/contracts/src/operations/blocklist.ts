import { Type } from 'typebox';
import { IdentitySchema } from '../identities.ts';
import { CONNECTION_ERRORS, definePresented } from './operation.ts';
import { EXAMPLE_JID, personBody, personJid } from './person.ts';

const tag = 'Contacts';
const list = Type.Object({ jids: Type.Array(Type.String()) });
const people = Type.Object({ contacts: Type.Array(IdentitySchema) });
const done = Type.Object({ jid: Type.String() });
const person = Type.Object({ ...IdentitySchema.properties, isBlocked: Type.Boolean() });

/** Whom the account has blocked. */
export const blocklist = {
  'blocklist.get': definePresented({
    method: 'GET',
    path: '/sessions/:id/blocklist',
    tag,
    summary: 'Whom the account has blocked',
    description: 'As WhatsApp says now. Its phone and its other devices block the same people.',
    permission: 'logs.view',
    input: {},
    answer: list,
    data: people,
    errors: CONNECTION_ERRORS,
    repeat: 'safe',
    cost: 1,
    examples: [{}],
  }),
  'blocklist.block': definePresented({
    method: 'POST',
    path: '/sessions/:id/blocklist/block',
    tag,
    summary: 'Block somebody',
    description:
      'WhatsApp passes on no messages and calls of the person any more; messages to the person are refused by phones until it is unblocked.',
    permission: 'messages.send',
    audit: 'contact.blocked',
    input: { jid: personJid },
    body: personBody,
    answer: done,
    data: person,
    errors: [...CONNECTION_ERRORS, 'INVALID_RECIPIENT', 'CONTACT_NOT_FOUND'],
    // Who is blocked already stays so.
    repeat: 'safe',
    cost: 2,
    examples: [{ jid: EXAMPLE_JID }],
  }),
  'blocklist.unblock': definePresented({
    method: 'POST',
    path: '/sessions/:id/blocklist/unblock',
    tag,
    summary: 'Unblock somebody',
    description: 'Messages that came meanwhile are not delivered later.',
    permission: 'messages.send',
    audit: 'contact.unblocked',
    input: { jid: personJid },
    body: personBody,
    answer: done,
    data: person,
    errors: [...CONNECTION_ERRORS, 'INVALID_RECIPIENT', 'CONTACT_NOT_FOUND'],
    repeat: 'safe',
    cost: 2,
    examples: [{ jid: EXAMPLE_JID }],
  }),
};

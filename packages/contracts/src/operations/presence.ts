import { Type } from 'typebox';
import { IdentitySchema } from '../identities.ts';
import { nullable, oneOf, timestamp } from '../schema.ts';
import { CONNECTION_ERRORS, defineOperation, definePresented } from './operation.ts';
import { EXAMPLE_JID, personBody, personJid, personQuery } from './person.ts';

const AVAILABILITIES = ['available', 'unavailable'] as const;
const CHAT_STATES = ['composing', 'recording', 'paused'] as const;
type State = (typeof AVAILABILITIES | typeof CHAT_STATES)[number];
const isOfChat = (state: State): boolean => (CHAT_STATES as readonly string[]).includes(state);

const input = {
  state: oneOf(
    [...AVAILABILITIES, ...CHAT_STATES],
    '`available`, `unavailable`: of the account. `composing`, `recording` (a voice message), `paused`: in the chat `to`.',
  ),
  to: Type.Optional(
    Type.String({
      minLength: 5,
      maxLength: 100,
      description: 'The chat: a phone number or a jid, as in a message. For `composing`, `recording` and `paused`.',
      examples: ['+6281234567890'],
      'x-recipient': true,
    }),
  ),
};

/** What people do, as WhatsApp tells it. */
export const PRESENCE_STATES = ['online', 'offline', 'typing', 'recording', 'unknown'] as const;

const known = Type.Object({
  state: oneOf(PRESENCE_STATES, '`unknown`: WhatsApp has told nothing, or the person hides it from this account.'),
  lastSeenAt: nullable(timestamp('When the person was last online, where it shows that.')),
  asOf: nullable(timestamp('When WhatsApp said so last.')),
});
const ofPerson = Type.Object({ ...IdentitySchema.properties, ...known.properties });
const personErrors = [...CONNECTION_ERRORS, 'INVALID_RECIPIENT', 'CONTACT_NOT_FOUND'] as const;

export const presence = {
  'presence.subscribe': definePresented({
    method: 'POST',
    path: '/sessions/:id/presence/subscribe',
    tag: 'Contacts',
    summary: 'Watch whether somebody is online',
    description: [
      'From now on GET shows what WhatsApp told last. It tells it while the account is `available` itself,',
      'and to whom the person shows it. The session subscribes again after a new connection; nothing of it is stored.',
    ].join(' '),
    permission: 'messages.send',
    unaudited: 'it changes nothing of the account or of the person',
    input: { jid: personJid },
    body: personBody,
    answer: known,
    data: ofPerson,
    errors: personErrors,
    repeat: 'safe',
    cost: 1,
    examples: [{ jid: EXAMPLE_JID }],
  }),
  'presence.get': definePresented({
    method: 'GET',
    path: '/sessions/:id/presence',
    tag: 'Contacts',
    summary: 'Whether somebody is online, as WhatsApp has said last',
    description: 'For people that the session watches; of others the state is `unknown`.',
    permission: 'logs.view',
    input: { jid: personJid },
    query: personQuery,
    answer: known,
    data: ofPerson,
    errors: personErrors,
    repeat: 'safe',
    cost: 0,
    examples: [{ jid: EXAMPLE_JID }],
  }),
  'presence.set': defineOperation({
    method: 'POST',
    path: '/sessions/:id/presence',
    summary: 'Show that the account is online, or is typing',
    description:
      'Contacts see it as of a phone. While the account is `available`, its phone does not ring. A chat state lasts some seconds; WhatsApp keeps none of this.',
    permission: 'messages.send',
    unaudited: 'who is online or typing is over in seconds, and nothing keeps it',
    input,
    objection({ state, to }) {
      if (isOfChat(state) && to === undefined)
        return `The state \`${state}\` is shown in a chat: say which one with \`to\`.`;
      if (!isOfChat(state) && to !== undefined) return `The state \`${state}\` is the account's: leave out \`to\`.`;
      return undefined;
    },
    answer: Type.Object({ state: input.state }),
    errors: [...CONNECTION_ERRORS, 'INVALID_RECIPIENT'],
    repeat: 'safe',
    cost: 1,
    examples: [
      { state: 'composing', to: '+6281234567890' },
      { state: 'recording', to: '+6281234567890' },
      { state: 'paused', to: '+6281234567890' },
      { state: 'available' },
      { state: 'unavailable' },
    ],
  }),
};

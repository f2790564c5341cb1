import { Type } from 'typebox';
import { oneOf } from '../schema.ts';
import { CONNECTION_ERRORS, defineOperation } from './operation.ts';

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

export const presence = {
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

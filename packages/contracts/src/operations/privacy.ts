import { Type } from 'typebox';
import { nullable, oneOf } from '../schema.ts';
import { CONNECTION_ERRORS, defineOperation } from './operation.ts';

const tag = 'Profile and privacy';

/** Who may see or do something. */
export const PRIVACY_AUDIENCES = ['everyone', 'contacts', 'contacts_except', 'nobody'] as const;
/** The times that phones offer for new chats, in seconds; 0: messages stay. */
export const DISAPPEARING_SECONDS = [0, 86_400, 604_800, 7_776_000] as const;

const NOT_BY_US = 'The exceptions of `contacts_except` are chosen on the phone.';
const seen = (what: string) => oneOf(PRIVACY_AUDIENCES, `Who sees ${what}. ${NOT_BY_US}`);
const settable = (what: string) => oneOf(['everyone', 'contacts', 'nobody'] as const, `Who sees ${what}.`);
const online = oneOf(['everyone', 'same_as_last_seen'] as const, 'Who sees that the account is online.');
const calls = oneOf(
  ['everyone', 'known'] as const,
  '`known`: calls of people that the account does not know do not ring.',
);
const messages = oneOf(['everyone', 'contacts'] as const, 'Who may write to the account.');
const readReceipts = Type.Boolean({
  description: 'Whether senders see that the account has read. In groups they always do.',
});
const disappearing = {
  type: 'integer',
  enum: [...DISAPPEARING_SECONDS],
  description: 'After how many seconds messages of new chats vanish; 0: never.',
};

export const PrivacySchema = Type.Object({
  lastSeen: nullable(seen('when the account was last online')),
  online: nullable(online),
  picture: nullable(seen('the picture')),
  about: nullable(seen('the about text')),
  groups: nullable(oneOf(PRIVACY_AUDIENCES, `Who may add the account to groups. ${NOT_BY_US}`)),
  calls: nullable(calls),
  messages: nullable(messages),
  readReceipts: nullable(readReceipts),
  disappearingSeconds: nullable(Type.Integer({ description: disappearing.description })),
});

/** Who sees what of the account, and may do what with it. */
export const privacy = {
  'privacy.get': defineOperation({
    method: 'GET',
    path: '/sessions/:id/privacy',
    tag,
    summary: 'The privacy settings of the account',
    description: 'As WhatsApp says now. `null`: WhatsApp does not tell this setting.',
    permission: 'logs.view',
    input: {},
    answer: PrivacySchema,
    errors: CONNECTION_ERRORS,
    repeat: 'safe',
    cost: 2,
    examples: [{}],
  }),
  'privacy.set': defineOperation({
    method: 'PATCH',
    path: '/sessions/:id/privacy',
    tag,
    summary: 'Change privacy settings of the account',
    description:
      'Settings that are left out stay as they are. Each is a change of its own at WhatsApp: when one is refused, those before it are made. The answer has all of them as they are then.',
    permission: 'system.manage',
    audit: 'privacy.changed',
    input: {
      lastSeen: Type.Optional(settable('when the account was last online')),
      online: Type.Optional(online),
      picture: Type.Optional(settable('the picture')),
      about: Type.Optional(settable('the about text')),
      groups: Type.Optional(oneOf(['everyone', 'contacts'] as const, 'Who may add the account to groups.')),
      calls: Type.Optional(calls),
      messages: Type.Optional(messages),
      readReceipts: Type.Optional(readReceipts),
      disappearingSeconds: Type.Optional(Type.Unsafe<(typeof DISAPPEARING_SECONDS)[number]>(disappearing)),
    },
    objection: (input) => (Object.keys(input).length === 0 ? 'Give at least one setting.' : undefined),
    answer: PrivacySchema,
    errors: CONNECTION_ERRORS,
    // The same value a second time changes nothing.
    repeat: 'safe',
    cost: 5,
    examples: [
      { lastSeen: 'contacts', readReceipts: false, disappearingSeconds: 604_800 },
      { lastSeen: 'everyone', readReceipts: true, disappearingSeconds: 0 },
    ],
  }),
};

import { type Static, Type } from 'typebox';
import { nullable, oneOf, timestamp } from './schema.ts';

/** The jid of a channel, as a regular expression. */
export const CHANNEL_PATTERN = '^\\d{5,32}@newsletter$';
export const EXAMPLE_CHANNEL = '120363401234567890@newsletter';

/** The jid of a channel. */
export const ChannelIdSchema = Type.String({
  pattern: CHANNEL_PATTERN,
  description: 'The id of the channel.',
  examples: [EXAMPLE_CHANNEL],
});

/** The jid of a channel, or the code of its link. */
export const ChannelNameSchema = Type.String({
  pattern: `${CHANNEL_PATTERN}|^[A-Za-z0-9_-]{15,40}$`,
  description: 'The id of the channel, or the code at the end of its link `https://whatsapp.com/channel/<code>`.',
  examples: [EXAMPLE_CHANNEL],
});

export const CHANNEL_ROLES = ['owner', 'admin', 'follower', 'guest'] as const;

export const CHANNEL_STATES = ['active', 'suspended', 'geosuspended', 'deleted'] as const;

export const ChannelSchema = Type.Object({
  id: ChannelIdSchema,
  name: Type.String(),
  description: Type.String({ description: 'Empty: none.' }),
  inviteCode: nullable(Type.String({ description: 'What stands at the end of its link.' })),
  inviteLink: nullable(Type.String({ examples: ['https://whatsapp.com/channel/0029VaABCDEFGHIJKLMNOPQR'] })),
  followers: Type.Integer({ minimum: 0 }),
  isVerified: Type.Boolean({ description: 'WhatsApp has verified whose channel it is.' }),
  pictureUrl: nullable(Type.String({ description: 'At WhatsApp; it ends after some days.' })),
  state: oneOf(CHANNEL_STATES),
  role: oneOf(CHANNEL_ROLES, 'Of this account. `guest`: it does not follow the channel.'),
  isMuted: Type.Boolean({ description: 'For this account.' }),
  createdAt: nullable(timestamp()),
});
export type Channel = Static<typeof ChannelSchema>;

export const ChannelPostSchema = Type.Object({
  serverId: Type.String({ description: 'The number of the post in its channel.', examples: ['117'] }),
  waMessageId: nullable(Type.String({ description: 'The id of WhatsApp, as in messages and events.' })),
  type: Type.String({ description: 'As of a message.', examples: ['text'] }),
  text: nullable(Type.String({ description: 'The text, or the caption.' })),
  fromMe: Type.Boolean({ description: 'This account has posted it.' }),
  postedAt: nullable(timestamp()),
  views: Type.Integer({ minimum: 0 }),
  reactions: Type.Array(Type.Object({ emoji: Type.String(), count: Type.Integer({ minimum: 0 }) })),
});
export type ChannelPost = Static<typeof ChannelPostSchema>;

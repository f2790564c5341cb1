import { Type } from 'typebox';
import { ChannelIdSchema, ChannelNameSchema, ChannelPostSchema, ChannelSchema, EXAMPLE_CHANNEL } from '../channels.ts';
import { NOT_BLANK, nullable } from '../schema.ts';
import { CONNECTION_ERRORS, defineOperation } from './operation.ts';

/** The limits of WhatsApp's own clients. */
const MOST = { name: 100, description: 2_048, posts: 100, found: 50 } as const;
/** Characters of a picture as base64. The body of a request has at most 1 MB. */
const PICTURE_LENGTH = 700_000;
/** Milliseconds. WhatsApp answers at once, or not at all. */
const TIMEOUT_MS = 20_000;

const tag = 'Channels';
const name = Type.String({ minLength: 1, maxLength: MOST.name, pattern: NOT_BLANK, examples: ['Offers of the week'] });
const description = Type.String({ maxLength: MOST.description, examples: ['New every Monday.'] });
const picture = Type.String({
  maxLength: PICTURE_LENGTH,
  pattern: '^/9j/[A-Za-z0-9+/]+={0,2}$',
  description: 'A JPEG as base64; WhatsApp shows it as a circle of at most 640 pixels.',
});
const serverId = Type.String({
  pattern: '^\\d{1,20}$',
  description: 'The number of the post, which the list of posts has.',
  examples: ['117'],
});
const waMessageId = Type.String({
  pattern: '^[A-Za-z0-9._-]{4,128}$',
  description: 'The id of WhatsApp of the post (`waMessageId`).',
  examples: ['3EB0A1B2C3D4E5F6A7B8C9'],
});
const channel = ChannelIdSchema;
const common = { tag, errors: CONNECTION_ERRORS, timeoutMs: TIMEOUT_MS } as const;

/** What an account does with channels. A channel is written to by the ordinary routes of messages. */
export const channels = {
  'channels.list': defineOperation({
    ...common,
    method: 'GET',
    path: '/sessions/:id/channels',
    summary: 'Channels that the account owns or follows',
    permission: 'logs.view',
    input: {},
    answer: Type.Object({ channels: Type.Array(ChannelSchema) }),
    repeat: 'safe',
    cost: 2,
    examples: [{}],
  }),
  'channels.create': defineOperation({
    ...common,
    method: 'POST',
    path: '/sessions/:id/channels',
    summary: 'Create a channel',
    description: 'The account becomes its owner.',
    permission: 'messages.send',
    audit: 'channel.created',
    input: { name, description: Type.Optional(description), picture: Type.Optional(picture) },
    answer: ChannelSchema,
    repeat: 'only-if-refused',
    cost: 2,
    examples: [{ name: 'Offers of the week', description: 'New every Monday.' }],
  }),
  'channels.search': defineOperation({
    ...common,
    method: 'GET',
    path: '/sessions/:id/channels/search',
    summary: 'Find public channels by words',
    description:
      'In the directory of WhatsApp. `cursor` of an answer is where the next page begins; null: there is none.',
    permission: 'logs.view',
    input: {
      text: Type.String({ minLength: 1, maxLength: 200, pattern: NOT_BLANK, examples: ['offers'] }),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST.found, default: 20 })),
      cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000 })),
    },
    answer: Type.Object({ channels: Type.Array(ChannelSchema), cursor: nullable(Type.String()) }),
    repeat: 'safe',
    cost: 3,
    examples: [{ text: 'Offers', limit: 10 }],
  }),
  'channels.get': defineOperation({
    ...common,
    method: 'GET',
    path: '/sessions/:id/channels/:channel',
    summary: 'A channel, by its id or its link',
    description: 'Also one that the account does not follow.',
    permission: 'logs.view',
    input: { channel: ChannelNameSchema },
    answer: ChannelSchema,
    repeat: 'safe',
    cost: 1,
    examples: [{ channel: EXAMPLE_CHANNEL }],
  }),
  'channels.update': defineOperation({
    ...common,
    method: 'PATCH',
    path: '/sessions/:id/channels/:channel',
    summary: 'Change name, description or picture of a channel',
    description: 'For its owner and its admins. What is left out stays.',
    permission: 'messages.send',
    audit: 'channel.updated',
    input: {
      channel,
      name: Type.Optional(name),
      description: Type.Optional(description),
      picture: Type.Optional(nullable(picture)),
    },
    objection: (input) =>
      input.name === undefined && input.description === undefined && input.picture === undefined
        ? 'Nothing is to be changed: give `name`, `description` or `picture` (null takes the picture away).'
        : undefined,
    answer: ChannelSchema,
    // It sets values: once more sets the same ones.
    repeat: 'safe',
    cost: 2,
    examples: [
      { channel: EXAMPLE_CHANNEL, name: 'Offers of the month', description: '' },
      { channel: EXAMPLE_CHANNEL, picture: null },
    ],
  }),
  'channels.delete': defineOperation({
    ...common,
    method: 'DELETE',
    path: '/sessions/:id/channels/:channel',
    summary: 'Delete a channel of the account',
    description: 'With all its posts, for everybody and for ever. For its owner.',
    permission: 'messages.send',
    audit: 'channel.deleted',
    input: { channel },
    answer: Type.Object({ id: ChannelIdSchema }),
    repeat: 'only-if-refused',
    cost: 1,
    examples: [{ channel: EXAMPLE_CHANNEL }],
  }),
  'channels.follow': defineOperation({
    ...common,
    method: 'PUT',
    path: '/sessions/:id/channels/:channel/follow',
    summary: 'Follow a channel',
    description: 'Its posts then come as messages. By its id, or by the code of its link.',
    permission: 'messages.send',
    audit: 'channel.followed',
    input: { channel: ChannelNameSchema },
    answer: ChannelSchema,
    // Who follows already is told the same.
    repeat: 'safe',
    cost: 3,
    examples: [{ channel: EXAMPLE_CHANNEL }],
  }),
  'channels.unfollow': defineOperation({
    ...common,
    method: 'DELETE',
    path: '/sessions/:id/channels/:channel/follow',
    summary: 'Follow a channel no longer',
    permission: 'messages.send',
    audit: 'channel.unfollowed',
    input: { channel },
    answer: Type.Object({ id: ChannelIdSchema }),
    repeat: 'safe',
    cost: 1,
    examples: [{ channel: EXAMPLE_CHANNEL }],
  }),
  'channels.mute': defineOperation({
    ...common,
    method: 'PUT',
    path: '/sessions/:id/channels/:channel/mute',
    summary: 'Mute a channel, or let it be heard again',
    description: 'For the notifications on the devices of the account; its posts come all the same.',
    permission: 'messages.send',
    unaudited: 'it changes the notifications on the phone of the account and nothing else',
    input: { channel, isMuted: Type.Boolean() },
    answer: Type.Object({ id: ChannelIdSchema, isMuted: Type.Boolean() }),
    repeat: 'safe',
    cost: 1,
    examples: [
      { channel: EXAMPLE_CHANNEL, isMuted: true },
      { channel: EXAMPLE_CHANNEL, isMuted: false },
    ],
  }),
  'channels.posts': defineOperation({
    ...common,
    method: 'GET',
    path: '/sessions/:id/channels/:channel/posts',
    summary: 'Posts of a channel with their views and reactions',
    description:
      'The newest first, as WhatsApp has them now. `before` is the `serverId` from which older ones are read.',
    permission: 'logs.view',
    input: {
      channel,
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST.posts, default: 50 })),
      before: Type.Optional(serverId),
    },
    answer: Type.Object({ posts: Type.Array(ChannelPostSchema) }),
    repeat: 'safe',
    cost: 2,
    examples: [{ channel: EXAMPLE_CHANNEL, limit: 20 }],
  }),
  'channels.react': defineOperation({
    ...common,
    method: 'PUT',
    path: '/sessions/:id/channels/:channel/posts/:serverId/reaction',
    summary: 'React to a post of a channel, or take the reaction back',
    description: 'An account has one reaction to a post: another one takes its place.',
    permission: 'messages.send',
    unaudited: 'a reaction is counted and names nobody; the next one takes its place',
    input: {
      channel,
      serverId,
      emoji: nullable(Type.String({ minLength: 1, maxLength: 32, pattern: NOT_BLANK, description: 'null: none.' })),
    },
    answer: Type.Object({ id: ChannelIdSchema, serverId, emoji: nullable(Type.String()) }),
    repeat: 'safe',
    cost: 1,
    examples: [
      { channel: EXAMPLE_CHANNEL, serverId: '117', emoji: '👍' },
      { channel: EXAMPLE_CHANNEL, serverId: '117', emoji: null },
    ],
  }),
  'channels.editPost': defineOperation({
    ...common,
    method: 'PATCH',
    path: '/sessions/:id/channels/:channel/posts/:waMessageId',
    summary: 'Edit the text of a post of the account',
    permission: 'messages.send',
    audit: 'channel.post_edited',
    input: {
      channel,
      waMessageId,
      text: Type.String({ minLength: 1, maxLength: 65_536, pattern: NOT_BLANK, examples: ['Until Friday.'] }),
    },
    answer: Type.Object({ id: ChannelIdSchema, waMessageId }),
    // The text that it sets is the same when it is set again.
    repeat: 'safe',
    cost: 1,
    examples: [{ channel: EXAMPLE_CHANNEL, waMessageId: '3EB0A1B2C3D4E5F6A7B8C9', text: 'Until Friday.' }],
  }),
  'channels.deletePost': defineOperation({
    ...common,
    method: 'DELETE',
    path: '/sessions/:id/channels/:channel/posts/:waMessageId',
    summary: 'Delete a post of the account, for everybody',
    permission: 'messages.send',
    audit: 'channel.post_deleted',
    input: { channel, waMessageId },
    answer: Type.Object({ id: ChannelIdSchema, waMessageId }),
    repeat: 'only-if-refused',
    cost: 1,
    examples: [{ channel: EXAMPLE_CHANNEL, waMessageId: '3EB0A1B2C3D4E5F6A7B8C9' }],
  }),
};

import { Type } from 'typebox';
import { ChannelIdSchema, ChannelSchema, EXAMPLE_CHANNEL } from '../channels.ts';
import { event } from './event.ts';

const inChannel = { chat: ChannelIdSchema };
const { name, description, pictureUrl, state, role, isMuted } = ChannelSchema.properties;
const example = { chat: EXAMPLE_CHANNEL };

/** Events of channels, of which WhatsApp tells every device of an account that follows or owns them. */
export const CHANNEL_EVENTS = {
  'channel.followed': event({
    summary: 'The account follows a channel from now on, or has made one, here or on another device.',
    data: Type.Object({ ...inChannel, name, description, role, isMuted }),
    example: {
      ...example,
      name: 'Offers of the week',
      description: 'New every Monday.',
      role: 'follower',
      isMuted: false,
    },
    keep: 'log',
  }),
  'channel.unfollowed': event({
    summary: 'The account does not follow a channel any more.',
    data: Type.Object(inChannel),
    example,
    keep: 'log',
  }),
  'channel.updated': event({
    summary:
      'A channel has another name, description, picture or state, or the account has muted it. Has what WhatsApp tells, as it is from now on.',
    data: Type.Object({
      ...inChannel,
      name: Type.Optional(name),
      description: Type.Optional(description),
      pictureUrl: Type.Optional(pictureUrl),
      state: Type.Optional(state),
      isMuted: Type.Optional(isMuted),
    }),
    example: { ...example, name: 'Offers of today', description: 'New every day.', pictureUrl: null, state: 'active' },
    keep: 'log',
  }),
  'channel.deleted': event({
    summary: 'A channel was deleted by its owner, with all of its posts.',
    data: Type.Object(inChannel),
    example,
    keep: 'log',
  }),
};

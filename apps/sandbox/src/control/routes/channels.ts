import { createHash, randomBytes } from 'node:crypto';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { type Static, Type } from 'typebox';
import type { ChannelPost, Channel as StoredChannel } from '../../accounts/channel.ts';
import { SandboxError } from '../../errors.ts';
import { fileOf } from '../../server/channel-messages.ts';
import type { ServerContext } from '../../server/context.ts';
import { PLAIN_PREFIX, storedPath } from '../../server/media-host.ts';
import { Refusal } from '../schemas.ts';

const tags = ['channels'];

const PhoneNumber = Type.String({ pattern: '^\\d{5,20}$' });
const Params = Type.Object({ id: Type.String({ pattern: '^\\d+(@newsletter)?$' }) });

const Post = Type.Object({
  serverId: Type.Integer({ description: 'Counts up in its channel' }),
  id: Type.String(),
  by: Type.String(),
  type: Type.String(),
  mediatype: Type.Union([Type.String(), Type.Null()]),
  text: Type.Union([Type.String(), Type.Null()]),
  isDeleted: Type.Boolean(),
  isEdited: Type.Boolean(),
  views: Type.Integer(),
  reactions: Type.Record(Type.String(), Type.String(), { description: 'By number' }),
});

const Channel = Type.Object({
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  inviteCode: Type.String(),
  picture: Type.Union([Type.String(), Type.Null()]),
  roles: Type.Record(Type.String(), Type.String(), { description: 'By number: owner, admin or subscriber' }),
  muted: Type.Array(Type.String()),
  posts: Type.Array(Post),
});

function channelView(channel: StoredChannel): Static<typeof Channel> {
  const { jid, name, description, inviteCode, picture, roles, muted, posts } = channel;
  const shown = posts.map(({ plaintext, serverId, id, by, type, mediatype, isEdited, views, reactions }) => ({
    ...{ serverId, id, by, type, mediatype, isEdited, views, reactions },
    text: plaintext === null ? null : textOf(plaintext),
    isDeleted: plaintext === null,
  }));
  const people = Object.fromEntries(roles);
  return { id: jid, name, description, inviteCode, picture, roles: people, muted: [...muted], posts: shown };
}

function textOf(plaintext: string): string | null {
  const bytes = Buffer.from(plaintext, 'base64');
  const { conversation, extendedTextMessage } = proto.Message.decode(bytes);
  const file = fileOf(bytes);
  return conversation || extendedTextMessage?.text || (file && 'caption' in file && file.caption) || null;
}

function postOf(channel: StoredChannel, serverId: number): ChannelPost {
  const post = channel.posts.find((each) => each.serverId === serverId);
  if (!post) throw new SandboxError(404, 'POST_NOT_FOUND', `There is no post ${serverId}; see GET /channels.`);
  return post;
}

/** Channels: phones create, follow and post. */
export const channelRoutes: FastifyPluginAsyncTypebox<{ context: ServerContext }> = async (app, { context }) => {
  const { directory, channels, channelActions } = context;
  const body = { additionalProperties: false };

  app.post(
    '/channels',
    {
      schema: {
        tags,
        summary: 'A phone creates a channel',
        body: Type.Object(
          {
            owner: PhoneNumber,
            name: Type.String({ minLength: 1 }),
            description: Type.Optional(Type.String()),
            followers: Type.Optional(Type.Array(PhoneNumber, { description: 'Phones that follow it' })),
          },
          body,
        ),
        response: { 201: Channel, 404: Refusal },
      },
    },
    async (request, reply) => {
      const { owner, name, description = '', followers = [] } = request.body;
      const channel = channelActions.create(directory.get(owner), { name, description });
      for (const number of followers) channelActions.follow(channel, directory.get(number));
      return reply.code(201).send(channelView(channel));
    },
  );

  app.get(
    '/channels',
    { schema: { tags, summary: 'All channels', response: { 200: Type.Object({ channels: Type.Array(Channel) }) } } },
    async () => ({ channels: channels.all().map(channelView) }),
  );

  app.get(
    '/channels/:id',
    { schema: { tags, summary: 'One channel', params: Params, response: { 200: Channel, 404: Refusal } } },
    async (request) => channelView(channels.get(request.params.id)),
  );

  app.patch(
    '/channels/:id',
    {
      schema: {
        tags,
        summary: 'Its owner changes name or description, or phones follow and unfollow',
        params: Params,
        body: Type.Object(
          {
            name: Type.Optional(Type.String({ minLength: 1 })),
            description: Type.Optional(Type.String()),
            follow: Type.Optional(Type.Array(PhoneNumber)),
            unfollow: Type.Optional(Type.Array(PhoneNumber)),
          },
          body,
        ),
        response: { 200: Channel, 404: Refusal },
      },
    },
    async (request) => {
      const channel = channels.get(request.params.id);
      const { name, description, follow = [], unfollow = [] } = request.body;
      if (name !== undefined || description !== undefined)
        channelActions.update(channel, {
          ...(name !== undefined && { name }),
          ...(description !== undefined && { description }),
        });
      for (const number of follow) channelActions.follow(channel, directory.get(number));
      for (const number of unfollow) channelActions.unfollow(channel, directory.get(number));
      return channelView(channel);
    },
  );

  app.post(
    '/channels/:id/posts',
    {
      schema: {
        tags,
        summary: 'Its owner or an admin posts a text, or a picture with a caption',
        params: Params,
        body: Type.Object(
          {
            by: Type.Optional(PhoneNumber),
            text: Type.String({ minLength: 1 }),
            image: Type.Optional(Type.String({ minLength: 4, description: 'As base64; it is not encrypted' })),
          },
          body,
        ),
        response: { 201: Post, 403: Refusal, 404: Refusal },
      },
    },
    async (request, reply) => {
      const channel = channels.get(request.params.id);
      const owner = [...channel.roles].find(([, role]) => role === 'owner')?.[0] ?? '';
      const author = directory.get(request.body.by ?? owner);
      if (!channel.mayPost(author.number))
        throw new SandboxError(403, 'NOT_AN_ADMIN', `Phone ${author.number} neither owns nor manages ${channel.jid}.`);
      const id = `3EB0${randomBytes(9).toString('hex').toUpperCase()}`;
      const { text, image } = request.body;
      const content =
        image === undefined ? { conversation: text } : await pictureOf(Buffer.from(image, 'base64'), text);
      const kind = image === undefined ? { type: 'text', mediatype: null } : { type: 'media', mediatype: 'image' };
      const plaintext = Buffer.from(proto.Message.encode(content).finish());
      const { serverId } = channelActions.post(channel, author, { id, ...kind, plaintext });
      const post = channelView(channel).posts.find((each) => each.serverId === serverId)!;
      return reply.code(201).send(post);
    },
  );

  async function pictureOf(bytes: Buffer, caption: string): Promise<proto.IMessage> {
    const directPath = `${PLAIN_PREFIX}${await context.media.put(bytes)}`;
    const fileSha256 = createHash('sha256').update(bytes).digest();
    const imageMessage = { directPath, fileSha256, fileLength: bytes.length, mimetype: 'image/png', caption };
    return { imageMessage };
  }

  app.get(
    '/channels/:id/posts/:serverId/media',
    {
      schema: {
        tags,
        summary: 'The file of a post',
        params: Type.Object({ ...Params.properties, serverId: Type.Integer() }),
        response: { 200: Type.Unsafe<Buffer>({ type: 'string', format: 'binary' }), 404: Refusal, 422: Refusal },
      },
    },
    async (request, reply) => {
      const post = postOf(channels.get(request.params.id), request.params.serverId);
      const file = post.plaintext === null ? undefined : fileOf(Buffer.from(post.plaintext, 'base64'));
      const bytes = file && (await context.media.read(storedPath(file.directPath ?? '')));
      if (!bytes) throw new SandboxError(404, 'NO_MEDIA', `Post ${post.serverId} has no file on the media host.`);
      if (
        !createHash('sha256')
          .update(bytes)
          .digest()
          .equals(Buffer.from(file.fileSha256 ?? []))
      )
        throw new SandboxError(422, 'MEDIA_REFUSED', `The file of post ${post.serverId} has another hash.`);
      return reply.type(file.mimetype ?? 'application/octet-stream').send(bytes);
    },
  );

  app.post(
    '/channels/:id/posts/:serverId/reactions',
    {
      schema: {
        tags,
        summary: 'A phone looks at a post, and reacts to it',
        params: Type.Object({ ...Params.properties, serverId: Type.Integer() }),
        body: Type.Object({ by: PhoneNumber, emoji: Type.Optional(Type.String({ minLength: 1 })) }, body),
        response: { 200: Channel, 404: Refusal },
      },
    },
    async (request) => {
      const channel = channels.get(request.params.id);
      const post = postOf(channel, request.params.serverId);
      post.views += 1;
      channelActions.react(channel, post, directory.get(request.body.by), request.body.emoji ?? null);
      return channelView(channel);
    },
  );
};

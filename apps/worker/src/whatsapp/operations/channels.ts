import { randomBytes } from 'node:crypto';
import type { Channel } from '@wa-gate/contracts';
import { proto, S_WHATSAPP_NET, type WASocket } from '../baileys.ts';
import { readChannel, readChannels, readPosts } from '../channel-nodes.ts';
import { askMex, type MexQuery } from '../mex.ts';
import { askNode, childOf, nodeOf, tellNode } from '../nodes.ts';
import type { Performers } from './operation-socket.ts';

/** WhatsApp's numbers of its queries: those of Baileys, and of its web client for the list and the directory. */
const QUERIES = {
  create: { id: '8823471724422422', path: 'xwa2_newsletter_create' },
  update: { id: '24250201037901610', path: 'xwa2_newsletter_update' },
  get: { id: '6563316087068696', path: 'xwa2_newsletter' },
  list: { id: '6388546374527196', path: 'xwa2_newsletter_subscribed' },
  search: { id: '6802402206520139', path: 'xwa2_newsletters_directory_search' },
  follow: { id: '24404358912487870', path: 'xwa2_newsletter_join_v2' },
  unfollow: { id: '9767147403369991', path: 'xwa2_newsletter_leave_v2' },
  mute: { id: '29766401636284406', path: 'xwa2_newsletter_mute_v2' },
  unmute: { id: '9864994326891137', path: 'xwa2_newsletter_unmute_v2' },
  delete: { id: '30062808666639665', path: 'xwa2_newsletter_delete_v2' },
} as const satisfies Record<string, MexQuery>;

const DEFAULTS = { found: 20, posts: 50 } as const;

/** What an `edit` attribute says to WhatsApp's server about a post. */
const EDIT = { edited: '3', reactionTakenBack: '7', deleted: '8' } as const;

export const channels: Performers<'channels'> = {
  async 'channels.list'({ sock }) {
    return { channels: readChannels(await askMex(sock, QUERIES.list, {})) };
  },
  async 'channels.create'({ sock }, { name, description, picture }) {
    const input = { name, description: description ?? null, ...(picture !== undefined && { picture }) };
    return readChannel(await askMex(sock, QUERIES.create, { input }));
  },
  async 'channels.search'({ sock }, { text, limit = DEFAULTS.found, cursor }) {
    const input = { search_text: text, categories: [], limit, ...(cursor !== undefined && { start_cursor: cursor }) };
    const found = (await askMex(sock, QUERIES.search, { fetch_status_metadata: false, input })) as {
      result?: unknown;
      page_info?: { hasNextPage?: boolean; endCursor?: string | null };
    };
    const page = found.page_info;
    return { channels: readChannels(found.result), cursor: page?.hasNextPage ? (page.endCursor ?? null) : null };
  },
  'channels.get': ({ sock }, { channel }) => read(sock, channel),
  async 'channels.update'({ sock }, { channel, name, description, picture }) {
    const updates = {
      ...(name !== undefined && { name }),
      ...(description !== undefined && { description }),
      // WhatsApp takes an empty picture for none.
      ...(picture !== undefined && { picture: picture ?? '' }),
      settings: null,
    };
    await askMex(sock, QUERIES.update, { newsletter_id: channel, updates });
    return await read(sock, channel);
  },
  async 'channels.delete'({ sock }, { channel }) {
    await askMex(sock, QUERIES.delete, { newsletter_id: channel });
    return { id: channel };
  },
  async 'channels.follow'({ sock }, { channel }) {
    const { id } = channel.includes('@') ? { id: channel } : await read(sock, channel);
    await askMex(sock, QUERIES.follow, { newsletter_id: id });
    return await read(sock, id);
  },
  async 'channels.unfollow'({ sock }, { channel }) {
    await askMex(sock, QUERIES.unfollow, { newsletter_id: channel });
    return { id: channel };
  },
  async 'channels.mute'({ sock }, { channel, isMuted }) {
    await askMex(sock, isMuted ? QUERIES.mute : QUERIES.unmute, { newsletter_id: channel });
    return { id: channel, isMuted };
  },
  async 'channels.posts'({ sock }, { channel, limit = DEFAULTS.posts, before }) {
    const range = { type: 'jid', jid: channel, count: String(limit), ...(before !== undefined && { before }) };
    const attrs = { to: S_WHATSAPP_NET, type: 'get', xmlns: 'newsletter' };
    const answer = await askNode(sock, nodeOf('iq', attrs, [nodeOf('messages', range)]));
    return { posts: readPosts(childOf(answer, 'messages')) };
  },
  async 'channels.react'({ sock }, { channel, serverId, emoji }) {
    const attrs = { to: channel, id: newId(), type: 'reaction', server_id: serverId };
    const taken = emoji === null ? { edit: EDIT.reactionTakenBack } : {};
    await tellNode(
      sock,
      nodeOf('message', { ...attrs, ...taken }, [nodeOf('reaction', emoji === null ? {} : { code: emoji })]),
    );
    return { id: channel, serverId, emoji };
  },
  async 'channels.editPost'({ sock }, { channel, waMessageId, text }) {
    const content = Buffer.from(proto.Message.encode({ extendedTextMessage: { text } }).finish());
    const attrs = { to: channel, id: waMessageId, type: 'text', edit: EDIT.edited };
    await tellNode(sock, nodeOf('message', attrs, [{ tag: 'plaintext', attrs: {}, content }]));
    return { id: channel, waMessageId };
  },
  async 'channels.deletePost'({ sock }, { channel, waMessageId }) {
    const attrs = { to: channel, id: waMessageId, type: 'text', edit: EDIT.deleted };
    await tellNode(sock, nodeOf('message', attrs, [nodeOf('plaintext')]));
    return { id: channel, waMessageId };
  },
};

const newId = () => `3EB0${randomBytes(9).toString('hex').toUpperCase()}`;

async function read(sock: WASocket, channel: string): Promise<Channel> {
  const input = { key: channel, type: channel.includes('@') ? 'JID' : 'INVITE' };
  const wanted = { fetch_creation_time: true, fetch_full_image: true, fetch_viewer_metadata: true, input };
  return readChannel(await askMex(sock, QUERIES.get, wanted));
}

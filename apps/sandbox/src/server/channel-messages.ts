import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import type { Companion } from '../accounts/account.ts';
import type { Channel } from '../accounts/channel.ts';
import { unixSeconds } from '../clock.ts';
import { type BinaryNode, bytes, child, node } from '../wire/node.ts';
import type { Connection } from './connection.ts';
import type { ServerContext } from './context.ts';
import { PLAIN_PREFIX } from './media-host.ts';
import { rejectionFor } from './message-faults.ts';

/** What the attribute `edit` of a stanza to a channel asks for. */
const EDIT = { edited: '3', deleted: '8' } as const;

/** The file of a post; `undefined`: it has none. */
export function fileOf(content: Uint8Array) {
  const { documentWithCaptionMessage: envelope, ...message } = proto.Message.decode(content);
  const { imageMessage, videoMessage, ptvMessage, audioMessage, documentMessage, stickerMessage } =
    envelope?.message ?? message;
  return imageMessage ?? videoMessage ?? ptvMessage ?? audioMessage ?? documentMessage ?? stickerMessage ?? undefined;
}

/** A post, a change of one, or a reaction of a companion. The acknowledgement has the code of a refusal. */
export function handleChannelMessage(
  context: ServerContext,
  connection: Connection,
  companion: Companion,
  stanza: BinaryNode,
): void {
  const { id = '', to = '' } = stanza.attrs;
  const record = context.recorder.messageUp(connection.stream!, companion.key, id, to);
  const channel = context.channels.find(to);
  const error = rejectionFor(context, companion, to) ?? (channel ? apply(context, companion, stanza, channel) : '404');
  context.journal.afterFlush(() => {
    record.ackedAt = Date.now();
    record.ack = error;
    const attrs = { class: 'message', id, from: to, t: String(unixSeconds()), error: error ?? undefined };
    connection.send(node('ack', attrs));
  });
}

/** @returns the code of the refusal */
function apply(context: ServerContext, companion: Companion, stanza: BinaryNode, channel: Channel): string | null {
  const { id = '', type = 'text', edit, server_id: serverId } = stanza.attrs;
  const { account } = companion;
  const { channelActions } = context;
  if (type === 'reaction') {
    const post = channel.posts.find((each) => String(each.serverId) === serverId);
    if (!post) return '404';
    if (!channel.roles.has(account.number)) return '403';
    channelActions.react(channel, post, account, child(stanza, 'reaction')?.attrs.code ?? null);
    return null;
  }
  if (!channel.mayPost(account.number)) return '403';
  const plaintext = child(stanza, 'plaintext');
  if (edit === EDIT.edited || edit === EDIT.deleted) {
    const post = channel.posts.find((each) => each.id === id);
    if (!post) return '404';
    channelActions.change(channel, post, edit === EDIT.edited ? (bytes(plaintext) ?? Buffer.alloc(0)) : null);
    return null;
  }
  const content = bytes(plaintext);
  if (!content) {
    context.recorder.violation(companion.key, 'channel-post-without-content', id);
    return '479';
  }
  const repeated = channel.posts.find((post) => post.id === id && post.by === account.number);
  if (repeated && !repeated.isEdited && repeated.plaintext !== content.toString('base64')) {
    context.recorder.violation(companion.key, 'channel-post-repeated-with-other-content', id);
    return '479';
  }
  const mediatype = plaintext?.attrs.mediatype ?? null;
  if (type === 'media' && !mediatype) return '479';
  const file = fileOf(content);
  if (file && (file.mediaKey?.length || !file.directPath?.startsWith(`${PLAIN_PREFIX}/`))) return '479';
  channelActions.post(channel, account, { id, type, mediatype, plaintext: content }, companion.id);
  return null;
}

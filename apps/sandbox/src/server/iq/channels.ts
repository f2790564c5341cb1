import type { Channel, ChannelPost } from '../../accounts/channel.ts';
import { unixSeconds } from '../../clock.ts';
import { type BinaryNode, node } from '../../wire/node.ts';
import { plaintextNode } from '../channel-actions.ts';
import { answer, type IqRequest, refuseIq, refuseUnknown } from './answer.ts';

const DEFAULT_COUNT = 50;
/** Seconds for which a client hears of views and reactions. */
const LIVE_SECONDS = 300;

/** Namespace `newsletter`: posts and their counts. Names and settings are GraphQL, see `channel-queries.ts`. */
export function handleChannelIq(request: IqRequest): void {
  const { context, connection, companion, iq, query } = request;
  const channel = context.channels.find(query?.attrs.jid ?? iq.attrs.to ?? '');
  if (!channel) {
    refuseIq(connection, iq, 404, 'item-not-found');
    return;
  }
  const { number } = companion.account;
  switch (query?.tag) {
    case 'messages':
      answer(connection, iq, [messages(channel, number, rangeOf(channel, query), true)]);
      return;
    case 'message_updates': {
      const posts = messages(channel, number, rangeOf(channel, query), false);
      answer(connection, iq, [node('message_updates', {}, [posts])]);
      return;
    }
    case 'live_updates':
      answer(connection, iq, [node('live_updates', { duration: String(LIVE_SECONDS) })]);
      return;
    default:
      refuseUnknown(request);
  }
}

/** The newest posts, before one where the query names it. */
function rangeOf({ posts }: Channel, { attrs }: BinaryNode): ChannelPost[] {
  const count = Number(attrs.count ?? DEFAULT_COUNT);
  const before = attrs.before === undefined ? Number.POSITIVE_INFINITY : Number(attrs.before);
  return posts.filter(({ serverId }) => serverId < before).slice(-count);
}

function messages(channel: Channel, viewer: string, posts: ChannelPost[], withContent: boolean): BinaryNode {
  const shown = posts.map((post) => postNode(post, viewer, withContent));
  return node('messages', { jid: channel.jid, t: String(unixSeconds()) }, shown);
}

function postNode(post: ChannelPost, viewer: string, withContent: boolean): BinaryNode {
  const counts = new Map<string, number>();
  for (const emoji of Object.values(post.reactions)) counts.set(emoji, (counts.get(emoji) ?? 0) + 1);
  const reactions = [...counts].map(([code, count]) => node('reaction', { code, count: String(count) }));
  const attrs = {
    id: post.id,
    server_id: String(post.serverId),
    type: post.type,
    t: String(post.t),
    is_sender: post.by === viewer ? 'true' : undefined,
  };
  return node('message', attrs, [
    ...(withContent ? [plaintextNode(post)] : []),
    node('views_count', { count: String(post.views) }),
    node('reactions', {}, reactions),
  ]);
}

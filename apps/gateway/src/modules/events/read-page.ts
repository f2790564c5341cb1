import { EVENT_PAGE } from '@wa-gate/contracts';
import type { FastifyReply } from 'fastify';
import type { EventStreams } from './event-streams.ts';
import type { PulledFeed } from './pulled-feed.ts';

/**
 * A page of a feed. Without any event it waits up to `wait` seconds for the first, but no longer than the caller and
 * this process are there.
 *
 * @throws {ApiError} STREAM_LIMIT, and whatever `openFeed` throws
 */
export async function readPage<E>(
  { streams, onSent }: EventStreams,
  workspaceId: string,
  reply: FastifyReply,
  openFeed: () => Promise<PulledFeed<E>>,
  { limit = EVENT_PAGE.default, wait = 0 }: { limit?: number; wait?: number },
): Promise<{ events: E[]; cursor: string; hasMore: boolean }> {
  const open = streams.open(workspaceId, 'wait');
  try {
    const feed = await openFeed();
    const end = () => feed.end();
    open.onEnding = end;
    reply.raw.once('close', end);
    // A call that does not wait is answered while the process stops.
    if (reply.raw.destroyed || (wait > 0 && open.isEnding)) end();
    try {
      const events = await feed.next(limit, wait * 1_000);
      onSent?.('wait', events.length);
      return { events, cursor: feed.cursor(), hasMore: feed.hasMore() };
    } finally {
      reply.raw.removeListener('close', end);
      feed.close();
    }
  } finally {
    open.close();
  }
}

import { createLogger } from '@wa-gate/kit';
import { expect, it } from 'vitest';
import { ApiError } from '../../http/api-error.ts';
import type { EventFeed } from './event-feed.ts';
import { createLiveFeed } from './live-feed.ts';
import { createOpenStreams } from './open-streams.ts';

const logger = createLogger({ service: 'test', level: 'silent' });

/** A feed in which nothing happens. */
const silentFeed = (): EventFeed & { closed: boolean } => ({
  closed: false,
  async next(_limit, waitMs) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    return [];
  },
  end: () => undefined,
  cursor: () => '7',
  hasMore: () => false,
  close() {
    this.closed = true;
  },
});

function live(options: { assertAccess?: () => Promise<void>; accessMs?: number }) {
  const streams = createOpenStreams();
  const feed = silentFeed();
  const open = streams.open('workspace', 'sse');
  const stream = createLiveFeed({
    feed,
    open,
    assertAccess: async () => undefined,
    logger,
    heartbeatMs: 20,
    ...options,
  });
  return { streams, feed, stream };
}

it('a silent stream has heartbeats, and ends with the word of the process that stops', async () => {
  const { streams, stream, feed } = live({});
  let beats = 0;
  for await (const batch of stream.batches()) {
    expect(batch).toEqual([]);
    beats += 1;
    if (beats === 3) streams.endAll();
  }
  expect([beats, stream.end]).toEqual([3, 'the gateway restarts: come again with the last id']);
  stream.close();
  expect([feed.closed, streams.count('sse')]).toEqual([true, 0]);
});

it('a stream ends when its caller may not read any more, and not when nobody can say', async () => {
  const refusals = [new Error('no database'), new ApiError('DATABASE_UNAVAILABLE'), new ApiError('UNAUTHENTICATED')];
  let asked = 0;
  const { stream } = live({
    accessMs: 1,
    assertAccess: async () => {
      throw refusals[asked++];
    },
  });
  for await (const _ of stream.batches());
  expect([asked, stream.end]).toEqual([3, 'the access has ended']);
});

it('a workspace has so many streams and no more, and one less when one is closed: STREAM_LIMIT', () => {
  const streams = createOpenStreams({ most: 2 });
  const first = streams.open('a', 'sse');
  streams.open('a', 'websocket');
  expect(() => streams.open('a', 'wait')).toThrow(expect.objectContaining({ code: 'STREAM_LIMIT', retryable: true }));
  streams.open('b', 'wait');
  first.close();
  first.close();
  streams.open('a', 'wait');
  expect([streams.count('sse'), streams.count('websocket'), streams.count('wait')]).toEqual([0, 1, 2]);
});

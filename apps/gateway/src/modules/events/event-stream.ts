import { Readable } from 'node:stream';
import type { FedEvent } from './event-feed.ts';
import { type LiveFeed, STALLED_MS } from './live-feed.ts';
import { eventIdPrefix, presentEvent } from './present-event.ts';

/** What is held for a connection that does not take it. */
const HIGH_WATER_BYTES = 16_384;

/** Milliseconds after which a client comes again. A random part keeps thousands from coming in the same moment. */
const retryMs = (): number => 500 + Math.floor(Math.random() * 1_500);

export const payloadOf = ({ event, slug }: FedEvent) =>
  presentEvent(event, { idPrefix: eventIdPrefix(event.sessionId), slug });

/** One event in the format of server-sent events: unnamed, so that `onmessage` of an EventSource gets all of them. */
function frameOf(fed: FedEvent): string {
  const data = `data: ${JSON.stringify(payloadOf(fed))}\n\n`;
  return fed.cursor === null ? data : `id: ${fed.cursor}\n${data}`;
}

async function* frames(live: LiveFeed): AsyncGenerator<string> {
  // Proxies and browsers see that the stream is there. A client that is cut off before its first event has a position.
  yield `retry: ${retryMs()}\nid: ${live.cursor()}\n\n`;
  for await (const batch of live.batches()) {
    // The id alone moves the position of the client over events that its filter has left out.
    yield batch.length > 0 ? batch.map(frameOf).join('') : `: ping\nid: ${live.cursor()}\n\n`;
  }
  yield `: ${live.end}\nretry: ${retryMs()}\n\n`;
}

/**
 * The feed as server-sent events. It is pulled by the connection: a slow client costs one batch. A client that takes
 * nothing for a minute is cut off, and resumes with its last id.
 */
export function createEventStream(live: LiveFeed): Readable {
  const source = frames(live);
  let stalled: NodeJS.Timeout | undefined;

  async function pull(stream: Readable): Promise<void> {
    clearTimeout(stalled);
    try {
      const { done, value } = await source.next();
      if (stream.destroyed) return;
      // Not read again until the connection has taken what is there.
      stalled = setTimeout(() => stream.readableLength > 0 && stream.destroy(), STALLED_MS).unref();
      stream.push(done ? null : value);
    } catch (error) {
      stream.destroy(error as Error);
    }
  }

  return new Readable({
    highWaterMark: HIGH_WATER_BYTES,
    read() {
      void pull(this);
    },
    destroy(error, callback) {
      clearTimeout(stalled);
      // The wait for the next event ends with it.
      live.close();
      callback(error);
    },
  });
}

import type { Writable } from 'node:stream';
import type { FedEvent } from './event-feed.ts';
import { type LiveFeed, STALLED_MS } from './live-feed.ts';
import { eventIdPrefix, presentEvent } from './present-event.ts';

/** Milliseconds after which a client comes again. A random part keeps thousands from coming in the same moment. */
const retryMs = (): number => 500 + Math.floor(Math.random() * 1_500);

export const payloadOf = ({ event, slug }: FedEvent) =>
  presentEvent(event, { idPrefix: eventIdPrefix(event.sessionId), slug });

/** An event with the cursor behind it. */
type Positioned = Pick<FedEvent, 'cursor'>;

/** One event in the format of server-sent events: unnamed, so that `onmessage` of an EventSource gets all of them. */
function frameOf<E extends Positioned>(fed: E, present: (fed: E) => unknown): string {
  const data = `data: ${JSON.stringify(present(fed))}\n\n`;
  return fed.cursor === null ? data : `id: ${fed.cursor}\n${data}`;
}

async function* frames<E extends Positioned>(live: LiveFeed<E>, present: (fed: E) => unknown): AsyncGenerator<string> {
  // Proxies and browsers see that the stream is there. A client that is cut off before its first event has a position.
  yield `retry: ${retryMs()}\nid: ${live.cursor()}\n\n`;
  for await (const batch of live.batches()) {
    // The id alone moves the position of the client over events that its filter has left out.
    yield batch.length > 0 ? batch.map((fed) => frameOf(fed, present)).join('') : `: ping\nid: ${live.cursor()}\n\n`;
  }
  yield `: ${live.end}\nretry: ${retryMs()}\n\n`;
}

/** Resolves when the connection has taken what was written, or is gone. */
function untilTaken(to: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(stalled);
      to.off('drain', done);
      to.off('close', done);
      resolve();
    };
    const stalled = setTimeout(() => to.destroy(), STALLED_MS).unref();
    to.on('drain', done);
    to.on('close', done);
  });
}

/**
 * Writes the feed as server-sent events. Nothing more is read while the connection has not taken what is there: a slow
 * client costs one batch. A client that takes nothing for a minute is cut off, and resumes with its last id.
 *
 * @param present an event as clients see it
 */
export async function writeEventStream<E extends Positioned>(
  to: Writable,
  live: LiveFeed<E>,
  present: (fed: E) => unknown,
): Promise<void> {
  // The wait for the next event ends with it.
  to.once('close', () => live.close());
  try {
    for await (const text of frames(live, present)) {
      if (to.destroyed) return;
      if (!to.write(text)) await untilTaken(to);
    }
    to.end();
  } catch {
    to.destroy();
  } finally {
    live.close();
  }
}

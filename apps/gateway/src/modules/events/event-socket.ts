import type { WebSocket } from 'ws';
import { payloadOf } from './event-stream.ts';
import { HEARTBEAT_MS, type LiveFeed, STALLED_MS, type StreamEnd } from './live-feed.ts';

/** Close codes: of RFC 6455, and "service restart" and "try again later" of its registry. */
const CLOSE_CODES: Readonly<Record<StreamEnd, number>> = {
  closed: 1000,
  'the access has ended': 1008,
  'the gateway restarts: come again with the last id': 1012,
  'the database does not answer: come again with the last id': 1013,
};

/** Resolves when the connection has taken the message, so that a slow client holds one batch in memory. */
const write = (socket: WebSocket, text: string): Promise<void> =>
  new Promise((resolve, reject) => socket.send(text, (error) => (error ? reject(error) : resolve())));

const positionOf = (live: LiveFeed): string => JSON.stringify({ type: 'position', cursor: live.cursor() });

/**
 * The feed over a WebSocket: a JSON text for each event. The position comes before the first event, for a client that
 * is cut off before it, and whenever nothing has come for a while. What the client says is not read.
 */
export async function runEventSocket(socket: WebSocket, live: LiveFeed): Promise<void> {
  let heardAt = performance.now();
  socket.on('pong', () => {
    heardAt = performance.now();
  });
  socket.on('error', () => socket.terminate());
  socket.once('close', () => live.close());
  const heartbeat = setInterval(() => {
    if (performance.now() - heardAt > STALLED_MS) socket.terminate();
    else socket.ping();
  }, HEARTBEAT_MS).unref();
  try {
    await write(socket, positionOf(live));
    for await (const batch of live.batches()) {
      // A filter that lets little through does not make a resume long.
      if (batch.length === 0) await write(socket, positionOf(live));
      for (const fed of batch) {
        await write(socket, JSON.stringify({ type: 'event', cursor: fed.cursor, event: payloadOf(fed) }));
      }
    }
  } catch {
    socket.terminate();
  } finally {
    clearInterval(heartbeat);
    live.close();
    if (socket.readyState === socket.OPEN) socket.close(CLOSE_CODES[live.end], live.end);
  }
}

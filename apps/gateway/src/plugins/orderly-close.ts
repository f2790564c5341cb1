import { Server, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import fastifyPlugin from 'fastify-plugin';

/** Milliseconds from the opening of a connection. A client that opens one for a request sends it within this time. */
const ARRIVAL_MS = 1_000;
const LOOK_EVERY_MS = 10;

export interface OrderlyCloseOptions {
  /** How long a connection has for its first request, from its opening on. @default {@link ARRIVAL_MS} */
  arrivalMs?: number;
}

/**
 * No request is lost when the server closes. It accepts nothing more, and a fresh connection has a moment for its
 * request, which is answered; then connections without a request are closed.
 *
 * Node alone loses those whose request the kernel has received and the process has not read. It counts a connection
 * without a request as busy, and waits for it for a minute: browsers and HTTP clients open some ahead.
 */
export const orderlyClose = fastifyPlugin<OrderlyCloseOptions>(
  async (app, { arrivalMs = ARRIVAL_MS }) => {
    /** When each open connection was accepted. */
    const acceptedAt = new Map<Socket, number>();
    app.server.on('connection', (socket: Socket) => {
      acceptedAt.set(socket, performance.now());
      socket.once('close', () => acceptedAt.delete(socket));
    });
    const unused = () => [...acceptedAt].filter(([socket]) => socket.bytesRead === 0);

    app.addHook('preClose', async () => {
      // `close` of the HTTP server also destroys connections between two requests, so it comes after all of this.
      // A process of a cluster gives connections back that its primary hands over after this.
      if (app.server.listening) Server.prototype.close.call(app.server);
      // One turn of the event loop reads what the kernel has received; the first one can be in its middle.
      await nextTurn();
      await nextTurn();
      while (unused().some(([, at]) => performance.now() - at < arrivalMs)) await sleep(LOOK_EVERY_MS);
      for (const [socket] of unused()) socket.destroy();
    });
  },
  { name: 'orderly close' },
);

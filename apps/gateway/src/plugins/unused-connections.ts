import type { Socket } from 'node:net';
import fastifyPlugin from 'fastify-plugin';

/**
 * Closes connections on which no request has come when the server stops. Browsers and HTTP clients open some ahead;
 * Node counts one as busy until its first request, and would wait for it for a minute.
 */
export const unusedConnections = fastifyPlugin(
  async (app) => {
    const unused = new Set<Socket>();
    app.server.on('connection', (socket: Socket) => {
      unused.add(socket);
      socket.once('close', () => unused.delete(socket));
    });
    app.addHook('preClose', async () => {
      // A request that is on its way has sent something.
      for (const socket of unused) if (socket.bytesRead === 0) socket.destroy();
    });
  },
  { name: 'unused connections' },
);

import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { TlsIdentity } from './certificate-authority.ts';
import { Connection, type ConnectionHandlers } from './connection.ts';
import type { ServerContext } from './context.ts';
import { dispatch } from './dispatch.ts';
import { login } from './login.ts';
import { MediaHost } from './media-host.ts';

/** The maximum of a WebSocket message in bytes: an upload of 812 prekeys is 41 kB, a frame at most 16 MB. */
const MAX_PAYLOAD = 17 * 1024 * 1024;
const WEBSOCKET_PATH = '/ws/chat';
const CLOSE_GRACE_MS = 500;

/** The one TLS port: WebSocket at `/ws/chat`, media everywhere else. */
export class TlsListener {
  private readonly context: ServerContext;
  private readonly server: Server;
  private readonly sockets: WebSocketServer;

  constructor(context: ServerContext, identity: TlsIdentity) {
    this.context = context;
    const media = new MediaHost(context);
    const handlers = handlersOf(context);
    this.server = createServer(
      { key: identity.keyPem, cert: `${identity.certPem}\n${identity.caPem}` },
      (request, response) => media.handle(request, response),
    );
    // Most often a client that does not trust the CA, or looks for a name that the certificate does not have.
    this.server.on('tlsClientError', (error, socket) => {
      const { servername } = socket as typeof socket & { servername?: string | false };
      context.log.warn({ err: error, servername }, 'TLS handshake refused');
    });
    this.sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_PAYLOAD });
    this.server.on('upgrade', (request, socket, head) => {
      if (request.url?.split('?')[0] !== WEBSOCKET_PATH) {
        socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
        return;
      }
      this.sockets.handleUpgrade(request, socket, head, (websocket) =>
        context.connections.add(new Connection(context, handlers, websocket, request.headers.host)),
      );
    });
  }

  /** @returns the port it listens on */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
    return (this.server.address() as AddressInfo).port;
  }

  /** Ends all streams as the real server does before a restart, so that clients reconnect. */
  async close(): Promise<void> {
    for (const connection of this.context.connections) connection.cut('server stopped');
    this.sockets.close();
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    const force = setTimeout(() => this.server.closeAllConnections(), CLOSE_GRACE_MS);
    await closed;
    clearTimeout(force);
  }
}

function handlersOf(context: ServerContext): ConnectionHandlers {
  return {
    login: (connection) => login(context, connection),
    stanza: (connection, stanza) => dispatch(context, connection, stanza),
    lateMessage: (connection, companion, stanza) => context.router.observe(connection, companion, stanza),
    disconnected: (companion) => context.presence.disconnected(companion),
    closed: (connection) => context.connections.delete(connection),
  };
}

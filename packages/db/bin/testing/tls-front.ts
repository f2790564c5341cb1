import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** The 8 bytes with which a client of PostgreSQL asks for TLS; the last four are this number. */
const SSL_REQUEST = 80_877_103;
const LENGTH = 8;

/** `key` and `cert` as PEM. Without them the server has no TLS. */
export interface TlsIdentity {
  key: string;
  cert: string;
  /** Asks clients for a certificate that this has signed. */
  clientCa?: string;
}

export interface TlsFront {
  /** The URL of the target, through the front, by `localhost`. */
  url: string;
  /** Connections that came with TLS, and those without. */
  counts: { tls: number; plain: number };
  close(): Promise<void>;
}

/** A PostgreSQL with TLS: a front before a real one without. It answers the request for TLS, and passes on the rest. */
export async function createTlsFront(targetUrl: string, identity?: TlsIdentity): Promise<TlsFront> {
  const target = new URL(targetUrl);
  const counts = { tls: 0, plain: 0 };
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  const join = (client: Socket, first?: Buffer) => {
    const server = connect(Number(target.port || 5432), target.hostname);
    track(server);
    if (first) server.write(first);
    client.pipe(server).pipe(client);
    client.once('close', () => server.destroy());
    server.once('close', () => client.destroy());
  };

  const server: Server = createServer((socket) => {
    track(socket);
    socket.once('data', (data) => {
      const asksForTls = data.length === LENGTH && data.readUInt32BE(4) === SSL_REQUEST;
      if (!asksForTls || !identity) {
        if (asksForTls) {
          // No TLS here: the client may go on without, on the same connection.
          socket.once('data', (first) => {
            counts.plain += 1;
            join(socket, first);
          });
          socket.write('N');
        } else {
          counts.plain += 1;
          join(socket, data);
        }
        return;
      }
      socket.write('S');
      const secure = new TLSSocket(socket, {
        isServer: true,
        key: identity.key,
        cert: identity.cert,
        ...(identity.clientCa && { ca: identity.clientCa, requestCert: true, rejectUnauthorized: true }),
      });
      track(secure);
      secure.once('secure', () => {
        counts.tls += 1;
        join(secure);
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(targetUrl);
  url.hostname = 'localhost';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    counts,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

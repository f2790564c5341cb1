import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A proxy on loopback that does what proxies do, and remembers it. */
export interface TestProxy {
  /** With its credentials, if it wants some. */
  url: string;
  /** `host:port` of all that it was asked to connect to, in order. */
  asked: string[];
  /** Connections that go through it now. */
  readonly open: number;
  /** Ends as a process does: cuts what goes through it, and refuses connections until `start`. */
  stop(): Promise<void>;
  /** Listens again, on the same port. */
  start(): Promise<void>;
}

export interface TestProxyOptions {
  protocol: 'http' | 'socks5';
  credentials?: { username: string; password: string };
}

/** An HTTP proxy that knows CONNECT alone, or a SOCKS5 proxy that knows it and names (RFC 1928, RFC 1929). */
export async function startTestProxy({ protocol, credentials }: TestProxyOptions): Promise<TestProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const tunnels = new Set<Socket>();
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  };
  /** Connects both sides, and calls `answer` when the target has accepted or refused. */
  function join(client: Socket, host: string, port: number, answer: (isOpen: boolean) => void): void {
    asked.push(`${host}:${port}`);
    const target = track(connect({ host, port }));
    target.once('connect', () => {
      answer(true);
      tunnels.add(client);
      client.pipe(target).pipe(client);
    });
    target.once('error', () => answer(false));
    target.once('close', () => client.destroySoon());
    client.once('close', () => {
      tunnels.delete(client);
      target.destroySoon();
    });
  }
  const make = protocol === 'http' ? httpProxy : socksProxy;
  let server = make({ credentials, join, track });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const user = credentials
    ? `${encodeURIComponent(credentials.username)}:${encodeURIComponent(credentials.password)}@`
    : '';
  return {
    url: `${protocol}://${user}127.0.0.1:${port}`,
    asked,
    get open() {
      return tunnels.size;
    },
    async stop() {
      if (!server.listening) return;
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
    async start() {
      server = make({ credentials, join, track });
      await listen(port);
    },
  };
}

interface Parts {
  credentials: TestProxyOptions['credentials'];
  join: (client: Socket, host: string, port: number, answer: (isOpen: boolean) => void) => void;
  track: (socket: Socket) => Socket;
}

function httpProxy({ credentials, join, track }: Parts): Server {
  const wanted =
    credentials && `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
  const server = createHttpServer((_request, response) => response.writeHead(405).end());
  server.on('connection', track);
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    if (wanted && request.headers['proxy-authorization'] !== wanted)
      return client.end('HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n');
    const { hostname, port } = new URL(`http://${request.url}`);
    join(client, hostname.replace(/^\[|\]$/g, ''), Number(port || 80), (isOpen) =>
      client.write(isOpen ? 'HTTP/1.1 200 Connection established\r\n\r\n' : 'HTTP/1.1 502 Bad Gateway\r\n\r\n'),
    );
  });
  return server;
}

function socksProxy({ credentials, join, track }: Parts): Server {
  return createServer((client) => {
    track(client);
    void speakSocks(client, credentials, join).catch(() => client.destroy());
  });
}

async function speakSocks(client: Socket, credentials: Parts['credentials'], join: Parts['join']): Promise<void> {
  const read = reader(client);
  const [, methods = 0] = await read(2);
  await read(methods);
  client.write(Buffer.from([5, credentials ? 2 : 0]));
  if (credentials) {
    const [, nameLength = 0] = await read(2);
    const username = (await read(nameLength)).toString();
    const [passwordLength = 0] = await read(1);
    const password = (await read(passwordLength)).toString();
    const isRight = username === credentials.username && password === credentials.password;
    client.write(Buffer.from([1, isRight ? 0 : 1]));
    if (!isRight) return void client.end();
  }
  const [, , , kind] = await read(4);
  const host = await readHost(read, kind);
  const port = (await read(2)).readUInt16BE(0);
  client.pause();
  join(client, host, port, (isOpen) => client.write(Buffer.from([5, isOpen ? 0 : 5, 0, 1, 0, 0, 0, 0, 0, 0])));
}

async function readHost(read: (count: number) => Promise<Buffer>, kind: number | undefined): Promise<string> {
  if (kind === 1) return [...(await read(4))].join('.');
  if (kind !== 3)
    return [...(await read(16))]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('')
      .replace(/(.{4})(?!$)/g, '$1:');
  const [length = 0] = await read(1);
  return (await read(length)).toString();
}

/** Reads whole parts from a socket. */
function reader(socket: Socket): (count: number) => Promise<Buffer> {
  return async (count) => {
    if (count === 0) return Buffer.alloc(0);
    for (;;) {
      const part = socket.read(count) as Buffer | null;
      if (part) return part;
      if (socket.readableEnded) throw new Error('The client has gone.');
      await Promise.race([
        once(socket, 'readable'),
        once(socket, 'close').then(() => Promise.reject(new Error('gone'))),
      ]);
    }
  };
}

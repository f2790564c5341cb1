import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OrderlyCloseOptions, orderlyClose } from './orderly-close.ts';

let app: FastifyInstance;
let clients: Socket[];
beforeEach(() => {
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.destroy();
  await app.close();
});

/** Serves, with the settings of the gateway. */
async function serve(options: OrderlyCloseOptions = {}): Promise<void> {
  app = Fastify({ forceCloseConnections: 'idle', return503OnClosing: false });
  await app.register(orderlyClose, options);
  app.get('/', async () => 'answered');
  await app.listen({ host: '127.0.0.1', port: 0 });
}

/** A connection that the server has accepted, and all that came on it when it has ended. */
async function open(): Promise<{ client: Socket; received: Promise<string> }> {
  const accepted = once(app.server, 'connection');
  const client = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  clients.push(client);
  let text = '';
  client.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const received = once(client, 'close').then(() => text);
  await accepted;
  return { client, received };
}
const ask = (client: Socket) => client.write('GET / HTTP/1.1\r\nhost: test\r\n\r\n');
const ANSWER = /^HTTP\/1\.1 200 .*\r\nconnection: close\r\n.*answered$/is;

describe('a server that closes loses no request (MR-177)', () => {
  it('answers one that the kernel has received on a fresh connection, and that nobody has read', async () => {
    await serve();
    const { client, received } = await open();
    ask(client);
    await app.close();
    expect(await received).toMatch(ANSWER);
  });

  it('answers one that comes a moment after the connection', async () => {
    await serve({ arrivalMs: 30_000 });
    const { client, received } = await open();
    const closed = app.close();
    // The server does not listen any more: the close has begun.
    while (app.server.listening) await new Promise(setImmediate);
    ask(client);
    await closed;
    expect(await received).toMatch(ANSWER);
  });

  it('answers one that the kernel has received on a connection that was used before', async () => {
    await serve();
    const { client, received } = await open();
    ask(client);
    await once(client, 'data');
    ask(client);
    await app.close();
    expect((await received).match(/HTTP\/1\.1 200/g)).toHaveLength(2);
  });

  it('closes a connection on which nothing comes, and one between two requests', async () => {
    await serve();
    const unused = await open();
    const used = await open();
    ask(used.client);
    await once(used.client, 'data');
    await app.close();
    expect(await unused.received).toBe('');
    expect((await used.received).match(/HTTP\/1\.1 200/g)).toHaveLength(1);
  });

  it('refuses connections from the beginning of the close on', async () => {
    await serve();
    const { port } = app.server.address() as AddressInfo;
    await open();
    const closed = app.close();
    while (app.server.listening) await new Promise(setImmediate);
    const late = connect(port, '127.0.0.1');
    await expect(once(late, 'connect')).rejects.toThrow(/ECONNREFUSED/);
    await closed;
  });
});

import { createSocket, type Socket } from 'node:dgram';
import { Resolver } from 'node:dns';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type LookupFunction,
  type Server as TcpServer,
} from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createWebhookClient, type WebhookClient } from './webhook-client.ts';

const PARTS = { body: '{}', headers: { 'content-type': 'application/json' } };
/** A public address. Nothing is sent there. */
const PUBLIC = '203.0.114.7';

let inside: Server;
let garbage: TcpServer;
let names: Socket;
let port: number;
const visits: string[] = [];
/** The addresses that the name server gives, one after the other; the last one stays. */
let addresses: string[];
let asked: number;
const clients: WebhookClient[] = [];

/** A name server that answers every question for an address with the next of `addresses`, and no other. */
function answerNames(query: Buffer): Buffer {
  const isAddress = query.readUInt16BE(query.length - (hasAdditional(query) ? 15 : 4)) === 1;
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(isAddress ? 1 : 0, 6);
  header.writeUInt16BE(0, 8);
  header.writeUInt16BE(0, 10);
  const question = query.subarray(12, query.length - (hasAdditional(query) ? 11 : 0));
  if (!isAddress) return Buffer.concat([header, question]);
  const address = addresses.length > 1 ? addresses.shift()! : addresses[0]!;
  asked += 1;
  const record = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]);
  return Buffer.concat([header, question, record]);
}

/** The question has an EDNS record of 11 bytes behind it. */
const hasAdditional = (query: Buffer) => query.readUInt16BE(10) === 1;

let resolve: LookupFunction;

beforeAll(async () => {
  inside = createServer((request, response) => {
    visits.push(request.url ?? '');
    if (request.url === '/redirect') response.writeHead(307, { location: '/redirected' }).end('elsewhere');
    else if (request.url === '/huge') {
      response.writeHead(500);
      const block = Buffer.alloc(1 << 20, 'x');
      let sent = 0;
      const more = () => {
        while (!response.destroyed && sent < 20) {
          sent += 1;
          if (!response.write(block)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    } else if (request.url === '/reset') request.socket.resetAndDestroy();
    else response.writeHead(204).end();
  });
  garbage = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end('this is no HTTP\r\n\r\n'));
  });
  names = createSocket('udp4');
  names.on('message', (query, from) => names.send(answerNames(query), from.port, from.address));
  inside.listen(0, '127.0.0.1');
  garbage.listen(0, '127.0.0.1');
  names.bind(0, '127.0.0.1');
  await Promise.all([once(inside, 'listening'), once(garbage, 'listening'), once(names, 'listening')]);
  port = (inside.address() as AddressInfo).port;
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${names.address().port}`]);
  resolve = (hostname, _options, callback) => {
    resolver.resolve4(hostname, (error, found) =>
      callback(error, (found ?? []).map((address) => ({ address, family: 4 })) as never),
    );
  };
});
beforeEach(() => {
  visits.length = 0;
  asked = 0;
  addresses = [PUBLIC];
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  for (const server of [inside, garbage, names]) server?.close();
});

function newClient(options: Parameters<typeof createWebhookClient>[0]): WebhookClient {
  const client = createWebhookClient(options);
  clients.push(client);
  return client;
}

const guarded = () => newClient({ allowPrivate: false, resolve });
const refusal = {
  kind: 'failed',
  scope: 'endpoint',
  isUnreachable: true,
  error: expect.stringContaining('private address'),
};

describe('a private address is never connected to (MR-013)', () => {
  const LITERALS = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '①②⑦.⓪.⓪.①',
  ];

  it.each(LITERALS)('written as %s', async (host) => {
    const client = guarded();
    const endpoint = client.endpoint(`http://${host}:${port}/in`);
    expect(await client.post(endpoint, PARTS)).toMatchObject(refusal);
    expect(await client.knock(endpoint)).toBe(false);
    expect(visits).toEqual([]);
  });

  it('behind a name', async () => {
    addresses = ['127.0.0.1'];
    const client = guarded();
    const endpoint = client.endpoint(`http://inside.example.test:${port}/in`);
    expect(await client.post(endpoint, PARTS)).toMatchObject(refusal);
    expect(await client.knock(endpoint)).toBe(false);
    expect(asked).toBeGreaterThan(0);
    expect(visits).toEqual([]);
  });

  it('behind a name that had a public one when it was looked up before', async () => {
    addresses = [PUBLIC, '127.0.0.1'];
    const client = guarded();
    // What the check at the entry would see.
    await new Promise<void>((done) => {
      resolve('rebinding.example.test', {}, (_error, found) => {
        expect(found).toEqual([{ address: PUBLIC, family: 4 }]);
        done();
      });
    });
    expect(await client.post(client.endpoint(`http://rebinding.example.test:${port}/in`), PARTS)).toMatchObject(
      refusal,
    );
    expect(visits).toEqual([]);
  });

  it('and one that is allowed is, by the same name', async () => {
    addresses = ['127.0.0.1'];
    const client = newClient({ allowPrivate: true, resolve });
    const endpoint = client.endpoint(`http://inside.example.test:${port}/in`);
    expect(await client.post(endpoint, PARTS)).toEqual({ kind: 'delivered', statusCode: 204 });
    expect(await client.knock(endpoint)).toBe(true);
    expect(visits).toEqual(['/in']);
  });
});

describe('an attempt', () => {
  const post = (path: string) => {
    const client = newClient({ allowPrivate: true });
    return client.post(client.endpoint(`http://127.0.0.1:${port}${path}`), PARTS);
  };

  it('does not follow a redirect', async () => {
    expect(await post('/redirect')).toMatchObject({ scope: 'unclear', statusCode: 307, answer: 'elsewhere' });
    expect(visits).toEqual(['/redirect']);
  });

  it('reads the beginning of 20 MB, and keeps the beginning of that', async () => {
    const outcome = await post('/huge');
    expect(outcome).toMatchObject({ scope: 'unclear', statusCode: 500 });
    expect(outcome.kind === 'failed' && outcome.answer?.length).toBe(8_192);
  });

  it('whose connection is reset is about the endpoint', async () => {
    expect(await post('/reset')).toMatchObject({ scope: 'endpoint', isUnreachable: false });
  });

  it('that is answered with garbage may be about the event', async () => {
    const client = newClient({ allowPrivate: true });
    const endpoint = client.endpoint(`http://127.0.0.1:${(garbage.address() as AddressInfo).port}/`);
    expect(await client.post(endpoint, PARTS)).toMatchObject({ scope: 'unclear', isUnreachable: false });
  });

  it('without anybody there is unreachable', async () => {
    const gone = createTcpServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port: free } = gone.address() as AddressInfo;
    gone.close();
    const client = newClient({ allowPrivate: true });
    const endpoint = client.endpoint(`http://127.0.0.1:${free}/`);
    expect(await client.post(endpoint, PARTS)).toMatchObject({ scope: 'endpoint', isUnreachable: true });
    expect(await client.knock(endpoint)).toBe(false);
  });
});

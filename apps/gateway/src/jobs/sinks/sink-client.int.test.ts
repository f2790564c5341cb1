import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import type { SinkConfiguration } from '@wa-gate/contracts';
import { createInstruments, createLogger, type Redis, systemClock } from '@wa-gate/kit';
import { createFaultProxy, createTestRedis, freePort, testRedisUrl, waitFor } from '@wa-gate/testkit';
import { interceptLocalhostDns, startFauxqs } from 'fauxqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSinkMetrics } from '../../metrics/index.ts';
import { createSinkClient, type SinkClient, type SinkClientOptions, SinksClosed } from './sink-client.ts';
import { messageOf } from './testing/messages.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const clients: SinkClient[] = [];
let instruments: ReturnType<typeof createInstruments>;

function startClient({ allowPrivate = true, ...options }: SinkClientOptions & { allowPrivate?: boolean } = {}) {
  instruments = createInstruments({ service: 'test', version: '1' });
  const metrics = createSinkMetrics(instruments);
  const client = createSinkClient({ allowPrivate, clock: systemClock, metrics, logger }, options);
  clients.push(client);
  return client;
}
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});
const scrape = () => instruments.registry.metrics();
const publishAll = async (client: SinkClient, configuration: SinkConfiguration, seqs: readonly number[]) => {
  const results = [];
  for (const seq of seqs) results.push(await client.publish('endpoint-1', configuration, messageOf(seq)));
  return results;
};

describe('a stream of Redis', () => {
  let redis: Redis;
  let url: string;
  beforeAll(async () => {
    redis = await createTestRedis();
    url = testRedisUrl();
  });
  beforeEach(() => redis.flushdb());
  afterAll(() => redis?.disconnect());

  const entries = async (key: string) =>
    (await redis.xrange(key, '-', '+')).map(([, fields]) => {
      const pairs: [string, string][] = [];
      for (let i = 0; i < fields.length; i += 2) pairs.push([fields[i]!, fields[i + 1]!]);
      return Object.fromEntries(pairs) as Record<string, string>;
    });

  it('gets each event once and in order, with its id, body and signature (MR-046)', async () => {
    const client = startClient();
    const configuration = { type: 'redis', url, stream: 'events:{sessionId}:{event}' } as const;
    expect(await publishAll(client, configuration, [1, 2, 3])).toEqual(Array(3).fill({ kind: 'stored' }));
    const found = await entries('events:shop.eu:message.received');
    expect(found.map(({ seq }) => seq)).toEqual(['1', '2', '3']);
    const { id, body, headers } = messageOf(1);
    expect(found[0]).toEqual({ id, event: 'message.received', sessionId: 'shop.eu', seq: '1', body, ...headers });
    expect(await scrape()).toContain('wag_sink_publishes_total{type="redis",outcome="stored",service="test"} 3');
    expect(await scrape()).toContain('wag_sink_connections{type="redis",service="test"} 1');
  });

  it('is cut at about its length, when one is set', async () => {
    const client = startClient();
    const configuration = { type: 'redis', url, stream: 'short', maxLength: 10 } as const;
    await Promise.all(
      Array.from({ length: 400 }, (_, index) => client.publish('endpoint-1', configuration, messageOf(index + 1))),
    );
    const length = await redis.xlen('short');
    expect(length).toBeGreaterThanOrEqual(10);
    expect(length).toBeLessThan(200);
  });

  it('that is away is a state and a figure, and takes events again when it is back', async () => {
    const proxy = await createFaultProxy(url);
    try {
      const client = startClient();
      const configuration = { type: 'redis', url: proxy.url } as const;
      expect(await client.publish('endpoint-1', configuration, messageOf(1))).toEqual({ kind: 'stored' });
      proxy.shut();
      const gone = await client.publish('endpoint-1', configuration, messageOf(2));
      expect(gone).toMatchObject({ kind: 'failed', failure: 'unreachable' });
      expect(await scrape()).toContain('wag_sinks_failing{type="redis",service="test"} 1');
      expect(await scrape()).toContain('wag_sink_connections{type="redis",service="test"} 0');
      await proxy.open();
      expect(await publishAll(client, configuration, [2, 3])).toEqual([{ kind: 'stored' }, { kind: 'stored' }]);
      expect((await entries('whatsapp:events')).map(({ seq }) => seq)).toEqual(['1', '2', '3']);
      expect(await scrape()).toContain('wag_sinks_failing{type="redis",service="test"} 0');
    } finally {
      await proxy.close();
    }
  });

  it('that is silent fails the attempt in time, and the next one has a connection of its own', async () => {
    const proxy = await createFaultProxy(url);
    try {
      const client = startClient({ attemptMs: 400 });
      const configuration = { type: 'redis', url: proxy.url } as const;
      await client.publish('endpoint-1', configuration, messageOf(1));
      proxy.set('stall');
      expect(await client.publish('endpoint-1', configuration, messageOf(2))).toMatchObject({ failure: 'timeout' });
      proxy.set('forward');
      expect(await client.publish('endpoint-1', configuration, messageOf(2))).toEqual({ kind: 'stored' });
    } finally {
      await proxy.close();
    }
  });

  it('of a user who may not write, or at a key that is no stream, says what is wrong', async () => {
    const client = startClient();
    await redis.set('a-string', 'x');
    const wrong = await client.publish('endpoint-1', { type: 'redis', url, stream: 'a-string' }, messageOf(1));
    expect(wrong).toMatchObject({
      failure: 'no_destination',
      error: expect.stringContaining('the key a-string is no stream'),
    });
    const withPassword = new URL(url);
    withPassword.username = 'nobody';
    withPassword.password = 'a-wrong-password';
    const refused = await client.publish('endpoint-1', { type: 'redis', url: withPassword.href }, messageOf(1));
    expect(refused).toMatchObject({ failure: 'unauthorized' });
    expect(JSON.stringify(refused)).not.toContain('a-wrong-password');
  });

  it('without memory is full, and takes the event when there is room', async () => {
    const client = startClient();
    const configuration = { type: 'redis', url, stream: 'events' } as const;
    await redis.config('SET', 'maxmemory', '1');
    try {
      expect(await client.publish('endpoint-1', configuration, messageOf(1))).toMatchObject({ failure: 'full' });
    } finally {
      await redis.config('SET', 'maxmemory', '0');
    }
    expect(await client.publish('endpoint-1', configuration, messageOf(1))).toEqual({ kind: 'stored' });
  });

  it('shares one connection among endpoints with the same credentials, and closes it when nothing comes', async () => {
    const client = startClient({ idleMs: 50 });
    const configuration = { type: 'redis', url } as const;
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        client.publish(`endpoint-${index}`, { ...configuration, stream: `s${index}` }, messageOf(1)),
      ),
    );
    expect(await scrape()).toContain('wag_sink_connections{type="redis",service="test"} 1');
    await waitFor(async () => (await scrape()).includes('wag_sink_connections{type="redis",service="test"} 0'), {
      what: 'the connection to be closed',
    });
  });
});

describe('a queue of SQS', () => {
  let sqs: Awaited<ReturnType<typeof startFauxqs>>;
  const urls = new Map<string, string>();
  let restoreDns: () => void;
  const keys = { accessKeyId: 'test', secretAccessKey: 'the-secret-of-the-test' };
  beforeAll(async () => {
    // Its URLs have the region in a name below localhost, which not every resolver knows.
    restoreDns = interceptLocalhostDns();
    sqs = await startFauxqs({ port: 0, logger: false });
    urls.set('events', sqs.createQueue('events').queueUrl);
    urls.set('events.fifo', sqs.createQueue('events.fifo', { attributes: { FifoQueue: 'true' } }).queueUrl);
  });
  afterAll(async () => {
    await sqs?.stop();
    restoreDns?.();
  });
  const urlOf = (name: string) => urls.get(name) ?? `http://127.0.0.1:${sqs.port}/000000000000/${name}`;

  it('gets the body, and attributes with the id and the signature', async () => {
    const client = startClient();
    const configuration = { type: 'sqs', url: urlOf('events'), ...keys } as const;
    expect(await client.publish('endpoint-1', configuration, messageOf(1))).toEqual({ kind: 'stored' });
    const [message] = sqs.inspectQueue('events')!.messages.ready;
    const { id, body } = messageOf(1);
    expect(message!.body).toBe(body);
    expect(message!.messageAttributes).toMatchObject({ 'webhook-id': { StringValue: id }, seq: { StringValue: '1' } });
  });

  it('that is a FIFO queue keeps the order of a session, and takes an event once (MR-046)', async () => {
    const client = startClient();
    const configuration = { type: 'sqs', url: urlOf('events.fifo'), ...keys } as const;
    await publishAll(client, configuration, [1, 2, 2, 3]);
    const { ready } = sqs.inspectQueue('events.fifo')!.messages;
    expect(ready.map(({ body }) => JSON.parse(body).seq)).toEqual([1, 2, 3]);
    expect(ready.map(({ messageGroupId }) => messageGroupId)).toEqual(Array(3).fill('shop.eu'));
  });

  it('that does not exist, or whose service is away, says so', async () => {
    const client = startClient();
    const missing = await client.publish('endpoint-1', { type: 'sqs', url: urlOf('nothing'), ...keys }, messageOf(1));
    expect(missing).toMatchObject({ failure: 'no_destination' });
    const url = `http://127.0.0.1:${await freePort()}/000000000000/events`;
    const away = await client.publish('endpoint-1', { type: 'sqs', url, ...keys }, messageOf(1));
    expect(away).toMatchObject({ failure: 'unreachable', error: expect.stringContaining('ECONNREFUSED') });
  });
});

describe('each type', () => {
  /** The configuration of each type, at a host and port. */
  const CONFIGURATIONS: Record<SinkConfiguration['type'], (host: string) => SinkConfiguration> = {
    rabbitmq: (host) => ({ type: 'rabbitmq', url: `amqp://u:secret-of-the-url@${host}`, exchange: 'e' }),
    nats: (host) => ({ type: 'nats', url: `nats://u:secret-of-the-url@${host}` }),
    kafka: (host) => ({ type: 'kafka', url: `kafka://u:secret-of-the-url@${host}`, topic: 't' }),
    sqs: (host) => ({ type: 'sqs', url: `http://${host}/1/q`, accessKeyId: 'a', secretAccessKey: 'secret-of-the-url' }),
    redis: (host) => ({ type: 'redis', url: `redis://u:secret-of-the-url@${host}` }),
  };
  const types = Object.keys(CONFIGURATIONS) as SinkConfiguration['type'][];
  let server: Server;
  let accepted = 0;
  const sockets = new Set<Socket>();
  beforeAll(async () => {
    // It takes connections, and never says a word.
    server = createServer((socket) => {
      accepted += 1;
      sockets.add(socket.on('error', () => undefined));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const port = () => (server.address() as AddressInfo).port;

  it.each(types)('%s: private addresses are refused, and no connection is made', async (type) => {
    const client = startClient({ allowPrivate: false });
    const before = accepted;
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]']) {
      const result = await client.publish('endpoint-1', CONFIGURATIONS[type](`${host}:${port()}`), messageOf(1));
      expect(result).toMatchObject({ kind: 'failed', failure: 'unreachable' });
      expect((result as { error: string }).error).toMatch(/private address/);
    }
    expect(accepted).toBe(before);
  });

  it.each(types)('%s: a port where nobody listens is a failure in words, without credentials', async (type) => {
    const client = startClient();
    const result = await client.publish(
      'endpoint-1',
      CONFIGURATIONS[type](`127.0.0.1:${await freePort()}`),
      messageOf(1),
    );
    expect(result).toMatchObject({ kind: 'failed', failure: 'unreachable' });
    expect(JSON.stringify(result)).not.toContain('secret-of-the-url');
  });

  it.each(types)('%s: a broker that never answers fails the attempt in time', async (type) => {
    const client = startClient({ attemptMs: 500, connectMs: 300 });
    const begun = performance.now();
    const result = await client.publish('endpoint-1', CONFIGURATIONS[type](`127.0.0.1:${port()}`), messageOf(1));
    expect(result).toMatchObject({ kind: 'failed', failure: expect.stringMatching(/timeout|unreachable/) });
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it.each(types)('%s: closing ends what is on its way, which is no failure', async (type) => {
    const client = startClient();
    const publishing = client.publish('endpoint-1', CONFIGURATIONS[type](`127.0.0.1:${port()}`), messageOf(1));
    const refused = expect(publishing).rejects.toThrow(SinksClosed);
    await new Promise((resolve) => setImmediate(resolve));
    await client.close();
    await refused;
  });
});

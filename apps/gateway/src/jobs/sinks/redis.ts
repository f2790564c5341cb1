import { Redis } from 'ioredis';
import {
  type ConfigurationOf,
  filled,
  hostOf,
  type SinkContext,
  type SinkDriver,
  SinkError,
  type SinkLink,
  unreachable,
  userOf,
} from './sink.ts';

type Configuration = ConfigurationOf<'redis'>;

const DEFAULT_STREAM = 'whatsapp:events';
const DEFAULT_PORT = 6379;

/** By what the answer of Redis begins with. */
const CODES: Record<string, SinkError['failure']> = {
  OOM: 'full',
  MISCONF: 'full',
  NOAUTH: 'unauthorized',
  WRONGPASS: 'unauthorized',
  NOPERM: 'unauthorized',
  WRONGTYPE: 'no_destination',
  READONLY: 'unreachable',
  LOADING: 'unreachable',
  MASTERDOWN: 'unreachable',
  CLUSTERDOWN: 'unreachable',
  MOVED: 'no_destination',
};

/**
 * A stream of Redis. An entry counts when Redis has answered; whether it is on disk then is a matter of its
 * `appendfsync`. Ids of entries are made by Redis: the id of the event is the field `id`.
 */
export const redis: SinkDriver<Configuration> = {
  connection: ({ url }) => [url],
  async open({ url }, context) {
    const where = `Redis at ${new URL(url).host}`;
    const client = await connect(url, context).catch((error: Error) => {
      throw failureOf(error, where);
    });
    return link(client, where);
  },
};

async function connect(url: string, { guard, name, connectMs, publishMs }: SinkContext): Promise<Redis> {
  const parsed = new URL(url);
  const host = hostOf(parsed);
  const address = await guard.addressFor(host);
  const user = userOf(parsed);
  const client = new Redis({
    host: address,
    port: Number(parsed.port) || DEFAULT_PORT,
    db: Number(parsed.pathname.slice(1)) || 0,
    ...(user?.username && { username: user.username }),
    ...(user && { password: user.password }),
    ...(parsed.protocol === 'rediss:' && { tls: { servername: host } }),
    connectionName: name,
    connectTimeout: connectMs,
    // A Redis that is connected and silent.
    commandTimeout: publishMs,
    lazyConnect: true,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    reconnectOnError: null,
  });
  let last: Error | undefined;
  client.on('error', (error: Error) => {
    last = error;
  });
  try {
    await client.connect();
    // A wrong password or database is told now rather than by the first entry.
    await client.ping();
    return client;
  } catch (error) {
    client.disconnect();
    throw last ?? error;
  }
}

function link(client: Redis, where: string): SinkLink<Configuration> {
  return {
    get isOpen() {
      return client.status === 'ready';
    },
    async publish(message, { stream = DEFAULT_STREAM, maxLength }) {
      const { id, event, sessionId, seq, body, headers } = message;
      const key = filled(stream, message);
      const fields = Object.entries({ id, event, sessionId, seq: String(seq), body, ...headers }).flat();
      const limit = maxLength === undefined ? [] : ['MAXLEN', '~', maxLength];
      try {
        await client.call('XADD', key, ...limit, '*', ...fields);
      } catch (error) {
        throw failureOf(error as Error, where, key);
      }
    },
    async close() {
      client.disconnect();
    },
  };
}

function failureOf(error: Error, where: string, key?: string): SinkError {
  const [code = ''] = error.message.split(' ', 1);
  const failure = CODES[code];
  if (code === 'WRONGTYPE') return new SinkError('no_destination', `${where}: the key ${key} is no stream.`);
  if (failure) return new SinkError(failure, `${where} answers: ${error.message}`, { cause: error });
  if (/timed out/i.test(error.message)) return new SinkError('timeout', `${where} has not answered.`, { cause: error });
  return unreachable(error, where);
}

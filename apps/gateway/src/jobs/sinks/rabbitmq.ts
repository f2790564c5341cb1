import type { ChannelModel, ConfirmChannel } from 'amqplib';
import {
  type ConfigurationOf,
  filled,
  hostOf,
  type SinkContext,
  type SinkDriver,
  SinkError,
  type SinkLink,
  type SinkMessage,
  unreachable,
  userOf,
} from './sink.ts';

type Configuration = ConfigurationOf<'rabbitmq'>;

const DEFAULT_ROUTING_KEY = '{event}';
/** Seconds between signs of life. A broker that is silent for two of them is gone. */
const HEARTBEAT_S = 10;
const PORTS: Record<string, number> = { 'amqp:': 5672, 'amqps:': 5671 };

/** Reply codes of AMQP 0-9-1. */
const ACCESS_REFUSED = 403;
const NOT_FOUND = 404;
const PRECONDITION_FAILED = 406;
const CODES: Record<number, SinkError['failure']> = {
  [ACCESS_REFUSED]: 'unauthorized',
  [NOT_FOUND]: 'no_destination',
  [PRECONDITION_FAILED]: 'refused',
};

/** One exchange. Its channel ends alone when the exchange does not exist or may not be used. */
interface Exchange {
  channel: ConfirmChannel;
  /** Why the broker has closed the channel. */
  error?: Error | undefined;
  /** Messages that no queue got. The broker says so before it acknowledges them. */
  returned: Set<string>;
}

/** Of a message that may be in flight for two endpoints with different routing keys. */
const copyOf = (routingKey: string, messageId: string): string => `${messageId} ${routingKey}`;

/**
 * RabbitMQ by AMQP 0-9-1. A message counts when the broker has confirmed it: persistent ones when they are on disk, or
 * at a majority of a quorum queue. The broker also confirms what it gives to no queue; it returns such a message first,
 * which is a failure here.
 */
export const rabbitmq: SinkDriver<Configuration> = {
  connection: ({ url }) => [url],
  async open({ url }, context) {
    const parsed = new URL(url);
    const where = `RabbitMQ at ${parsed.host}`;
    const connection = await connect(parsed, context).catch((error: Error) => {
      throw refusalOf(error, where);
    });
    return link(connection, where);
  },
};

async function connect(url: URL, { guard, name, connectMs }: SinkContext): Promise<ChannelModel> {
  const host = hostOf(url);
  guard.assertHost(host);
  const { connect: open } = await import('./amqplib.ts');
  const user = userOf(url);
  return open(
    {
      protocol: url.protocol.slice(0, -1),
      hostname: host,
      port: Number(url.port) || PORTS[url.protocol]!,
      username: user?.username ?? 'guest',
      password: user?.password ?? 'guest',
      vhost: url.pathname.length > 1 ? decodeURIComponent(url.pathname.slice(1)) : '/',
      heartbeat: HEARTBEAT_S,
    },
    {
      timeout: connectMs,
      noDelay: true,
      servername: host,
      clientProperties: { connection_name: name },
      ...(guard.lookup && { lookup: guard.lookup }),
    },
  );
}

function link(connection: ChannelModel, where: string): SinkLink<Configuration> {
  const exchanges = new Map<string, Promise<Exchange>>();
  const waiting = new Set<(error: SinkError) => void>();
  let isOpen = true;
  let lost: Error | undefined;
  /** Why the broker takes no messages: it is short of memory or disk. */
  let blocked: SinkError | undefined;

  connection.on('error', (error: Error) => {
    lost = error;
  });
  connection.on('close', () => {
    isOpen = false;
    const why = lost ? refusalOf(lost, where) : new SinkError('unreachable', `${where} has closed the connection.`);
    for (const give of [...waiting]) give(why);
  });
  connection.on('blocked', (reason: string) => {
    blocked = new SinkError('full', `${where} takes no messages: ${reason}.`);
    // The broker reads on when there is room again, and stores what was sent. It comes again under the same id.
    for (const give of [...waiting]) give(blocked);
  });
  connection.on('unblocked', () => {
    blocked = undefined;
  });

  function exchangeOf(name: string): Promise<Exchange> {
    const known = exchanges.get(name);
    if (known) return known;
    const opening = openExchange(name);
    exchanges.set(name, opening);
    opening.catch(() => exchanges.delete(name));
    return opening;
  }

  async function openExchange(name: string): Promise<Exchange> {
    const exchange: Exchange = { channel: await connection.createConfirmChannel(), returned: new Set() };
    const { channel, returned } = exchange;
    channel.on('error', (error: Error) => {
      exchange.error = error;
    });
    channel.on('close', () => exchanges.delete(name));
    channel.on('return', ({ fields, properties }) => {
      returned.add(copyOf(fields.routingKey, String(properties.messageId)));
    });
    return exchange;
  }

  async function send(message: SinkMessage, name: string, routingKey: string): Promise<void> {
    const exchange = await exchangeOf(name);
    const copy = copyOf(routingKey, message.id);
    await new Promise<void>((resolve, reject) => {
      const give = (error: SinkError): void => {
        waiting.delete(give);
        reject(error);
      };
      waiting.add(give);
      const onConfirm = (error: Error | null): void => {
        waiting.delete(give);
        const wasReturned = exchange.returned.delete(copy);
        if (error) {
          reject(exchange.error ? refusalOf(exchange.error, where) : notConfirmed(error, where));
        } else if (wasReturned) {
          const what = `the exchange ${name || '(default)'} gives messages with the routing key ${routingKey} to no queue`;
          reject(new SinkError('no_destination', `${where}: ${what}. Bind a queue to it.`));
        } else {
          resolve();
        }
      };
      try {
        exchange.channel.publish(name, routingKey, Buffer.from(message.body), propertiesOf(message), onConfirm);
      } catch (error) {
        waiting.delete(give);
        exchanges.delete(name);
        reject(exchange.error ? refusalOf(exchange.error, where) : unreachable(error, where));
      }
    });
  }

  return {
    get isOpen() {
      return isOpen;
    },
    async publish(message, { exchange, routingKey = DEFAULT_ROUTING_KEY }) {
      if (blocked) throw blocked;
      await send(message, exchange, filled(routingKey, message));
    },
    async close() {
      isOpen = false;
      await connection.close();
    },
  };
}

const propertiesOf = ({ id, event, headers }: SinkMessage) => ({
  mandatory: true,
  persistent: true,
  messageId: id,
  type: event,
  appId: 'wa-gate',
  contentType: 'application/json',
  contentEncoding: 'utf-8',
  timestamp: Math.floor(Date.now() / 1_000),
  headers: { ...headers },
});

/** What the broker says when it ends a channel or a connection, or does not let one begin. */
function refusalOf(error: Error & { code?: unknown }, where: string): SinkError {
  const { code, message } = error;
  // The client does not say why the broker has not opened the virtual host.
  if (/ConnectionOpenOk/.test(message)) {
    const what = 'the virtual host of the URL does not exist, or this user may not use it';
    return new SinkError('no_destination', `${where}: ${what}.`, { cause: error });
  }
  const failure =
    typeof code === 'number'
      ? CODES[code]
      : /ACCESS[-_]REFUSED|authenticat/i.test(message)
        ? 'unauthorized'
        : undefined;
  if (failure === undefined) return unreachable(error, where);
  return new SinkError(failure, `${where} refuses: ${message}`, { cause: error });
}

function notConfirmed(error: Error, where: string): SinkError {
  // A queue that is full and refuses more, or a quorum that is not there.
  if (/nack/i.test(error.message)) return new SinkError('full', `${where} has not taken the message (nack).`);
  return unreachable(error, where);
}

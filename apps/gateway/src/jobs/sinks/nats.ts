import type { NatsConnection } from '@nats-io/transport-node';
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
} from './sink.ts';

type Configuration = ConfigurationOf<'nats'>;
type Library = typeof import('./nats-client.ts');

/** Loaded with the first use. */
async function load(): Promise<Library> {
  const { connect, credsAuthenticator, errors, headers, JetStreamApiError, jetstream } = await import(
    './nats-client.ts'
  );
  return { connect, credsAuthenticator, errors, headers, JetStreamApiError, jetstream };
}

const DEFAULT_SUBJECT = 'whatsapp.{sessionId}.{event}';
const DEFAULT_PORT = 4222;
/** Milliseconds between signs of life; two without an answer end the connection. */
const PING_MS = 10_000;

/** Codes of JetStream's errors that say something about the stream rather than about this message. */
const CODES: Record<number, SinkError['failure']> = {
  10008: 'unreachable', // system temporarily unavailable
  10023: 'full', // insufficient resources
  10028: 'full', // memory resources exceeded
  10039: 'no_destination', // not enabled for the account
  10047: 'full', // storage resources exceeded
  10054: 'refused', // message size exceeds maximum allowed
  10059: 'no_destination', // stream not found
  10060: 'no_destination', // expected stream does not match
  10077: 'full', // stream store failed: maximum messages or bytes exceeded
  10122: 'full', // too many messages in flight
};

/**
 * NATS JetStream. A message counts when a stream has acknowledged it. Each copy has an id of its own: JetStream drops
 * a second message with the same id within its window, per stream and not per subject, so that the copies for two
 * endpoints would be taken for one.
 */
export const nats: SinkDriver<Configuration> = {
  connection: ({ url, credentials }) => [url, credentials],
  async open(configuration, context) {
    const where = `NATS at ${new URL(configuration.url).host}`;
    const library = await load();
    const connection = await connect(library, configuration, context).catch((error: Error) => {
      throw connectFailure(error, where);
    });
    return link(library, connection, where, context);
  },
};

async function connect(
  { connect: open, credsAuthenticator }: Library,
  { url, credentials }: Configuration,
  { guard, name, connectMs }: SinkContext,
): Promise<NatsConnection> {
  const parsed = new URL(url);
  const host = hostOf(parsed);
  const address = await guard.addressFor(host);
  const port = Number(parsed.port) || DEFAULT_PORT;
  return open({
    servers: `${address.includes(':') ? `[${address}]` : address}:${port}`,
    name,
    timeout: connectMs,
    // Addresses that the server tells are nobody's that was checked.
    ignoreClusterUpdates: true,
    reconnect: false,
    pingInterval: PING_MS,
    maxPingOut: 2,
    ...(credentials !== undefined && { authenticator: credsAuthenticator(new TextEncoder().encode(credentials)) }),
    ...(credentials === undefined && loginOf(parsed)),
    ...(parsed.protocol === 'tls:' && { tls: { servername: host } as object }),
  });
}

/** `user:password@`, or a token alone. */
function loginOf({ username, password }: URL): { user?: string; pass?: string; token?: string } {
  if (!username) return {};
  if (!password) return { token: decodeURIComponent(username) };
  return { user: decodeURIComponent(username), pass: decodeURIComponent(password) };
}

function link(
  library: Library,
  connection: NatsConnection,
  where: string,
  { publishMs }: SinkContext,
): SinkLink<Configuration> {
  const stream = library.jetstream(connection, { timeout: publishMs });
  let isOpen = true;
  void connection.closed().then(() => {
    isOpen = false;
  });

  return {
    get isOpen() {
      return isOpen && !connection.isClosed();
    },
    async publish(message, { subject = DEFAULT_SUBJECT, stream: streamName }) {
      const to = filled(subject, { ...message, sessionId: message.sessionId.replaceAll('.', '_') });
      const headers = library.headers();
      for (const [name, value] of Object.entries(message.headers)) headers.set(name, value);
      try {
        await stream.publish(to, message.body, {
          msgID: message.copyId,
          headers,
          timeout: publishMs,
          ...(streamName !== undefined && { expect: { streamName } }),
        });
      } catch (error) {
        throw publishFailure(library, error as Error, where, to, message);
      }
    },
    async close() {
      isOpen = false;
      await connection.close();
    },
  };
}

function publishFailure(
  { JetStreamApiError, errors }: Library,
  error: Error,
  where: string,
  subject: string,
  { body }: SinkMessage,
): SinkError {
  if (error instanceof JetStreamApiError) {
    return new SinkError(CODES[error.code] ?? 'refused', `${where} has not stored the message: ${error.message}.`, {
      cause: error,
    });
  }
  // The client takes a subject without a stream for a server without JetStream.
  if (error.name === 'JetStreamNotEnabled') {
    return new SinkError('no_destination', `${where} has no stream that takes the subject ${subject}.`, {
      cause: error,
    });
  }
  if (error instanceof errors.TimeoutError) {
    // Also when there is no stream, and somebody subscribes to the subject.
    return new SinkError('timeout', `${where} has not acknowledged the message. Does a stream take ${subject}?`);
  }
  if (error instanceof errors.PermissionViolationError) {
    return new SinkError('unauthorized', `${where} does not let this user publish to ${subject}.`, { cause: error });
  }
  if (error instanceof errors.InvalidArgumentError || /MAX_PAYLOAD/i.test(error.message)) {
    return new SinkError('refused', `${where} does not take a message of ${Buffer.byteLength(body)} bytes.`, {
      cause: error,
    });
  }
  return unreachable(error, where);
}

function connectFailure(error: Error, where: string): SinkError {
  if (/authoriz|authenticat/i.test(`${error.name} ${error.message}`)) {
    return new SinkError('unauthorized', `${where} refuses the credentials.`, { cause: error });
  }
  return unreachable((error.cause as Error | undefined) ?? error, where);
}

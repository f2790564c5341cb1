import { PrivateAddressError } from '@wa-gate/egress';
import type { GuardedProducer } from './kafka-client.ts';
import {
  type ConfigurationOf,
  hostOf,
  type SinkContext,
  type SinkDriver,
  SinkError,
  type SinkFailure,
  type SinkLink,
  unreachable,
  userOf,
} from './sink.ts';

type Configuration = ConfigurationOf<'kafka'>;

const DEFAULT_PORT = 9092;
const DEFAULT_MECHANISM = 'SCRAM-SHA-512';
/** A leader that has moved is found by the second try. */
const RETRIES = 1;
const RETRY_MS = 100;

/** Errors of the protocol. */
const IDS: Record<string, SinkFailure> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'no_destination',
  INVALID_TOPIC_EXCEPTION: 'no_destination',
  TOPIC_AUTHORIZATION_FAILED: 'unauthorized',
  CLUSTER_AUTHORIZATION_FAILED: 'unauthorized',
  SASL_AUTHENTICATION_FAILED: 'unauthorized',
  UNSUPPORTED_SASL_MECHANISM: 'unauthorized',
  MESSAGE_TOO_LARGE: 'refused',
  RECORD_LIST_TOO_LARGE: 'refused',
  INVALID_RECORD: 'refused',
  POLICY_VIOLATION: 'refused',
  KAFKA_STORAGE_ERROR: 'full',
  THROTTLING_QUOTA_EXCEEDED: 'full',
  NOT_ENOUGH_REPLICAS: 'full',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'full',
};

/**
 * Kafka. A message counts when all replicas that are in sync have it (`acks=all`); how many these must be is a setting
 * of the topic. The key is the session, so that its events are in one partition, in order. Brokers say where the
 * others are: each of these addresses is checked like that of the endpoint.
 */
export const kafka: SinkDriver<Configuration> = {
  connection: ({ url, brokers, mechanism }) => [url, brokers, mechanism],
  async open(configuration, context) {
    const where = `Kafka at ${new URL(configuration.url).host}`;
    return link(await connect(configuration, context), where);
  },
};

async function connect(
  { url, brokers = [], mechanism = DEFAULT_MECHANISM }: Configuration,
  { guard, name, connectMs, publishMs }: SinkContext,
): Promise<GuardedProducer> {
  const parsed = new URL(url);
  const user = userOf(parsed);
  const isTls = parsed.protocol === 'kafkas:';
  const bootstrap = [{ host: hostOf(parsed), port: Number(parsed.port) || DEFAULT_PORT }, ...brokers.map(brokerOf)];
  // With TLS the name stays, because the certificate has it: then it is the socket that looks it up.
  const allowed = async ({ host, port }: { host: string; port: number }) => {
    guard.assertHost(host);
    return { host: isTls ? host : await guard.addressFor(host), port };
  };
  const { GuardedProducer, ProduceAcks, stringSerializers } = await import('./kafka-client.ts');
  return new GuardedProducer(
    {
      clientId: name,
      bootstrapBrokers: bootstrap,
      serializers: stringSerializers,
      acks: ProduceAcks.ALL,
      retries: RETRIES,
      retryDelay: RETRY_MS,
      timeout: publishMs,
      connectTimeout: connectMs,
      autocreateTopics: false,
      ...(isTls && { tls: { ...(guard.lookup && { lookup: guard.lookup }) }, tlsServerName: true }),
      ...(user && { sasl: { mechanism, ...user } }),
    },
    bootstrap,
    allowed,
  );
}

function brokerOf(text: string): { host: string; port: number } {
  const [host = '', port = ''] = text.split(':');
  return { host, port: Number(port) };
}

function link(producer: GuardedProducer, where: string): SinkLink<Configuration> {
  let isOpen = true;
  return {
    get isOpen() {
      return isOpen;
    },
    async publish({ id, event, sessionId, seq, body, headers }, { topic }) {
      const all = { id, event, sessionId, seq: String(seq), ...headers };
      try {
        await producer.send({ messages: [{ topic, key: sessionId, value: body, headers: all }] });
      } catch (error) {
        throw failureOf(error as Error, where);
      }
    },
    async close() {
      isOpen = false;
      await producer.close();
    },
  };
}

interface KafkaFailure extends Error {
  code?: string;
  apiId?: string;
  errors?: KafkaFailure[];
}

/** The client gathers failures, and failures of failures. */
function* causesOf(error: KafkaFailure): Generator<KafkaFailure> {
  yield error;
  for (const one of error.errors ?? []) yield* causesOf(one);
  if (error.cause instanceof Error) yield* causesOf(error.cause as KafkaFailure);
}

function failureOf(error: KafkaFailure, where: string): SinkError {
  const causes = [...causesOf(error)];
  const refused = causes.find((one) => one instanceof PrivateAddressError);
  if (refused) return new SinkError('unreachable', refused.message, { cause: error });
  const told = causes.find(({ apiId }) => apiId !== undefined);
  if (told) {
    const failure = IDS[told.apiId!] ?? 'refused';
    return new SinkError(failure, `${where} answers ${told.apiId}: ${told.message}`, { cause: error });
  }
  if (causes.some(({ code }) => code === 'PLT_KFK_AUTHENTICATION')) {
    return new SinkError('unauthorized', `${where} refuses the credentials.`, { cause: error });
  }
  if (causes.some(({ code }) => code === 'PLT_KFK_TIMEOUT')) {
    return new SinkError('timeout', `${where} has not answered.`, { cause: error });
  }
  return unreachable(causes.at(-1) ?? error, where);
}

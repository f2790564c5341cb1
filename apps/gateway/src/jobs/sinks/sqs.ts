import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import {
  type ConfigurationOf,
  hostOf,
  type SinkDriver,
  SinkError,
  type SinkFailure,
  type SinkMessage,
  unreachable,
} from './sink.ts';

type Configuration = ConfigurationOf<'sqs'>;

/** Sockets to one queue service. */
const MAX_SOCKETS = 50;
const FIFO = '.fifo';
/** The most attributes that a message may have. */
const MAX_ATTRIBUTES = 10;

const NAMES: Record<string, SinkFailure> = {
  QueueDoesNotExist: 'no_destination',
  QueueDeletedRecently: 'no_destination',
  InvalidAddress: 'no_destination',
  ResourceNotFoundException: 'no_destination',
  RequestThrottled: 'full',
  ThrottlingException: 'full',
  OverLimit: 'full',
  KmsThrottled: 'full',
  InvalidMessageContents: 'refused',
  InvalidParameterValue: 'refused',
};
const UNAUTHORIZED = new Set([401, 403]);
const SERVER_ERROR = 500;

/**
 * Amazon SQS. A message counts when the service has answered; it is then on several servers. A queue that ends in
 * `.fifo` gets the session as the group, so that the order of each session is kept, and an id for its deduplication of
 * five minutes. The keys are those of the endpoint: those of this machine are never used.
 */
export const sqs: SinkDriver<Configuration> = {
  connection: ({ url, region, accessKeyId, secretAccessKey }) => [
    new URL(url).origin,
    region ?? regionOf(url),
    accessKeyId,
    secretAccessKey,
  ],
  async open({ url, region, accessKeyId, secretAccessKey }, { guard, connectMs, publishMs }) {
    const { origin, host } = new URL(url);
    const where = `SQS at ${host}`;
    guard.assertHost(hostOf(new URL(url)));
    const { SQSClient, SendMessageCommand } = await import('./sqs-sdk.ts');
    const sockets = {
      keepAlive: true,
      maxSockets: MAX_SOCKETS,
      ...(guard.lookup && { lookup: guard.lookup }),
    };
    const client = new SQSClient({
      endpoint: origin,
      region: region ?? regionOf(url),
      credentials: { accessKeyId, secretAccessKey },
      // The schedule of attempts is ours.
      maxAttempts: 1,
      requestHandler: {
        connectionTimeout: connectMs,
        requestTimeout: publishMs,
        httpAgent: new HttpAgent(sockets),
        httpsAgent: new HttpsAgent(sockets),
      },
    });
    let isOpen = true;
    return {
      get isOpen() {
        return isOpen;
      },
      async publish(message, { url: queue }) {
        try {
          await client.send(
            new SendMessageCommand({
              QueueUrl: queue,
              MessageBody: message.body,
              MessageAttributes: attributesOf(message),
              ...(queue.endsWith(FIFO) && {
                MessageGroupId: message.sessionId,
                MessageDeduplicationId: message.copyId,
              }),
            }),
          );
        } catch (error) {
          throw failureOf(error as Error, where);
        }
      },
      async close() {
        isOpen = false;
        client.destroy();
      },
    };
  },
};

/** `sqs.<region>.amazonaws.com`, also with the older names; else the region that compatible servers mostly take. */
function regionOf(url: string): string {
  const { hostname } = new URL(url);
  const [, region] = /^(?:sqs\.|[^.]+\.)?([a-z]{2}(?:-[a-z]+)+-\d)\./.exec(hostname) ?? [];
  return region ?? 'us-east-1';
}

function attributesOf({ headers, event, sessionId, seq }: SinkMessage) {
  const all = Object.entries({ event, sessionId, seq: String(seq), ...headers }).slice(0, MAX_ATTRIBUTES);
  return Object.fromEntries(all.map(([name, value]) => [name, { DataType: 'String', StringValue: value }]));
}

function failureOf(error: Error & { $metadata?: { httpStatusCode?: number } }, where: string): SinkError {
  const { name, message } = error;
  const status = error.$metadata?.httpStatusCode;
  if (status === undefined) {
    if (name === 'TimeoutError') return new SinkError('timeout', `${where} has not answered.`, { cause: error });
    return unreachable(error, where);
  }
  const failure =
    NAMES[name] ?? (UNAUTHORIZED.has(status) ? 'unauthorized' : status >= SERVER_ERROR ? 'unreachable' : 'refused');
  return new SinkError(failure, `${where} answers ${status} ${name}: ${message}`, { cause: error });
}

import { AckPolicy, DiscardPolicy, jetstream, jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { connect as connectNats, type NatsConnection } from '@nats-io/transport-node';
import { type ChannelModel, connect as connectRabbitmq } from 'amqplib';

/** An event as a consumer has got it. */
export interface ConsumedEvent {
  id: string;
  sessionId: string;
  seq: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** Reads what a broker has stored, as a customer would: it acknowledges, and connects again when the broker is back. */
export interface Consumer {
  /** In the order of arrival, copies included. */
  readonly events: readonly ConsumedEvent[];
  /** What comes now stays at the broker, until it is full. */
  pause(): Promise<void>;
  resume(): void;
  close(): Promise<void>;
}

/** Messages that the broker keeps until it is full. */
export const ROOM = 500;
const EXCHANGE = 'whatsapp';
const QUEUE = 'events';
const STREAM = 'WHATSAPP';
const BATCH = 200;
const RETRY_MS = 200;

const pauseFor = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const read = (body: Buffer, headers: Record<string, string>): ConsumedEvent => {
  const { id, sessionId, seq } = JSON.parse(body.toString()) as ConsumedEvent;
  return { id, sessionId, seq, headers, body };
};

/** A loop that survives the end of its broker. */
function startConsumer(round: (events: ConsumedEvent[], isWanted: () => boolean) => Promise<void>): Consumer {
  const events: ConsumedEvent[] = [];
  let isPaused = false;
  let isClosed = false;
  let running = Promise.resolve();

  async function run(): Promise<void> {
    while (!isClosed && !isPaused) {
      await round(events, () => !isClosed && !isPaused).catch(() => pauseFor(RETRY_MS));
    }
  }
  running = run();
  return {
    events,
    async pause() {
      isPaused = true;
      await running;
    },
    resume() {
      isPaused = false;
      running = run();
    },
    async close() {
      isClosed = true;
      await running;
    },
  };
}

/** A durable queue that refuses what it has no room for, bound to all events of an exchange. */
export async function consumeRabbitmq(url: string): Promise<Consumer> {
  const setUp = async (connection: ChannelModel) => {
    const channel = await connection.createChannel();
    await channel.assertExchange(EXCHANGE, 'topic', { durable: true });
    const limits = { 'x-max-length': ROOM, 'x-overflow': 'reject-publish' };
    await channel.assertQueue(QUEUE, { durable: true, arguments: limits });
    await channel.bindQueue(QUEUE, EXCHANGE, '#');
    return channel;
  };
  const first = await connectRabbitmq(url);
  await setUp(first);
  await first.close();
  return startConsumer(async (events, isWanted) => {
    const connection = await connectRabbitmq(url);
    let isOpen = true;
    connection.on('error', () => undefined);
    connection.on('close', () => {
      isOpen = false;
    });
    const channel = await setUp(connection);
    await channel.prefetch(BATCH);
    await channel.consume(QUEUE, (message) => {
      if (!message) return;
      events.push(read(message.content, message.properties.headers as Record<string, string>));
      channel.ack(message);
    });
    while (isOpen && isWanted()) await pauseFor(50);
    if (isOpen) await connection.close();
  });
}

/** A stream of work that refuses what it has no room for, and a consumer of it. */
export async function consumeNats(url: string): Promise<Consumer> {
  const open = (): Promise<NatsConnection> => {
    const { host, username, password } = new URL(url);
    return connectNats({ servers: host, user: username, pass: password, reconnect: false });
  };
  const first = await open();
  const manager = await jetstreamManager(first);
  await manager.streams.add({
    name: STREAM,
    subjects: ['whatsapp.>'],
    retention: RetentionPolicy.Workqueue,
    discard: DiscardPolicy.New,
    max_msgs: ROOM,
  });
  await manager.consumers.add(STREAM, { durable_name: QUEUE, ack_policy: AckPolicy.Explicit, max_ack_pending: -1 });
  await first.close();
  return startConsumer(async (events, isWanted) => {
    const connection = await open();
    try {
      const consumer = await jetstream(connection).consumers.get(STREAM, QUEUE);
      while (isWanted()) {
        for await (const message of await consumer.fetch({ max_messages: BATCH, expires: 1_000 })) {
          const headers = Object.fromEntries(
            [...(message.headers?.keys() ?? [])].map((name) => [name, message.headers!.get(name)]),
          );
          events.push(read(Buffer.from(message.data), headers));
          // Acknowledged at the server, or it comes again.
          await message.ackAck();
        }
      }
    } finally {
      await connection.close().catch(() => undefined);
    }
  });
}

import { setTimeout as sleep } from 'node:timers/promises';
import { EVENTS } from '@wa-gate/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { registerTenant, type Tenant, uniqueName } from '../harness/pair-session.ts';
import { useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { WebhookReceiver } from '../harness/webhook-receiver.ts';
import { signatureProblem } from '../harness/webhook-signature.ts';
import type { Broker } from './broker.ts';
import { type Consumer, consumeNats, consumeRabbitmq, ROOM } from './consumers.ts';
import { startNatsServer } from './nats-server.ts';
import { type RabbitmqServer, startRabbitmqServer } from './rabbitmq-server.ts';

/**
 * Endpoints of a workspace at real brokers that are killed, run out of disk and room, and come back. The same events go
 * to a webhook beside them, which must not notice.
 */
const METRICS_TOKEN = 'the token of the scrapes';
const SESSIONS = 5;
/** Events of all sessions. */
const EVENTS_IN_ALL = Number(process.env.WAG_BROKER_EVENTS ?? 5_000);
const PHASES = 4;
/** How long the consumers are paused, with nothing taken from full queues. */
const PAUSE_S = Number(process.env.WAG_BROKER_PAUSE_SECONDS ?? 0);
const TIMES = Math.max(1, EVENTS_IN_ALL / 5_000);
const PATIENCE_MS = 60_000 * TIMES;
const TIMEOUT_MS = 240_000 * TIMES + PAUSE_S * 1_000;

const get = useSystem({ env: { gateway: { METRICS_TOKEN } } });

interface Sink {
  type: 'rabbitmq' | 'nats';
  broker: Broker;
  consumer: Consumer;
  webhookId: string;
  secret: string;
}

let tenant: Tenant;
let rabbitmq: RabbitmqServer;
let sinks: Sink[];
let receiver: WebhookReceiver;
const sessions: { slug: string; id: string; firstSeq: number; lastSeq: number }[] = [];

beforeAll(async () => {
  const system = get();
  const [rabbit, natsServer] = await Promise.all([startRabbitmqServer(), startNatsServer()]);
  rabbitmq = rabbit;
  tenant = await registerTenant(system);
  receiver = await new WebhookReceiver().start();
  sinks = [
    await subscribe('rabbitmq', rabbit, consumeRabbitmq, { exchange: 'whatsapp', routingKey: '{event}' }),
    await subscribe('nats', natsServer, consumeNats, { subject: 'whatsapp.{sessionId}.{event}' }),
  ];
  const { secret } = await tenant.api
    .data<Created>('/api/webhooks', { method: 'POST', json: { url: receiver.url } })
    .then(({ webhook }) => webhook);
  receiver.know(secret);
  for (let index = 0; index < SESSIONS; index++) {
    const slug = uniqueName('session');
    await tenant.api.createSession({ sessionId: slug });
    const { rows } = await system.services.pool.query<{ id: string }>('SELECT id FROM sessions WHERE slug = $1', [
      slug,
    ]);
    sessions.push({ slug, id: rows[0]!.id, firstSeq: 1, lastSeq: 0 });
  }
});
afterAll(async () => {
  await Promise.all((sinks ?? []).map(({ consumer }) => consumer.close()));
  await Promise.all((sinks ?? []).map(({ broker }) => broker.stop()));
  await receiver?.close();
});

interface Created {
  webhook: { id: string; secret: string; url: string };
}

async function subscribe(
  type: Sink['type'],
  broker: Broker,
  consume: (url: string) => Promise<Consumer>,
  configuration: Record<string, string>,
): Promise<Sink> {
  const consumer = await consume(broker.url);
  const json = { type, url: broker.url, ...configuration };
  const { webhook } = await tenant.api.data<Created>('/api/webhooks', { method: 'POST', json });
  get().secrets.add(webhook.secret);
  return { type, broker, consumer, webhookId: webhook.id, secret: webhook.secret };
}

/** Appends events to all sessions. Endpoints of a workspace find them by their cursor: they have no rows before. */
async function append(count: number): Promise<void> {
  const { pool } = get().services;
  for (const session of sessions) {
    const { rows } = await pool.query<{ last: number }>(
      `WITH counted AS (
        UPDATE session_counters SET last_seq = last_seq + $2 WHERE session_id = $1 RETURNING last_seq
      ), stored AS (
        INSERT INTO events (session_id, seq, type, data)
        SELECT $1, c.last_seq - $2 + i, 'session.status', $3::jsonb FROM counted c, generate_series(1, $2::int) AS i
      )
      SELECT last_seq::int AS last FROM counted`,
      [session.id, count, JSON.stringify(EVENTS['session.status'].example)],
    );
    session.lastSeq = rows[0]!.last;
  }
}

/** Each `seq` of a session by its first arrival. */
const firstArrivals = (events: readonly { sessionId: string; seq: number }[], slug: string): number[] => [
  ...new Set(events.filter(({ sessionId }) => sessionId === slug).map(({ seq }) => seq)),
];
const hasAll = (events: readonly { sessionId: string; seq: number }[]): boolean =>
  sessions.every(({ slug, lastSeq }) => firstArrivals(events, slug).filter((seq) => seq <= lastSeq).length === lastSeq);

const lastErrorOf = async ({ webhookId }: Sink): Promise<string> => {
  const { webhook } = await tenant.api.data<{ webhook: { lastError: string | null; state: string } }>(
    `/api/webhooks/${webhookId}`,
  );
  return webhook.state === 'down' ? (webhook.lastError ?? '') : '';
};
const untilFailing = (sink: Sink, why: RegExp) =>
  waitFor(async () => why.test(await lastErrorOf(sink)), { what: `${sink.type} to fail with ${why}` });

async function publishes(type: Sink['type'], outcome: string): Promise<number> {
  const answer = await fetch(`${get().gateways[0]!.url}/metrics`, {
    headers: { authorization: `Bearer ${METRICS_TOKEN}` },
  });
  const line = new RegExp(`^wag_sink_publishes_total\\{type="${type}",outcome="${outcome}".*\\} (\\d+)$`, 'm');
  return Number(line.exec(await answer.text())?.[1] ?? Number.NaN);
}

test(
  'brokers that are killed, out of disk and out of room lose no event, and keep the order of each session (MR-045)',
  async () => {
    const share = Math.ceil(EVENTS_IN_ALL / SESSIONS / PHASES);
    const rabbit = sinks[0]!;

    await append(share);
    await waitFor(() => sinks.every(({ consumer }) => consumer.events.length > 0), { what: 'first events' });
    await Promise.all(sinks.map(({ broker }) => broker.kill()));
    await append(share);
    await Promise.all(sinks.map((sink) => untilFailing(sink, /cannot be reached|closed/)));
    const isAtReceiver = () => hasAll(receiver.events);
    await waitFor(isAtReceiver, {
      what: 'the webhook beside the dead brokers to have everything',
      timeoutMs: PATIENCE_MS,
    });
    await Promise.all(sinks.map(({ broker }) => broker.start()));
    await waitFor(() => sinks.every(({ consumer }) => hasAll(consumer.events)), {
      what: 'all events after the restarts',
      timeoutMs: PATIENCE_MS,
    });

    await rabbitmq.setDiskFull(true);
    await append(share);
    await untilFailing(rabbit, /takes no messages: .*disk/);
    await rabbitmq.setDiskFull(false);
    await waitFor(() => sinks.every(({ consumer }) => hasAll(consumer.events)), {
      what: 'all events after the alarm',
      timeoutMs: PATIENCE_MS,
    });

    await Promise.all(sinks.map(({ consumer }) => consumer.pause()));
    await append(Math.max(share, Math.ceil((ROOM + 100) / SESSIONS)));
    await Promise.all(sinks.map((sink) => untilFailing(sink, /nack|maximum messages/)));
    await sleep(PAUSE_S * 1_000);
    for (const { consumer } of sinks) consumer.resume();
    await waitFor(() => sinks.every(({ consumer }) => hasAll(consumer.events)), {
      what: 'all events after the pause',
      timeoutMs: PATIENCE_MS,
    });

    for (const { type, consumer, secret } of sinks) {
      for (const { slug } of sessions) {
        const seqs = firstArrivals(consumer.events, slug);
        expect(seqs, `${type}: order and gaps`).toEqual(Array.from(seqs, (_, index) => index + 1));
      }
      // A message may lie at its broker for long: its signature is checked, and not its age.
      const problems = consumer.events.map(({ headers, body }) =>
        signatureProblem(secret, headers, body, Number(headers['webhook-timestamp']) * 1_000),
      );
      expect(problems.filter(Boolean), `${type}: signatures`).toEqual([]);
      expect(await publishes(type, 'unreachable')).toBeGreaterThan(0);
      expect(await publishes(type, 'full')).toBeGreaterThan(0);
    }
    const copies = sinks.map(({ type, consumer }) => {
      const different = new Set(consumer.events.map(({ id }) => id)).size;
      return `${type}: ${different} events, ${consumer.events.length - different} copies`;
    });
    console.log(copies.join('; '));
  },
  TIMEOUT_MS,
);

test('user and password of a broker are in no answer and in no log (MR-152)', async () => {
  const answers = await Promise.all(
    sinks.map(({ webhookId }) =>
      tenant.api.call(`/api/webhooks/${webhookId}`).then(({ body }) => JSON.stringify(body)),
    ),
  );
  const logs = await Promise.all(get().processes.map(({ log }) => log.everything()));
  for (const { broker } of sinks) {
    const { username, password } = new URL(broker.url);
    for (const text of [...answers, ...logs]) expect(text).not.toContain(`${username}:${password}`);
  }
});

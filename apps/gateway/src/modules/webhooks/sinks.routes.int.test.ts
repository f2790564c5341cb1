import { SINK_TYPES, SINKS, type SinkType } from '@wa-gate/contracts';
import { testRedisUrl } from '@wa-gate/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();
let user: TestUser;
let session: TestSession;
beforeAll(async () => {
  user = await fixture.register();
  await fixture.startWorker('worker-1');
  session = await fixture.createSession(user);
});
beforeEach(() => fixture.database.pool.query('DELETE FROM webhooks'));

type Body = Record<string, unknown>;
const create = (body: Body) => fixture.call('POST', '/api/webhooks', { as: user.token, body });
const get = async (id: string) => (await fixture.call('GET', `/api/webhooks/${id}`, { as: user.token })).body;
const patch = (id: string, body: Body) => fixture.call('PATCH', `/api/webhooks/${id}`, { as: user.token, body });
const exampleOf = (type: SinkType): Body => ({ type, ...SINKS[type].example });
/** What must not be shown of the example. */
const secretsOf = (type: SinkType): string[] => {
  const { url, ...others } = SINKS[type].example as Record<string, string>;
  const { username, password } = new URL(url!);
  const sealed = SINKS[type].secrets.map((name) => others[name]).filter((value) => value !== undefined);
  return [...sealed, ...(username ? [`${username}:${password}`, password] : [])];
};

describe('an endpoint at a broker (MR-045)', () => {
  it.each(SINK_TYPES)('%s: is made, shown without secrets, and its configuration is sealed', async (type) => {
    const answer = await create({ ...exampleOf(type), events: ['message.received'], name: 'Warehouse' });
    expect(answer.status).toBe(201);
    const { webhook } = answer.body.data;
    const { url, ...others } = SINKS[type].example as Record<string, unknown>;
    expect(webhook).toMatchObject({
      type,
      state: 'active',
      sessionId: null,
      events: ['message.received'],
      name: 'Warehouse',
    });
    expect(webhook.url).toBe(String(url).replace(/\/\/[^@]*@/, '//'));
    expect(webhook.secret).toMatch(/^whsec_/);
    const shown = Object.fromEntries(
      Object.entries(others).filter(([name]) => !SINKS[type].secrets.includes(name as never)),
    );
    expect(webhook.configuration).toEqual(shown);
    const { rows } = await fixture.database.pool.query('SELECT * FROM webhooks');
    const audit = await fixture.database.pool.query('SELECT after, before FROM audit_logs');
    for (const secret of secretsOf(type)) {
      expect(JSON.stringify([webhook, await get(webhook.id), audit.rows])).not.toContain(secret);
      for (const row of rows) {
        const bytes = Object.values(row).map((value) =>
          Buffer.isBuffer(value) ? value.toString('latin1') : String(value),
        );
        expect(bytes.join()).not.toContain(secret);
      }
    }
  });

  it('belongs to a session too, and gets nothing that is of HTTP alone', async () => {
    const path = `/api/sessions/${session.slug}/webhooks`;
    const made = await fixture.call('POST', path, { as: session.key, body: exampleOf('redis') });
    expect([made.status, made.body.data.webhook.sessionId]).toEqual([201, session.slug]);
    const headers = await create({ ...exampleOf('redis'), headers: { 'X-Mine': '1' } });
    expect([headers.status, headers.body.code]).toEqual([400, 'VALIDATION']);
    expect(headers.body.error).toContain('headers');
  });

  it.each([
    ['an unknown type', { type: 'pigeon', url: 'https://example.com' }, /body\.type must be one of/],
    ['no exchange', { type: 'rabbitmq', url: 'amqp://example.com' }, /exchange/],
    [
      'a URL of another protocol',
      { ...exampleOf('nats'), url: 'https://example.com' },
      /body\.url must match the pattern/,
    ],
    ['a member of another type', { ...exampleOf('kafka'), exchange: 'e' }, /exchange/],
    ['an unknown placeholder', { ...exampleOf('rabbitmq'), routingKey: '{phone}' }, /routingKey/],
    ['a subject with wildcards', { ...exampleOf('nats'), subject: 'a.>' }, /subject/],
    ['a subject of JetStream itself', { ...exampleOf('nats'), subject: '$JS.API.x' }, /subject/],
    ['no keys', { type: 'sqs', url: 'https://sqs.eu-central-1.amazonaws.com/1/q' }, /accessKeyId/],
  ])('is refused with %s', async (_what, body, why) => {
    const answer = await create(body);
    expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION']);
    expect(answer.body.error).toMatch(why);
  });

  it.each([
    ['rabbitmq', { url: 'amqp://u:p@127.0.0.1/v' }],
    ['nats', { url: 'nats://u:p@[::1]:4222' }],
    ['kafka', { url: 'kafka://u:p@10.0.0.1:9092' }],
    ['kafka', { brokers: ['10.0.0.1:9092'] }],
    ['sqs', { url: 'http://169.254.169.254/1/q' }],
    ['redis', { url: 'redis://u:p@localhost' }],
  ] as const)('%s at a private address is refused: %o', async (type, change) => {
    const answer = await create({ ...exampleOf(type), ...change });
    expect([answer.status, answer.body.code]).toEqual([400, 'WEBHOOK_URL_REFUSED']);
    expect(JSON.stringify(answer.body)).not.toContain('u:p@');
  });

  it('is paused without naming its configuration, and moved by naming all of it', async () => {
    const { id } = (await create(exampleOf('rabbitmq'))).body.data.webhook;
    const paused = await patch(id, { isPaused: true });
    expect(paused.body.data.webhook).toMatchObject({ state: 'paused', configuration: { exchange: 'whatsapp' } });
    const half = await patch(id, { routingKey: 'x' });
    expect([half.status, half.body.code]).toEqual([400, 'VALIDATION']);
    expect(half.body.error).toMatch(/url|exchange/);
    const moved = await patch(id, {
      url: 'amqps://other:secret@rabbit-2.example.com',
      exchange: 'e',
      routingKey: '{event}',
    });
    expect(moved.body.data.webhook).toMatchObject({
      url: 'amqps://rabbit-2.example.com',
      configuration: { exchange: 'e', routingKey: '{event}' },
    });
    const foreign = await patch(id, { topic: 'x' });
    expect([foreign.status, foreign.body.error]).toEqual([400, expect.stringContaining('has no `topic`')]);
    const http = (await create({ url: 'https://example.com/' })).body.data.webhook;
    expect(http).toMatchObject({ type: 'http', configuration: null });
    expect((await patch(http.id, { exchange: 'x' })).status).toBe(400);
  });
});

describe('a test of an endpoint at a broker', () => {
  const local = useGateway({ WEBHOOK_ALLOW_PRIVATE: 'true' });

  it('publishes an example, or says what is wrong (MR-045)', async () => {
    const owner = await local.register();
    const test = async (body: Body) => {
      const made = await local.call('POST', '/api/webhooks', { as: owner.token, body });
      const path = `/api/webhooks/${made.body.data.webhook.id}/test`;
      return (await local.call('POST', path, { as: owner.token, body: { event: 'message.received' } })).body.data;
    };
    const found = await test({ type: 'redis', url: testRedisUrl(), stream: 'events-of-tests' });
    expect(found).toMatchObject({ event: 'message.received', isDelivered: true, error: null });
    const [[, fields]] = (await local.redis.xrange('events-of-tests', '-', '+')) as [[string, string[]]];
    expect(fields).toEqual(expect.arrayContaining(['x-webhook-test', 'true', 'event', 'message.received']));
    const away = await test({ type: 'nats', url: 'nats://127.0.0.1:1' });
    expect(away).toMatchObject({ isDelivered: false, error: expect.stringContaining('cannot be reached') });
  });
});

import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();
let user: TestUser;
let session: TestSession;
beforeAll(async () => {
  user = await fixture.register();
  await fixture.startWorker('worker-1');
});
beforeEach(async () => {
  session = await fixture.createSession(user);
});

const url = () => `/api/sessions/${session.slug}/webhook`;
const put = (body: unknown) => fixture.call('PUT', url(), { as: session.key, body });
const get = () => fixture.call('GET', url(), { as: session.key });

describe('the webhook of a session (MR-013)', () => {
  it('is for all events and gets a secret, unless said otherwise', async () => {
    const { status, body } = await put({ url: 'https://example.com/hook' });
    expect(status).toBe(200);
    expect(body.data.webhook).toMatchObject({
      url: 'https://example.com/hook',
      events: ['*'],
      isActive: true,
      failureCount: 0,
    });
    expect(Buffer.from(body.data.webhook.secret.slice('whsec_'.length), 'base64')).toHaveLength(32);
  });

  it('keeps its secret when it is changed, and shows it only then', async () => {
    const first = (await put({ url: 'https://example.com/a' })).body.data.webhook;
    const second = (await put({ url: 'https://example.com/b', events: ['message.received'] })).body.data.webhook;
    expect(second).toMatchObject({ url: 'https://example.com/b', events: ['message.received'], secret: first.secret });
    const shown = (await get()).body.data.webhook;
    expect(shown.url).toBe('https://example.com/b');
    expect(shown).not.toHaveProperty('secret');
  });

  it('takes a secret of the caller, and stores it sealed (MR-152)', async () => {
    const secret = 'a secret of sixteen or more'.replaceAll(' ', '-');
    expect((await put({ url: 'https://example.com/a', secret })).body.data.webhook.secret).toBe(secret);
    const { rows } = await fixture.database.pool.query('SELECT secret FROM webhooks WHERE session_id = $1', [
      session.id,
    ]);
    expect(rows[0].secret.toString('latin1')).not.toContain(secret);
  });

  it('is active again when it is set again', async () => {
    await put({ url: 'https://example.com/a' });
    await fixture.database.pool.query('UPDATE webhooks SET is_active = false WHERE session_id = $1', [session.id]);
    expect((await get()).body.data.webhook.isActive).toBe(false);
    expect((await put({ url: 'https://example.com/a' })).body.data.webhook.isActive).toBe(true);
  });

  it('can be removed', async () => {
    await put({ url: 'https://example.com/a' });
    expect((await fixture.call('DELETE', url(), { as: session.key })).body.data).toEqual({ deleted: true });
    const gone = await get();
    expect([gone.status, gone.body.code]).toEqual([404, 'WEBHOOK_NOT_FOUND']);
    expect((await fixture.call('DELETE', url(), { as: session.key })).status).toBe(404);
  });

  it.each([
    ['a private address', { url: 'http://192.168.0.1/' }, 'WEBHOOK_URL_REFUSED'],
    ['another protocol', { url: 'gopher://example.com/' }, 'WEBHOOK_URL_REFUSED'],
    ['an unknown event', { url: 'https://example.com/', events: ['message.gone'] }, 'VALIDATION'],
    ['a text that PostgreSQL cannot store', { url: 'https://example.com/\u0000' }, 'VALIDATION'],
    ['no events', { url: 'https://example.com/', events: [] }, 'VALIDATION'],
    ['a short secret', { url: 'https://example.com/', secret: 'short' }, 'VALIDATION'],
    ['no URL', {}, 'VALIDATION'],
  ])('is refused with %s', async (_what, body, code) => {
    const answer = await put(body);
    expect([answer.status, answer.body.code]).toEqual([400, code]);
  });
});

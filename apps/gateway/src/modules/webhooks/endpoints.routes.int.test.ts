import { EVENTS, MAX_WEBHOOKS } from '@wa-gate/contracts';
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
  await fixture.database.pool.query('DELETE FROM webhooks');
  session = await fixture.createSession(user);
});

const URL = 'https://example.com/hook';
type Body = Record<string, unknown>;
const create = (body: Body, as = user.token) =>
  fixture.call('POST', '/api/webhooks', { as, body: { url: URL, ...body } });
const ofSession = (body: Body, as = session.key) =>
  fixture.call('POST', `/api/sessions/${session.slug}/webhooks`, { as, body: { url: URL, ...body } });
const get = async (id: string, as = user.token) =>
  (await fixture.call('GET', `/api/webhooks/${id}`, { as })).body.data?.webhook;
const patch = (id: string, body: Body, as = user.token) => fixture.call('PATCH', `/api/webhooks/${id}`, { as, body });
const status = { type: 'session.status', data: EVENTS['session.status'].example } as const;
const rowsOf = async (id: string) =>
  (
    await fixture.database.pool.query<{ sessionId: string | null; url: string; cursor: number | null }>(
      'SELECT source_session_id AS "sessionId", url, cursor FROM webhooks WHERE endpoint_id = $1 ORDER BY source_session_id NULLS FIRST',
      [id],
    )
  ).rows;

describe('webhooks of a session (MR-045)', () => {
  it('stand beside the primary one, each with a secret of its own', async () => {
    const primary = await fixture.call('PUT', `/api/sessions/${session.slug}/webhook`, {
      as: session.key,
      body: { url: URL },
    });
    const made = [await ofSession({ name: 'CRM' }), await ofSession({ events: ['message.received'] })];
    expect(made.map(({ status: code }) => code)).toEqual([201, 201]);
    const [first, second] = made.map(({ body }) => body.data.webhook);
    expect(first).toMatchObject({
      sessionId: session.slug,
      isPrimary: false,
      name: 'CRM',
      events: ['*'],
      state: 'active',
    });
    expect(new Set([first.secret, second.secret, primary.body.data.webhook.secret]).size).toBe(3);
    const list = await fixture.call('GET', `/api/sessions/${session.slug}/webhooks`, { as: session.key });
    expect(list.body.data.webhooks.map((one: Body) => one.isPrimary)).toEqual([true, false, false]);
    expect(list.body.data.pagination).toMatchObject({ total: 3, page: 1 });
    expect(JSON.stringify(list.body)).not.toContain(first.secret);
  });

  it(`are ${MAX_WEBHOOKS} at most, the primary one among them`, async () => {
    for (let index = 0; index < MAX_WEBHOOKS; index += 1) expect((await ofSession({})).status).toBe(201);
    const { status: code, body } = await ofSession({});
    expect([code, body.code, body.details.limit]).toEqual([403, 'WEBHOOK_LIMIT', MAX_WEBHOOKS]);
  });

  it('are created by a session key for its session, which sees no others', async () => {
    const other = await fixture.createSession(user);
    const mine = (await create({}, session.key)).body.data.webhook;
    expect(mine.sessionId).toBe(session.slug);
    const wide = (await create({})).body.data.webhook;
    expect(wide.sessionId).toBeNull();
    const refused = await create({ sessionId: other.slug }, session.key);
    expect([refused.status, refused.body.code]).toEqual([404, 'SESSION_NOT_FOUND']);
    const list = await fixture.call('GET', '/api/webhooks', { as: session.key });
    expect(list.body.data.webhooks.map(({ id }: { id: string }) => id)).toEqual([mine.id]);
    for (const key of [session.key, other.key])
      expect((await patch(wide.id, { isPaused: true }, key)).status).toBe(404);
    expect((await patch(mine.id, { isPaused: true }, other.key)).status).toBe(404);
  });

  it('are those of the caller alone', async () => {
    const { id } = (await ofSession({})).body.data.webhook;
    const stranger = await fixture.register();
    for (const [method, url] of [
      ['GET', `/api/webhooks/${id}`],
      ['DELETE', `/api/webhooks/${id}`],
      ['POST', `/api/webhooks/${id}/rotate-secret`],
    ] as const) {
      const { status: code, body } = await fixture.call(method, url, {
        as: stranger.token,
        ...(method === 'POST' && { body: {} }),
      });
      expect([code, body.code], url).toEqual([404, 'WEBHOOK_NOT_FOUND']);
    }
    expect((await fixture.call('GET', '/api/webhooks/nonsense', { as: user.token })).body.code).toBe(
      'WEBHOOK_NOT_FOUND',
    );
    expect((await fixture.call('DELETE', `/api/webhooks/${id}`, { as: user.token })).body.data).toEqual({
      deleted: true,
    });
    expect(await get(id)).toBeUndefined();
  });
});

describe('a webhook of a workspace (MR-045)', () => {
  it('gets the events of every session, also of those that come later', async () => {
    const other = await fixture.createSession(user);
    await fixture.appendEvent(session, status);
    const { id } = (await create({ events: ['session.status'] })).body.data.webhook;
    const later = await fixture.createSession(user);
    const theirs = (await rowsOf(id)).filter(({ sessionId }) => [session.id, other.id, later.id].includes(sessionId!));
    expect(theirs).toHaveLength(3);
    await patch(id, { url: 'https://example.com/moved' });
    const newest = await fixture.createSession(user);
    expect(new Set((await rowsOf(id)).map(({ url }) => url))).toEqual(new Set(['https://example.com/moved']));
    for (const one of [session, other, later, newest]) await fixture.appendEvent(one, status);
    expect((await get(id)).backlog.count).toBe(4);
    await fixture.call('DELETE', `/api/sessions/${other.slug}`, { as: user.token });
    expect((await get(id)).backlog.count).toBe(3);
    await fixture.call('DELETE', `/api/webhooks/${id}`, { as: user.token });
    expect(await rowsOf(id)).toEqual([]);
  });

  it('misses no session that is created at the same moment', async () => {
    const making = Array.from({ length: 6 }, (_, index) =>
      index === 3 ? create({ name: 'race' }) : fixture.createSession(user),
    );
    const { id } = ((await Promise.all(making))[3] as Awaited<ReturnType<typeof create>>).body.data.webhook;
    const { rows } = await fixture.database.pool.query(
      `SELECT s.id FROM sessions s JOIN webhooks p ON p.id = $1 AND p.workspace_id = s.workspace_id
       WHERE NOT EXISTS (SELECT 1 FROM webhooks w WHERE w.endpoint_id = $1 AND w.source_session_id = s.id)`,
      [id],
    );
    expect(rows).toEqual([]);
  });
});

describe('what a webhook is (MR-045)', () => {
  it('shows names of headers and nothing else of what is sent with each attempt', async () => {
    const made = await ofSession({
      headers: { 'X-Api-Key': 'header-value-of-mine' },
      basicAuth: { username: 'user-of-mine', password: 'password-of-mine' },
      metadata: { customer: 7 },
    });
    const { id, secret } = made.body.data.webhook;
    expect(made.body.data.webhook).toMatchObject({
      headerNames: ['X-Api-Key'],
      hasBasicAuth: true,
      metadata: { customer: 7 },
    });
    const changed = await patch(id, { headers: { 'X-Other': 'other-value-of-mine' } });
    expect(changed.body.data.webhook).toMatchObject({ headerNames: ['X-Other'], hasBasicAuth: true });
    const audit = await fixture.call('GET', '/api/audit-logs', { as: user.token });
    const { rows } = await fixture.database.pool.query('SELECT * FROM webhooks WHERE id = $1', [id]);
    const stored = Object.values(rows[0]).map((value) =>
      Buffer.isBuffer(value) ? value.toString('latin1') : JSON.stringify(value),
    );
    const everything = JSON.stringify([await get(id), changed.body, audit.body, stored]);
    for (const hidden of ['-of-mine', secret]) expect(everything).not.toContain(hidden);
    const bare = (await patch(id, { headers: null, basicAuth: null, metadata: null })).body.data.webhook;
    expect(bare).toMatchObject({ headerNames: [], hasBasicAuth: false, metadata: null });
  });

  it.each([
    ['Host', 'example.com'],
    ['Content-Length', '1'],
    ['content-type', 'text/plain'],
    ['Transfer-Encoding', 'chunked'],
    ['Connection', 'close'],
    ['Webhook-Id', 'mine'],
    ['X-Webhook-Attempt', '1'],
    ['X-Hub-Signature-256', 'mine'],
    ['traceparent', 'mine'],
    ['Proxy-Authorization', 'mine'],
    ['two words', 'x'],
    ['X-Value', 'a\r\nX-Other: b'],
    ['X-Value', 'ü'],
  ])('refuses the header %s: %s', async (name, value) => {
    const { status: code, body } = await ofSession({ headers: { [name]: value } });
    expect([code, body.code, body.details.header]).toEqual([400, 'WEBHOOK_HEADER_REFUSED', name]);
  });

  it('refuses a header that is there twice, and Authorization beside basicAuth', async () => {
    const basicAuth = { username: 'a', password: 'b' };
    expect((await ofSession({ headers: { 'X-A': '1', 'x-a': '2' } })).body.code).toBe('WEBHOOK_HEADER_REFUSED');
    expect((await ofSession({ headers: { Authorization: 'Bearer x' }, basicAuth })).body.code).toBe(
      'WEBHOOK_HEADER_REFUSED',
    );
    const { id } = (await ofSession({ headers: { Authorization: 'Bearer x' } })).body.data.webhook;
    expect((await patch(id, { basicAuth })).body.code).toBe('WEBHOOK_HEADER_REFUSED');
  });

  it.each([
    [{ url: 'http://10.0.0.1/' }, 'WEBHOOK_URL_REFUSED'],
    [{ events: [] }, 'VALIDATION'],
    [{ events: ['message.gone'] }, 'VALIDATION'],
    [{ chatTypes: ['person'] }, 'VALIDATION'],
    [{ chats: ['nobody'] }, 'INVALID_RECIPIENT'],
    [{ basicAuth: { username: 'a:b', password: 'c' } }, 'VALIDATION'],
    [{ metadata: { long: 'x'.repeat(5_000) } }, 'VALIDATION'],
    [{ secret: 'short' }, 'VALIDATION'],
    // Text that PostgreSQL cannot store.
    [{ metadata: { a: [{ b: '\u0000' }] } }, 'VALIDATION'],
    [{ metadata: { '\ud800': 1 } }, 'VALIDATION'],
    [{ url: 'https://example.com/\u0000' }, 'VALIDATION'],
    [{ colour: 'green' }, 'VALIDATION'],
  ])('refuses %j', async (change, code) => {
    const { id } = (await ofSession({})).body.data.webhook;
    expect((await ofSession(change)).body.code).toBe(code);
    if (!('secret' in change)) expect((await patch(id, change)).body.code).toBe(code);
  });

  it('knows chats by their jids, however they are written', async () => {
    const { body } = await ofSession({
      chatTypes: ['user', 'group'],
      chats: ['+62 812-3456-7890', '6281234567890', '120363041234567890@g.us', '120363000000000000@newsletter'],
    });
    expect(body.data.webhook.chats).toEqual([
      '6281234567890@s.whatsapp.net',
      '120363041234567890@g.us',
      '120363000000000000@newsletter',
    ]);
    expect((await patch(body.data.webhook.id, { chats: null })).body.data.webhook).toMatchObject({
      chats: null,
      chatTypes: ['user', 'group'],
    });
  });

  it('keeps what happens while it is paused, and says how much waits since when', async () => {
    const { id } = (await ofSession({ isPaused: true })).body.data.webhook;
    for (let count = 0; count < 3; count += 1) await fixture.appendEvent(session, status);
    const shown = await get(id);
    expect(shown).toMatchObject({ state: 'paused', isPaused: true, isActive: true, backlog: { count: 3 } });
    expect(Date.now() - Date.parse(shown.backlog.oldestAt)).toBeLessThan(60_000);
    expect(shown.backlog.oldestAgeSeconds).toBeLessThan(60);
    expect((await patch(id, { isPaused: false })).body.data.webhook).toMatchObject({
      state: 'active',
      backlog: { count: 3 },
    });
  });

  it('says when and why it was switched off, keeps nothing meanwhile, and begins anew', async () => {
    const { id } = (await ofSession({})).body.data.webhook;
    await fixture.appendEvent(session, status);
    const off = (await patch(id, { isActive: false })).body.data.webhook;
    expect(off).toMatchObject({
      state: 'off',
      isActive: false,
      disabledReason: 'It was switched off with the API.',
      backlog: { count: 0 },
    });
    expect(Date.now() - Date.parse(off.disabledAt)).toBeLessThan(60_000);
    await fixture.appendEvent(session, status);
    const on = (await patch(id, { isActive: true })).body.data.webhook;
    expect(on).toMatchObject({
      state: 'active',
      isActive: true,
      disabledAt: null,
      disabledReason: null,
      backlog: { count: 0 },
    });
    await fixture.appendEvent(session, status);
    expect((await get(id)).backlog.count).toBe(1);
  });

  it('gets another secret, and says until when the one before signs', async () => {
    const { id, secret } = (await ofSession({})).body.data.webhook;
    const rotate = (body: Body) => fixture.call('POST', `/api/webhooks/${id}/rotate-secret`, { as: user.token, body });
    const rotated = await rotate({ overlapSeconds: 600 });
    expect(rotated.body.data.webhook.secret).not.toBe(secret);
    expect(rotated.body.data.webhook).not.toHaveProperty('previousSecret');
    expect(Math.abs(Date.parse((await get(id)).previousSecretExpiresAt) - Date.now() - 600_000)).toBeLessThan(30_000);
    const own = await rotate({ secret: 'a-secret-of-my-own', overlapSeconds: 0 });
    expect(own.body.data.webhook).toMatchObject({ secret: 'a-secret-of-my-own', previousSecretExpiresAt: null });
  });

  it('is also the primary one of a session, which PUT leaves its filters', async () => {
    const put = () =>
      fixture.call('PUT', `/api/sessions/${session.slug}/webhook`, { as: session.key, body: { url: URL } });
    const { secret } = (await put()).body.data.webhook;
    const list = await fixture.call('GET', '/api/webhooks', { as: session.key });
    const { id } = list.body.data.webhooks[0];
    await patch(id, { chatTypes: ['group'], isPaused: true });
    await fixture.call('POST', `/api/webhooks/${id}/rotate-secret`, { as: user.token, body: {} });
    const again = (await put()).body.data.webhook;
    expect(again.secret).not.toBe(secret);
    expect(await get(id)).toMatchObject({ isPrimary: true, chatTypes: ['group'], state: 'paused' });
  });
});

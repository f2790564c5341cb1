import { beforeAll, describe, expect, it } from 'vitest';
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

const patch = (body: unknown, as = user.token, slug = session.slug) =>
  fixture.call('PATCH', `/api/sessions/${slug}`, { as, body });
const read = async (slug = session.slug) =>
  (await fixture.call('GET', `/api/sessions/${slug}`, { as: user.token })).body.data;
const entries = async () =>
  (
    await fixture.database.pool.query(
      `SELECT action, actor_kind AS "actorKind", before, after FROM audit_logs WHERE resource_id = $1 AND action = 'session.updated' ORDER BY id`,
      [session.id],
    )
  ).rows;

describe('PATCH /api/sessions/{id} (MR-010)', () => {
  it('changes name and settings, each by itself, and writes what it was and what it is', async () => {
    expect(await read()).toMatchObject({ name: 'Test', settings: { labels: {}, onUncertain: 'resend' } });
    const named = await patch({ name: 'Shop' });
    expect([named.status, named.body.data]).toMatchObject([200, { name: 'Shop', settings: { labels: {} } }]);
    await patch({ settings: { labels: { shop: 'berlin', 'cost.center': '4711' } } });
    const last = await patch({ settings: { onUncertain: 'fail' } });
    const settings = { labels: { shop: 'berlin', 'cost.center': '4711' }, onUncertain: 'fail' };
    expect(last.body.data).toMatchObject({ name: 'Shop', settings });
    expect(await read()).toEqual(last.body.data);
    expect(await entries()).toEqual([
      { action: 'session.updated', actorKind: 'user', before: { name: 'Test' }, after: { name: 'Shop' } },
      {
        action: 'session.updated',
        actorKind: 'user',
        before: { settings: {} },
        after: { settings: { labels: settings.labels } },
      },
      {
        action: 'session.updated',
        actorKind: 'user',
        before: { settings: { labels: settings.labels } },
        after: { settings },
      },
    ]);
  });

  it('what changes nothing is not told', async () => {
    const before = (await entries()).length;
    expect((await patch({ name: 'Shop', isDefault: false })).status).toBe(200);
    expect(await entries()).toHaveLength(before);
  });

  it('labels replace the labels of before, and find the session', async () => {
    await patch({ settings: { labels: { city: 'Köln: Süd', 'x-y': '' } } });
    const found = async (label: string) =>
      (
        await fixture.call('GET', `/api/sessions?label=${encodeURIComponent(label)}`, { as: user.token })
      ).body.data.sessions.map(({ sessionId }: { sessionId: string }) => sessionId);
    for (const label of ['city', 'city:Köln: Süd', 'x-y', 'x-y:']) expect(await found(label)).toEqual([session.slug]);
    for (const label of ['shop', 'city:Köln', 'x-y:z', 'labels']) expect(await found(label)).toEqual([]);
  });

  it('one session of the workspace is the default', async () => {
    const other = await fixture.createSession(user);
    expect((await patch({ isDefault: true })).body.data.isDefault).toBe(true);
    expect((await patch({ isDefault: true }, user.token, other.slug)).body.data.isDefault).toBe(true);
    expect((await read()).isDefault).toBe(false);
    expect((await patch({ isDefault: false })).body.data.isDefault).toBe(false);
    expect((await read(other.slug)).isDefault).toBe(true);
    expect((await patch({ isDefault: false }, user.token, other.slug)).body.data.isDefault).toBe(false);
    expect((await read(other.slug)).isDefault).toBe(false);
    expect((await entries()).slice(-2)).toEqual([
      expect.objectContaining({ before: { settings: expect.anything() } }),
      { action: 'session.updated', actorKind: 'user', before: { isDefault: false }, after: { isDefault: true } },
    ]);
  });

  it('a default that is deleted leaves the workspace without', async () => {
    const gone = await fixture.createSession(user);
    await patch({ isDefault: true }, user.token, gone.slug);
    expect((await fixture.call('DELETE', `/api/sessions/${gone.slug}`, { as: user.token })).status).toBe(200);
    const { rows } = await fixture.database.pool.query(
      'SELECT default_session_id FROM workspaces w JOIN sessions s ON s.workspace_id = w.id WHERE s.id = $1',
      [session.id],
    );
    expect(rows).toEqual([{ default_session_id: null }]);
  });

  it.each([
    ['nothing', {}],
    ['what it does not know', { tier: 'max' }],
    ['an empty name', { name: '' }],
    ['a name with a control character', { name: 'a\u0000b' }],
    ['half an emoji', { name: 'a\ud83d' }],
    ['a setting that there is not', { settings: { autoReply: true } }],
    ['the name of a label that is none', { settings: { labels: { 'a b': 'c' } } }],
    ['the prototype as a label', JSON.parse('{"settings":{"labels":{"__proto_":{"a":1}}}}')],
    ['a label that is no text', { settings: { labels: { a: 1 } } }],
    ['a label that PostgreSQL could not store', { settings: { labels: { a: '\u0000' } } }],
    ['half an emoji in a label', { settings: { labels: { a: '\udc00' } } }],
    [
      'too many labels',
      { settings: { labels: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`l${n}`, ''])) } },
    ],
  ])('refuses %s', async (_what, body) => {
    const { status, body: answer } = await patch(body);
    expect([status, answer.code]).toEqual([400, 'VALIDATION']);
  });

  it('is for those who manage the workspace: no session key, no viewer, no stranger', async () => {
    expect((await patch({ name: 'x' }, session.key)).status).toBe(403);
    await fixture.database.pool.query(
      `UPDATE api_keys SET role = 'VIEWER' WHERE scope = 'WORKSPACE' AND user_id =
      (SELECT user_id FROM sessions WHERE id = $1)`,
      [session.id],
    );
    expect((await patch({ name: 'x' }, user.apiKey)).status).toBe(403);
    const stranger = await fixture.register();
    const refused = await patch({ name: 'x' }, stranger.token);
    expect([refused.status, refused.body.code]).toEqual([404, 'SESSION_NOT_FOUND']);
  });
});

import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { msOf, shortest } from '../../testing/timing.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();
let user: TestUser;
beforeAll(async () => {
  const admin = await fixture.register();
  await fixture.startWorker('worker-1');
  expect(admin.token).toBeTruthy();
});
beforeEach(async () => {
  user = await fixture.register();
});

const text = { to: '6281234567890', message: 'Hello' };
interface SendOptions {
  as?: string;
  body?: Record<string, unknown>;
  query?: string;
  headers?: Record<string, string>;
}
const send = ({ as = user.apiKey, body = {}, query = '', headers = {} }: SendOptions = {}) =>
  fixture.call('POST', `/api/messages/send${query}`, { as, body: { ...text, ...body }, headers });
const linked = async (): Promise<TestSession> => {
  const session = await fixture.createSession(user);
  await fixture.setState(session, 'CONNECTED');
  return session;
};
/** Of which session the message is that an answer tells of. */
const sessionOf = async (answer: { status: number; body: { data: { messageId: string } } }) => {
  expect(answer.status).toBe(202);
  const { body } = await fixture.call('GET', `/api/messages/${answer.body.data.messageId}`, { as: user.token });
  return body.data.sessionId;
};

describe('POST /api/messages/send (MR-033, MR-199)', () => {
  it('waits for nothing unless it is told to, and is otherwise the same call', async () => {
    await linked();
    const sending = async () => {
      const queued = await send();
      expect([queued.status, queued.body.data]).toMatchObject([202, { status: 'queued', state: 'queued' }]);
    };
    expect(await shortest(2_000, () => msOf(sending))).toBeLessThan(2_000);
    const waited = await send({ query: '?wait=sent&timeoutMs=50' });
    expect([waited.status, waited.body.data.status]).toEqual([202, 'queued']);
    const first = await send({ headers: { 'idempotency-key': 'a' } });
    const again = await send({ headers: { 'idempotency-key': 'a' } });
    expect([again.body.data.messageId, again.headers['idempotent-replayed']]).toEqual([
      first.body.data.messageId,
      'true',
    ]);
    expect((await send({ headers: { 'idempotency-key': 'a' }, body: { message: 'other' } })).status).toBe(422);
    const place = { type: 'location', latitude: 1.5, longitude: -0.25, message: undefined };
    const located = await send({ headers: { 'idempotency-key': 'b' }, body: place });
    const { body } = await fixture.call('GET', `/api/messages/${located.body.data.messageId}`, { as: user.token });
    expect(body.data).toMatchObject({ type: 'location', text: null, content: { latitude: 1.5, longitude: -0.25 } });
    const moved = { ...place, latitude: 2 };
    expect((await send({ headers: { 'idempotency-key': 'b' }, body: moved })).status).toBe(422);
    expect((await send({ body: { type: 'hologram' } })).body.code).toBe('MESSAGE_TYPE_UNSUPPORTED');
  });

  it('a key of one session sends from it; no other can be named', async () => {
    const [mine, other] = [await linked(), await linked()];
    expect(await sessionOf(await send({ as: mine.key }))).toBe(mine.slug);
    expect(await sessionOf(await send({ as: mine.key, body: { sessionId: mine.slug } }))).toBe(mine.slug);
    const refused = await send({ as: mine.key, body: { sessionId: other.slug } });
    expect([refused.status, refused.body.code]).toEqual([404, 'SESSION_NOT_FOUND']);
  });

  it('without any session: 404, and what to do', async () => {
    const { status, body } = await send();
    expect([status, body.code]).toEqual([404, 'SESSION_NOT_FOUND']);
    expect(body.error).toMatch(/no session yet\. Create one with POST \/api\/sessions/);
  });

  it('the only session, then 409 SESSION_AMBIGUOUS, then the default', async () => {
    const first = await linked();
    expect(await sessionOf(await send())).toBe(first.slug);
    const second = await linked();
    const ambiguous = await send();
    expect([ambiguous.status, ambiguous.body.code]).toEqual([409, 'SESSION_AMBIGUOUS']);
    expect(ambiguous.body.error).toMatch(/X-Session-Id.*PATCH \/api\/sessions/);
    await fixture.call('PATCH', `/api/sessions/${second.slug}`, { as: user.token, body: { isDefault: true } });
    expect(await sessionOf(await send())).toBe(second.slug);
    expect(await sessionOf(await send({ as: user.token }))).toBe(second.slug);
  });

  it('names a session in the query, in the body or in a header, and only one', async () => {
    const [first, second] = [await linked(), await linked()];
    expect(await sessionOf(await send({ query: `?sessionId=${first.slug}` }))).toBe(first.slug);
    expect(await sessionOf(await send({ body: { sessionId: second.slug } }))).toBe(second.slug);
    expect(await sessionOf(await send({ headers: { 'x-session-id': first.slug } }))).toBe(first.slug);
    const both = { query: `?sessionId=${first.slug}`, headers: { 'x-session-id': first.slug } };
    expect(await sessionOf(await send(both))).toBe(first.slug);
    const torn = await send({ body: { sessionId: second.slug }, headers: { 'x-session-id': first.slug } });
    expect([torn.status, torn.body.code]).toEqual([400, 'VALIDATION']);
  });

  it("does not find a session of others, by any of these names, and never a stranger's default", async () => {
    const theirs = await linked();
    user = await fixture.register();
    for (const named of [
      { query: `?sessionId=${theirs.slug}` },
      { body: { sessionId: theirs.id } },
      { headers: { 'x-session-id': theirs.slug } },
    ]) {
      const { status, body } = await send(named);
      expect([status, body.code, body.error]).toEqual([
        404,
        'SESSION_NOT_FOUND',
        'There is no such session for this credential.',
      ]);
    }
    expect((await send()).status).toBe(404);
  });

  it.each([
    ['?sessionId=', {}],
    [`?sessionId=${'x'.repeat(101)}`, {}],
    ['', { 'x-session-id': '' }],
  ])('refuses the name %j %j', async (query, headers) => {
    const { status, body } = await send({ query, headers });
    expect([status, body.code]).toEqual([400, 'VALIDATION']);
  });
});

describe('the setting onUncertain', () => {
  const failsIfUncertain = async (messageId: string) =>
    (
      await fixture.database.pool.query('SELECT fail_if_uncertain AS fails FROM outbox WHERE message_id = $1', [
        messageId,
      ])
    ).rows[0].fails;

  it('is what sends do that do not say it themselves, with and without a key (MR-010)', async () => {
    const session = await linked();
    const settings = { onUncertain: 'fail' };
    await fixture.call('PATCH', `/api/sessions/${session.slug}`, { as: user.token, body: { settings } });
    for (const headers of [{}, { 'idempotency-key': 'k1' }]) {
      expect(await failsIfUncertain((await send({ headers })).body.data.messageId)).toBe(true);
    }
    expect(await failsIfUncertain((await send({ body: { onUncertain: 'resend' } })).body.data.messageId)).toBe(false);
  });
});

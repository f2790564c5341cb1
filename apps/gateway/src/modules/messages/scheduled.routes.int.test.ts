import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();
let user: TestUser;
let session: TestSession;

beforeAll(async () => {
  await fixture.startWorker('worker-1');
  await fixture.database.pool.query('UPDATE workers SET max_sessions = 1000');
});
beforeEach(async () => {
  user = await fixture.register();
  session = await fixture.createSession(user);
  await fixture.setState(session, 'CONNECTED');
});

const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
const schedule = (more: object, path = '/api/messages/schedule') =>
  fixture.call('POST', path, { as: session.key, body: { to: '+6281234567890', message: 'hello', ...more } });
const get = async (id: string) => (await fixture.call('GET', `/api/messages/${id}`, { as: session.key })).body.data;
const cancel = (id: string) => fixture.call('POST', `/api/messages/${id}/cancel`, { as: session.key, body: {} });

describe('POST /api/messages/schedule (MR-036)', () => {
  it('answers at once, and the message says when it goes', async () => {
    const scheduledAt = inMinutes(90);
    const { status, body } = await schedule({ scheduledAt, expiresAt: inMinutes(120) });
    expect([status, body.data.status, body.data.state]).toEqual([202, 'queued', 'scheduled']);
    expect(body.data.schedule).toEqual({ at: scheduledAt });
    expect(await get(body.data.messageId)).toMatchObject({ state: 'scheduled', schedule: { at: scheduledAt } });
    const timeline = await fixture.call('GET', `/api/messages/${body.data.messageId}/timeline`, { as: session.key });
    expect(timeline.body.data.waiting).toContainEqual(
      expect.objectContaining({ reason: 'scheduled', until: scheduledAt }),
    );
  });

  it('is a field of every send, which then waits for nothing', async () => {
    const { status, body } = await schedule(
      { scheduledAt: inMinutes(5) },
      `/api/sessions/${session.slug}/send?wait=sent`,
    );
    expect([status, body.data.state]).toEqual([202, 'scheduled']);
  });

  it('keeps the zone of the caller, and says what was made of a time that the clock skips', async () => {
    const year = new Date().getUTCFullYear() + 1;
    // The last Sunday of March.
    const day = 31 - new Date(Date.UTC(year, 2, 31)).getUTCDay();
    const scheduledAt = `${year}-03-${day}T02:30`;
    const { status, body } = await schedule({ scheduledAt, timeZone: 'Europe/Berlin' });
    expect(status).toBe(202);
    expect(body.data.schedule).toEqual({
      at: `${year}-03-${day}T01:30:00.000Z`,
      timeZone: 'Europe/Berlin',
      localTime: scheduledAt,
      adjusted: 'moved-forward',
    });
  });

  it.each([
    [{}, /scheduledAt/],
    [{ scheduledAt: '2030-01-01T10:00' }, /no offset/],
    [{ scheduledAt: '2030-02-30T10:00:00Z' }, /no time/],
    [{ scheduledAt: '2030-01-01T10:00', timeZone: 'Mars/Olympus' }, /no time zone/],
    [{ scheduledAt: '2020-01-01T10:00:00Z' }, /over by the clock/],
    [{ scheduledAt: '2130-01-01T10:00:00Z' }, /366 days/],
    [{ scheduledAt: inMinutes(5), expiresAt: inMinutes(4) }, /never be sent/],
    [{ scheduledAt: inMinutes(5), priority: 'soon' }, /priority/],
  ])('refuses %j', async (more, sentence) => {
    const { status, body } = await schedule(more);
    expect(status).toBe(400);
    expect(body.error).toMatch(sentence);
  });
});

describe('scheduled messages', () => {
  it('are listed by their time, page by page, and only those of the caller', async () => {
    const ids: string[] = [];
    for (const minutes of [30, 10, 20])
      ids.push((await schedule({ scheduledAt: inMinutes(minutes) })).body.data.messageId);
    ids.push((await schedule({ scheduledAt: inMinutes(15), priority: 'urgent' })).body.data.messageId);
    const other = await fixture.register();
    const page = async (query: string, as = session.key) =>
      (await fixture.call('GET', `/api/messages/scheduled?${query}`, { as })).body.data;
    const first = await page('limit=3');
    expect(first.messages.map(({ messageId }: { messageId: string }) => messageId)).toEqual([ids[1], ids[3], ids[2]]);
    const second = await page(`limit=3&cursor=${encodeURIComponent(first.pagination.nextCursor)}`);
    expect(second.messages.map(({ messageId }: { messageId: string }) => messageId)).toEqual([ids[0]]);
    expect(second.pagination).toEqual({ nextCursor: null, hasMore: false });
    expect((await page('', other.token)).messages).toEqual([]);
    expect((await fixture.call('GET', '/api/messages/scheduled?cursor=x', { as: session.key })).status).toBe(400);
  });

  it('get another time', async () => {
    const { messageId } = (await schedule({ scheduledAt: inMinutes(30) })).body.data;
    const scheduledAt = inMinutes(60);
    const move = (body: object) =>
      fixture.call('PATCH', `/api/messages/${messageId}/schedule`, { as: session.key, body });
    expect((await move({ scheduledAt })).body.data).toMatchObject({
      state: 'scheduled',
      schedule: { at: scheduledAt },
    });
    expect((await move({ scheduledAt: '2020-01-01T00:00:00Z' })).status).toBe(400);
    await cancel(messageId);
    const late = await move({ scheduledAt });
    expect([late.status, late.body.code, late.body.details.state]).toEqual([409, 'MESSAGE_NOT_WAITING', 'cancelled']);
  });

  it('are cancelled, also twice at once: one call does it, the other hears so', async () => {
    const { messageId } = (await schedule({ scheduledAt: inMinutes(30) })).body.data;
    const answers = await Promise.all([cancel(messageId), cancel(messageId)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(answers.find(({ status }) => status === 200)!.body.data).toMatchObject({
      status: 'failed',
      state: 'cancelled',
      error: { code: 'MESSAGE_CANCELLED' },
    });
    expect(await get(messageId)).toMatchObject({ state: 'cancelled' });
    const list = await fixture.call('GET', '/api/messages?state=cancelled', { as: session.key });
    expect(list.body.data.messages).toHaveLength(1);
    const events = await fixture.call('GET', `/api/sessions/${session.slug}/events`, { as: session.key });
    expect(events.body.data.events.map(({ event }: { event: string }) => event)).toContain('message.failed');
  });

  it('of another workspace are not there', async () => {
    const { messageId } = (await schedule({ scheduledAt: inMinutes(30) })).body.data;
    const other = await fixture.register();
    for (const [method, path] of [
      ['POST', 'cancel'],
      ['PATCH', 'schedule'],
    ] as const) {
      const body = method === 'PATCH' ? { scheduledAt: inMinutes(60) } : {};
      expect((await fixture.call(method, `/api/messages/${messageId}/${path}`, { as: other.token, body })).status).toBe(
        404,
      );
    }
  });
});

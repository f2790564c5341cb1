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

const path = () => `/api/sessions/${session.slug}/pacing`;
const get = async () => (await fixture.call('GET', path(), { as: session.key })).body.data;
const patch = (body: object, as = user.token) => fixture.call('PATCH', path(), { as, body });
const send = (more: object) =>
  fixture.call('POST', `/api/sessions/${session.slug}/send?wait=queued`, {
    as: session.key,
    body: { to: '+6281234567890', message: 'hello', ...more },
  });

describe('the pacing of a session (MR-097, MR-098)', () => {
  it('begins with the defaults, and changes by what is given', async () => {
    expect(await get()).toMatchObject({
      settings: { mode: 'on', messageGapMs: 1_000, broadcastGapMs: 2_000, chatGapMs: 6_000 },
      risks: [],
      waiting: 0,
      nextAt: null,
      reason: null,
    });
    const changed = await patch({ messageGapMs: 2_500, timeZone: 'Asia/Jakarta' });
    expect(changed.body.data.settings).toMatchObject({
      messageGapMs: 2_500,
      broadcastGapMs: 2_000,
      timeZone: 'Asia/Jakarta',
    });
    expect((await get()).settings.messageGapMs).toBe(2_500);
  });

  it('off says what it risks', async () => {
    const { body } = await patch({ mode: 'off' });
    expect(body.data.risks).toHaveLength(1);
    expect(body.data.risks[0]).toContain('bans accounts');
  });

  it.each([
    [{}],
    [{ messageGapMs: -1 }],
    [{ timeZone: 'Mars/Olympus' }],
    [{ quietHours: { from: '25:00', to: '08:00', clock: 'session' } }],
    [{ speed: 'fast' }],
  ])('refuses %j', async (body) => {
    expect((await patch(body)).status).toBe(400);
  });

  it('is not changed by the key of a session', async () => {
    expect((await patch({ mode: 'off' }, session.key)).status).toBe(403);
  });

  it('each wait has its reason and its end in the timeline of the message', async () => {
    await patch({ dailyLimit: 0 });
    const { messageId } = (await send({ priority: 'low' })).body.data;
    const timeline = await fixture.call('GET', `/api/messages/${messageId}/timeline`, { as: session.key });
    const wait = timeline.body.data.waiting.find(({ reason }: { reason: string }) => reason === 'daily_limit');
    expect(new Date(wait.until).getUTCHours()).toBe(0);
    expect(await get()).toMatchObject({ waiting: 1, reason: 'daily_limit', nextAt: wait.until });
  });
});

describe('GET /api/queues (MR-105)', () => {
  const queues = async (query = '', as = user.token) => fixture.call('GET', `/api/queues${query}`, { as });
  const byName = (answer: Awaited<ReturnType<typeof queues>>) =>
    Object.fromEntries(answer.body.data.queues.map((queue: { name: string }) => [queue.name, queue]));

  it('counts what waits, what is scheduled and what was given up, under the names of the brief', async () => {
    await send({});
    await send({ priority: 'low' });
    await send({ scheduledAt: new Date(Date.now() + 3_600_000).toISOString() });
    const { messageId } = (await send({})).body.data;
    await fixture.call('POST', `/api/messages/${messageId}/cancel`, { as: session.key, body: {} });
    expect(byName(await queues())).toMatchObject({
      'message-queue': { waiting: 1, delayed: 1, active: 0, failed: 1, attempts: 3, gapMs: 1_000 },
      'broadcast-queue': { waiting: 1, delayed: 0, failed: 0, attempts: 3, gapMs: 2_000, chunk: 50 },
      'webhook-queue': { waiting: 0 },
    });
  });

  it('of others are for administrators alone', async () => {
    const other = await fixture.register();
    await send({});
    expect(byName(await queues('', other.token))['message-queue'].waiting).toBe(0);
    expect((await queues('?scope=platform')).status).toBe(403);
    const all = byName(await queues('?scope=platform', await fixture.adminToken()));
    expect(all['message-queue'].waiting).toBeGreaterThanOrEqual(1);
  });
});

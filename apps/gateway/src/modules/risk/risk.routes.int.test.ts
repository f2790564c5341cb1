import { createLogger, systemClock } from '@wa-gate/kit';
import { type Appended, type SessionHint, sweepRiskHistory } from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRiskLoop } from '../../jobs/risk/index.ts';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import { advanceBroadcast } from '../broadcasts/index.ts';

const fixture = useGateway();
let user: TestUser;
let session: TestSession;
let stopping: (() => Promise<void>)[] = [];

beforeAll(async () => {
  await fixture.startWorker('worker-1');
});
beforeEach(async () => {
  user = await fixture.register();
  session = await fixture.createSession(user);
  await fixture.setState(session, 'CONNECTED');
});
afterEach(async () => {
  await Promise.all(stopping.map((stop) => stop()));
  stopping = [];
});

const query = async <T extends object>(sql: string, values: unknown[] = []) =>
  (await fixture.database.pool.query<T>(sql, values)).rows;
const call = (method: 'GET' | 'POST' | 'PATCH', url: string, body?: object, as = user.token) =>
  fixture.call(method, url, { as, ...(body && { body }) });
const risk = async (more = '') =>
  (await call('GET', `/api/sessions/${session.slug}/risk${more}`, undefined, session.key)).body.data;
/** What WhatsApp says of the account, as the owner of the session writes it. */
const lock = (seconds: number | null) =>
  query(`UPDATE sessions SET reachout_locked_until = now() + $2 * interval '1 s', updated_at = now() WHERE id = $1`, [
    session.id,
    seconds,
  ]);

/** The loop of a process with jobs; returns what it has announced, and how often it has called for the guard. */
function startLoop() {
  const announced: Appended[] = [];
  const guarded: number[] = [];
  const listeners: ((hints: readonly SessionHint[]) => void)[] = [];
  const loop = createRiskLoop({
    pool: fixture.database.pool,
    streams: { onHints: (listener) => void listeners.push(listener) },
    clock: systemClock,
    logger: createLogger({ service: 'test', level: 'silent' }),
    announce: (appended) => announced.push(appended),
    onGuarded: () => void guarded.push(1),
    everyMs: 20,
  });
  loop.start();
  stopping.push(() => loop.stop());
  return {
    announced,
    guarded: () => guarded.length,
    hear(hints: SessionHint[]) {
      for (const listener of listeners) listener(hints);
    },
  };
}
/** The last assessment is long ago, so that news of the session counts at once. */
const age = () =>
  query(
    `UPDATE session_risk SET assessed_at = assessed_at - interval '1 minute' WHERE session_id = $1 AND assessed_at IS NOT NULL`,
    [session.id],
  );

describe('GET /api/sessions/{id}/risk (MR-097)', () => {
  it('answers before the jobs have come to the session, and then what they have found, with its history', async () => {
    expect(await risk()).toMatchObject({
      sessionId: session.slug,
      score: 0,
      level: 'low',
      since: null,
      reasons: [],
      guard: { threshold: 50, isTriggered: false, since: null },
      history: [],
    });
    await lock(3_600);
    startLoop();
    await waitFor(async () => (await risk()).history.length === 1);
    const found = await risk();
    expect(found).toMatchObject({ score: 55, level: 'high', guard: { isTriggered: true } });
    expect(found.reasons).toEqual([
      { signal: 'time_lock', points: 55, reason: expect.any(String), advice: expect.any(String) },
    ]);
    expect(found.history).toEqual([{ at: found.since, score: 55, level: 'high', signals: { time_lock: 55 } }]);
    expect((await risk('?limit=0')).history).toEqual([]);
    expect(await sweepRiskHistory(fixture.database.pool, 10)).toBe(0);
  });

  it('is in the list of sessions, and null there until the first assessment', async () => {
    const listed = async () => (await call('GET', '/api/sessions')).body.data.sessions[0].risk;
    expect(await listed()).toBeNull();
    startLoop();
    await waitFor(async () => (await listed()) !== null);
    expect(await listed()).toEqual({ score: 0, level: 'low' });
  });

  it('each change of the level is announced once, however many processes assess', async () => {
    const loops = [startLoop(), startLoop(), startLoop()];
    await waitFor(async () => (await risk()).history.length === 1);
    await lock(3_600);
    await age();
    await waitFor(async () => (await risk()).level === 'high');
    await lock(null);
    await age();
    await waitFor(async () => (await risk()).level === 'elevated');
    await Promise.all(stopping.map((stop) => stop()));
    const told = loops.flatMap(({ announced }) =>
      announced.flatMap(({ events }) => events.map(({ data }) => data.level)),
    );
    expect(told).toHaveLength(2);
    expect(new Set(told)).toEqual(new Set(['elevated', 'high']));
    expect(loops.reduce((sum, { guarded }) => sum + guarded(), 0)).toBe(1);
  });

  it('who sends by a session at risk is told so in the answer and in the timeline, others are not', async () => {
    const calm = await fixture.createSession(user);
    await fixture.setState(calm, 'CONNECTED');
    const sendBy = async ({ slug, key }: TestSession) =>
      (await call('POST', `/api/sessions/${slug}/send?wait=queued`, { to: '+6281234567890', message: 'hello' }, key))
        .body.data;
    await lock(3_600);
    startLoop();
    await waitFor(async () => (await risk()).history.length === 1);
    await Promise.all(stopping.map((stop) => stop()));
    // The lock would refuse the send. The score is that of the last assessment.
    await lock(null);
    const withRisk = async () => {
      const data = await sendBy(session);
      return data.risk && (data as { messageId: string; risk: object });
    };
    // A gateway keeps what it has read for ten seconds.
    const sent = await waitFor(withRisk, { timeoutMs: 20_000, what: 'a warning' });
    const [worst] = (await risk()).reasons;
    const warning = { score: 55, level: 'high', reason: worst.reason, advice: worst.advice };
    expect(sent.risk).toEqual(warning);
    const timeline = async ({ messageId }: { messageId: string }, { key }: TestSession) =>
      (await call('GET', `/api/messages/${messageId}/timeline`, undefined, key)).body.data;
    expect((await timeline(sent, session)).risk).toEqual(warning);
    const messages = [{ to: '+6281234567890', message: 'hello' }, { to: 'nobody' }];
    const { results } = (await call('POST', '/api/messages/bulk', { messages }, session.key)).body.data;
    expect(results.map((result: { risk?: object }) => result.risk)).toEqual([warning, undefined]);
    const other = await sendBy(calm);
    expect(other).not.toHaveProperty('risk');
    expect(await timeline(other, calm)).not.toHaveProperty('risk');
  });

  it('a refused message brings the next assessment forward', async () => {
    const loop = startLoop();
    await waitFor(async () => (await risk()).history.length === 1);
    const before = (await risk()).assessedAt;
    loop.hear([{ sessionId: session.id, seq: 1, messages: [{ messageId: session.id, state: 'SENT' }] }]);
    loop.hear([{ sessionId: session.id, seq: 2, messages: [{ messageId: session.id, state: 'FAILED' }] }]);
    await waitFor(async () => (await risk()).assessedAt > before);
  });

  it('its guard is a setting of the pacing, and off says what that risks', async () => {
    const pacing = (riskGuard: number | null) => call('PATCH', `/api/sessions/${session.slug}/pacing`, { riskGuard });
    expect((await pacing(70)).body.data).toMatchObject({ settings: { riskGuard: 70 }, risks: [] });
    expect((await risk()).guard.threshold).toBe(70);
    expect((await pacing(null)).body.data.risks[0]).toContain('No guard');
    expect((await risk()).guard).toEqual({ threshold: null, isTriggered: false, since: null });
    expect((await pacing(0)).status).toBe(400);
  });
});

describe('the guard of broadcasts (MR-097, MR-041)', () => {
  const advance = (id: string) => advanceBroadcast(fixture.database.pool, id);
  const broadcast = async (id: string) => (await call('GET', `/api/broadcast/${id}`)).body.data;
  const verb = (id: string, name: string) => call('POST', `/api/broadcast/${id}/${name}`);
  async function start(count: number): Promise<string> {
    const recipients = Array.from({ length: count }, (_, n) => `+62811${1_000_000 + n}`);
    const body = { message: 'Hello', sessionIds: [session.slug], recipients, start: true };
    return (await call('POST', '/api/broadcast', body)).body.data.broadcastId;
  }
  const waiting = async () =>
    Number((await query<{ n: string }>('SELECT count(*) AS n FROM outbox WHERE session_id = $1', [session.id]))[0]!.n);
  /** WhatsApp warns about the cap, and still lets new chats begin. */
  const warn = (status: 'second_warning' | 'none') =>
    query('UPDATE sessions SET message_capping = $2, updated_at = now() WHERE id = $1', [
      session.id,
      { status, used: 90, total: 100, cycleEndsAt: null },
    ]);
  beforeEach(() => call('PATCH', `/api/sessions/${session.slug}/pacing`, { riskGuard: 30 }));
  async function trigger(): Promise<void> {
    await age();
    await warn('second_warning');
    const { guarded } = startLoop();
    await waitFor(() => guarded() === 1);
    await Promise.all(stopping.map((stop) => stop()));
  }

  it('an owner who sets it higher or off need not wait for the next assessment', async () => {
    await trigger();
    const pacing = (riskGuard: number | null) => call('PATCH', `/api/sessions/${session.slug}/pacing`, { riskGuard });
    await pacing(90);
    const [first, second] = [await start(1), await start(1)];
    await advance(first);
    expect(await broadcast(first)).toMatchObject({ status: 'running', counts: { queued: 1 } });
    await pacing(30);
    await advance(second);
    expect(await broadcast(second)).toMatchObject({ status: 'paused', waitsFor: 'at_risk' });
    await pacing(null);
    const third = await start(1);
    await advance(third);
    expect(await broadcast(third)).toMatchObject({ status: 'running', counts: { queued: 1 } });
  });

  it('takes back what waits, says why, and lets go on only by hand; single messages are not concerned', async () => {
    const id = await start(60);
    await advance(id);
    expect(await waiting()).toBe(50);
    await trigger();
    const step = await advance(id);
    expect(step!.appended!.events.map(({ type }) => type)).toEqual(['broadcast.progress']);
    expect(step!.appended!.events[0]!.data).toMatchObject({
      status: 'paused',
      reason: expect.stringContaining('is at risk'),
    });
    expect(await waiting()).toBe(0);
    const paused = await broadcast(id);
    expect(paused).toMatchObject({ status: 'paused', waitsFor: 'at_risk', counts: { pending: 60, queued: 0 } });
    expect(paused.reason).toContain(`/api/sessions/${session.slug}/risk`);
    // The score falls: it stays paused.
    await age();
    await warn('none');
    startLoop();
    await waitFor(async () => (await risk()).score === 0);
    await Promise.all(stopping.map((stop) => stop()));
    await advance(id);
    expect((await broadcast(id)).status).toBe('paused');
    const single = await call(
      'POST',
      `/api/sessions/${session.slug}/send?wait=queued`,
      { to: '+6281234567890', message: 'hello' },
      session.key,
    );
    expect(single.status).toBe(202);
    expect((await verb(id, 'resume')).body.data).toMatchObject({ status: 'running', waitsFor: null, reason: null });
    await advance(id);
    expect((await broadcast(id)).counts.queued).toBe(50);
  });

  it('who resumes while the score is high has decided; when it crosses anew, it is paused again', async () => {
    const id = await start(5);
    await trigger();
    await advance(id);
    expect((await broadcast(id)).status).toBe('paused');
    await verb(id, 'resume');
    await advance(id);
    expect(await broadcast(id)).toMatchObject({ status: 'running', counts: { queued: 5 } });
    await age();
    await warn('none');
    startLoop();
    await waitFor(async () => !(await risk()).guard.isTriggered);
    await Promise.all(stopping.map((stop) => stop()));
    await trigger();
    await advance(id);
    expect(await broadcast(id)).toMatchObject({ status: 'paused', waitsFor: 'at_risk', counts: { pending: 5 } });
  });

  it('one that is started while the guard holds is paused before anything of it leaves; a cancel ends it', async () => {
    await trigger();
    const id = await start(5);
    await advance(id);
    expect(await broadcast(id)).toMatchObject({ status: 'paused', waitsFor: 'at_risk', counts: { pending: 5 } });
    expect(await waiting()).toBe(0);
    await verb(id, 'cancel');
    expect(await broadcast(id)).toMatchObject({ status: 'cancelled', waitsFor: null, reason: null });
  });
});

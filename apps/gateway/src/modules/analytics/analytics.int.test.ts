import { newId } from '@wa-gate/kit';
import { countCompleteHours } from '@wa-gate/messaging';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { dayThatLasts } from '../../testing/timing.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import { createAnalyticsService } from './analytics.service.ts';
import { createStatisticsRepository } from './statistics.repository.ts';

const fixture = useGateway();
let admin: string;
beforeAll(dayThatLasts, 180_000);
beforeAll(async () => {
  admin = await fixture.adminToken();
});

const get = async (path = '') => {
  const { status, body } = await fixture.call('GET', `/api/admin/analytics${path}`, { as: admin });
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data;
};
/** The same without its memory of a moment ago. */
const fresh = () =>
  createAnalyticsService({
    statistics: createStatisticsRepository(fixture.database.pool),
    fleet: fixture.gateway.services.workerAdministration,
    rememberMs: 0,
  });
const HOUR_MS = 3_600_000;
/** A message id as it was made so long ago. */
function idOf(hoursAgo: number): string {
  const time = (Date.now() - hoursAgo * HOUR_MS).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}${newId().slice(13)}`;
}

describe('an empty installation', () => {
  it('has an overview of zeros, and no NaN (MR-021, MR-118, MR-119, MR-120)', async () => {
    expect(await get()).toEqual({
      overview: { totalUsers: 1, totalSessions: 0, totalWorkers: 0, totalMessages: 0 },
      workers: { online: 0, offline: 0, maintenance: 0, pending: 0, avgCpuUsage: 0, avgMemoryUsage: 0 },
      sessions: { connected: 0, disconnected: 0, successRate: 0 },
    });
  });

  it.each(['1h', '24h', '7d', '30d'])('has statistics of %s of zeros (MR-123)', async (range) => {
    const messages = await get(`/messages?range=${range}`);
    expect(messages).toMatchObject({ range, total: 0, sent: 0, delivered: 0, failed: 0, successRate: 0 });
    expect(messages.byType).toMatchObject({ text: 0, image: 0 });
    expect(await get(`/sessions?range=${range}`)).toMatchObject({ range, total: 0, successRate: 0, created: 0 });
    expect(await get(`/workers?range=${range}`)).toMatchObject({ range, workers: [] });
  });
});

it('counts a month day by day, and days that are over from memory', async () => {
  const asked: string[] = [];
  const counting = createStatisticsRepository(fixture.database.pool);
  const service = createAnalyticsService({
    statistics: {
      ...counting,
      messages(slice) {
        asked.push(slice.from.toISOString());
        return counting.messages(slice);
      },
    },
    fleet: fixture.gateway.services.workerAdministration,
    rememberMs: 5_000,
  });
  expect(await service.messages('30d')).toMatchObject({ range: '30d', total: 0 });
  expect(asked).toHaveLength(31);
  asked.length = 0;
  await service.messages('7d');
  // What is left of the first day, and today.
  expect(asked).toHaveLength(2);
});

describe('an installation in use', () => {
  let sessions: TestSession[];
  let user: TestUser;
  beforeAll(async () => {
    const { pool } = fixture.database;
    user = await fixture.register();
    await fixture.startWorker('worker-1');
    await fixture.startWorker('worker-2');
    await fixture.startWorker('worker-3');
    // Nobody renews it here, and on a busy machine the tests last longer than a lease.
    await pool.query(`UPDATE worker_leases SET expires_at = now() + interval '1 hour'`);
    await pool.query(`UPDATE worker_leases SET cpu_usage = 50, memory_usage = 60 WHERE worker_id = 'worker-1'`);
    await pool.query(`UPDATE worker_leases SET cpu_usage = 55.5, memory_usage = 70 WHERE worker_id = 'worker-2'`);
    await pool.query(`UPDATE worker_leases SET ended_at = now(), cpu_usage = 99 WHERE worker_id = 'worker-3'`);
    sessions = [
      await fixture.createSession(user),
      await fixture.createSession(user),
      await fixture.createSession(user),
    ];
    await fixture.setState(sessions[0]!, 'CONNECTED');
    await fixture.setState(sessions[1]!, 'LOGGED_OUT');
    await pool.query(`UPDATE sessions SET created_at = now() - interval '3 days' WHERE id = $1`, [sessions[2]!.id]);
    const messages: [hoursAgo: number, direction: string, state: string, type: string][] = [
      [0.1, 'OUTBOUND', 'QUEUED', 'text'],
      [0.1, 'OUTBOUND', 'SENT', 'text'],
      [0.1, 'OUTBOUND', 'DELIVERED', 'text'],
      [2, 'OUTBOUND', 'READ', 'image'],
      [2, 'OUTBOUND', 'PLAYED', 'audio'],
      [2, 'OUTBOUND', 'FAILED', 'text'],
      [30, 'OUTBOUND', 'UNKNOWN', 'text'],
      [30, 'INBOUND', 'RECEIVED', 'sticker'],
      [24 * 8, 'INBOUND', 'RECEIVED', 'text'],
      [24 * 31, 'INBOUND', 'RECEIVED', 'text'],
    ];
    for (const [hoursAgo, direction, state, type] of messages) {
      await pool.query(
        `INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_me, kind, state)
         VALUES ($1, $2, $3::"MessageDirection", $4, '1@s.whatsapp.net', $3 = 'OUTBOUND', $5, $6)`,
        [idOf(hoursAgo), sessions[0]!.id, direction, newId(), type, state],
      );
    }
    await pool.query(
      `INSERT INTO users (id, email, name, password_hash, tier, is_active, last_login_at, created_at) VALUES
         ($1, 'old@example.test', 'Old', '', 'PRO', false, now() - interval '8 days', date_trunc('day', now(), 'UTC') - interval '1 ms'),
         ($2, 'new@example.test', 'New', '', 'BASIC', true, null, date_trunc('day', now(), 'UTC'))`,
      [newId(), newId()],
    );
  });

  it('is told as in the example of the brief (MR-021, MR-118, MR-119, MR-120)', async () => {
    expect(await fresh().overview()).toEqual({
      overview: { totalUsers: 4, totalSessions: 3, totalWorkers: 3, totalMessages: 10 },
      workers: { online: 2, offline: 1, maintenance: 0, pending: 0, avgCpuUsage: 52.8, avgMemoryUsage: 65 },
      sessions: { connected: 1, disconnected: 2, successRate: 33.3 },
    });
  });

  it.each([
    ['1h', { total: 3, pending: 1, sent: 2, delivered: 1, read: 0, failed: 0, inbound: 0, successRate: 100 }],
    ['24h', { total: 6, pending: 1, sent: 4, delivered: 3, read: 2, failed: 1, inbound: 0, successRate: 80 }],
    ['7d', { total: 8, pending: 1, sent: 4, delivered: 3, read: 2, failed: 2, inbound: 1, successRate: 66.7 }],
    ['30d', { total: 9, pending: 1, sent: 4, delivered: 3, read: 2, failed: 2, inbound: 2, successRate: 66.7 }],
  ] as const)('counts messages of %s cumulatively (MR-025, MR-123)', async (range, counts) => {
    expect(await fresh().messages(range)).toMatchObject(counts);
  });

  it('counts messages by type (MR-025)', async () => {
    const { byType, total } = await fresh().messages('30d');
    expect(byType).toMatchObject({ text: 6, image: 1, audio: 1, sticker: 1, video: 0 });
    expect(Object.values(byType).reduce((sum, count) => sum + count, 0)).toBe(total);
  });

  it('counts users by tier, active within seven days, and new since midnight UTC (MR-026, MR-124)', async () => {
    const users = await fresh().users();
    expect(users).toMatchObject({ total: 4, inactive: 1, activeUsers: 2, byRole: { customer: 3, administrator: 1 } });
    expect(users.byTier).toEqual({ basic: 1, pro: 1, max: 2 });
    expect(users.newUsersToday).toBe(3);
  });

  it('counts a user as active who has used an old login', async () => {
    const { pool } = fixture.database;
    await pool.query(`UPDATE users SET last_login_at = now() - interval '8 days' WHERE last_login_at IS NOT NULL`);
    expect((await fresh().users()).activeUsers).toBe(2);
    await pool.query(`UPDATE logins SET last_used_at = now() - interval '8 days'`);
    expect((await fresh().users()).activeUsers).toBe(0);
  });

  it('counts sessions as they are, and what is new', async () => {
    const sessions = await fresh().sessions('24h');
    expect(sessions).toMatchObject({
      total: 3,
      connected: 1,
      disconnected: 2,
      successRate: 33.3,
      created: 2,
      linked: 2,
    });
    expect(sessions.byStatus).toMatchObject({ connected: 1, disconnected: 1, initializing: 1 });
    expect(sessions.byState).toMatchObject({ connected: 1, logged_out: 1, initializing: 1 });
    expect(sessions.byNetwork).toEqual({ live: 0, sandbox: 3 });
    expect((await fresh().sessions('7d')).created).toBe(3);
  });

  it('shows the figures of the workers (MR-024, MR-122)', async () => {
    await fixture.database.pool.query(
      `INSERT INTO worker_metrics (worker_id, minute, cpu_usage, memory_usage, session_count, message_count, uptime_seconds)
       VALUES ('worker-1', date_trunc('minute', now()), 10, 20, 3, 4, 5)`,
    );
    const { workers } = await get('/workers?range=1h');
    const worker = workers.find(({ workerId }: { workerId: string }) => workerId === 'worker-1');
    expect(worker).toMatchObject({ avgCpu: 10, avgMemory: 20, avgSessions: 3 });
    expect(worker.samples).toHaveLength(1);
  });

  it('refuses another range, and everybody but administrators', async () => {
    const answer = await fixture.call('GET', '/api/admin/analytics/messages?range=2h', { as: admin });
    expect(answer.status).toBe(400);
    const other = await fixture.register();
    for (const path of ['', '/messages', '/sessions', '/users', '/workers']) {
      const refused = await fixture.call('GET', `/api/admin/analytics${path}`, { as: other.token });
      expect([path, refused.status]).toEqual([path, 403]);
    }
  });

  it('counts messages also when those of complete hours are kept as counts, and their session is deleted (MR-118)', async () => {
    const count = async () => (await fresh().overview()).overview.totalMessages;
    while (await countCompleteHours(fixture.database.pool, new Date()));
    expect(await count()).toBe(10);
    const deleted = await fixture.call('DELETE', `/api/sessions/${sessions[0]!.slug}`, { as: user.token });
    expect(deleted.status).toBe(200);
    expect(await count()).toBe(10);
  });
});

import { createPool, type Pool } from '@wa-gate/db';
import { createLogger, newId, type Redis, redisKeys, systemClock } from '@wa-gate/kit';
import { createTestDatabase, createTestRedis, seedSession, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHitBatches, type HitBatches, recordHits, sweepUsageBatches } from '../../modules/usage/index.ts';
import { createUsageMover } from './usage-mover.ts';

let database: TestDatabase;
let pool: Pool;
let redis: Redis;
let batches: HitBatches;
let accountId: string;
let workspaceId: string;
let sessionId: string;
let slug: string;

const logger = createLogger({ service: 'test', level: 'silent' });

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ url: database.url, name: 'usage-test' });
});
afterAll(async () => {
  redis?.disconnect();
  await pool?.end();
  await database?.drop();
});
beforeEach(async () => {
  redis?.disconnect();
  redis = await createTestRedis();
  batches = createHitBatches(redis);
  ({ userId: accountId, workspaceId, sessionId, slug } = await seedSession(pool));
});

const moverOn = (through: HitBatches = batches) =>
  createUsageMover({ pool, batches: through, clock: systemClock, logger });
const hit = async (count: number, field = `2026-01|${accountId}||||`) => {
  await redis.hincrby(redisKeys.usageHits(), field, count);
};
const total = async (): Promise<number> => {
  const { rows } = await pool.query<{ hits: number }>(
    'SELECT coalesce(sum(usage_count), 0)::int AS hits FROM usage_records WHERE user_id = $1',
    [accountId],
  );
  return rows[0]!.hits;
};

describe('hits', () => {
  it('become usage by month, account, session and key (MR-135, C31)', async () => {
    const keyId = newId();
    await hit(2, `2026-01|${accountId}|${keyId}|${sessionId}||`);
    await hit(3, `2026-01|${accountId}|${keyId}||${workspaceId}|${slug}`);
    await hit(5, `2026-02|${accountId}|${keyId}|${sessionId}||`);
    await hit(7, `2026-01|${accountId}||||`);
    await hit(11, `2026-01|${accountId}|||${workspaceId}|no-such-session`);
    await moverOn().move();
    const { rows } = await pool.query(
      `SELECT to_char(billing_date, 'YYYY-MM-DD') AS date, session_id, api_key_id, usage_count FROM usage_records
       WHERE user_id = $1 ORDER BY 1, 4`,
      [accountId],
    );
    expect(rows).toEqual([
      { date: '2026-01-01', session_id: sessionId, api_key_id: keyId, usage_count: 5 },
      { date: '2026-01-01', session_id: null, api_key_id: null, usage_count: 18 },
      { date: '2026-02-01', session_id: sessionId, api_key_id: keyId, usage_count: 5 },
    ]);
    await hit(1);
    await moverOn().move();
    expect(await total()).toBe(29);
    expect(await batches.list()).toEqual([]);
  });

  const steps = ['nothing', 'begin', 'list', 'read', 'record', 'forget'] as const;

  it.each(steps)('are counted once when a mover crashes after "%s"', async (last) => {
    await hit(10);
    const done = steps.indexOf(last);
    if (done >= steps.indexOf('begin')) await batches.begin();
    const ids = done >= steps.indexOf('list') ? await batches.list() : [];
    for (const id of ids) {
      const counts = done >= steps.indexOf('read') ? await batches.read(id) : new Map<string, number>();
      if (done >= steps.indexOf('record')) await recordHits(pool, id, counts);
      if (done >= steps.indexOf('forget')) await batches.forget(id);
    }
    await hit(1);
    await moverOn().move();
    await moverOn().move();
    expect(await total()).toBe(11);
    expect(await batches.list()).toEqual([]);
  });

  it.each(['begin', 'list', 'read', 'forget'] as const)('are counted once when Redis fails at "%s"', async (step) => {
    await hit(10);
    const failing = {
      ...batches,
      [step]: async () => {
        throw new Error('Redis is away');
      },
    };
    await moverOn(failing).move();
    await moverOn().move();
    expect(await total()).toBe(10);
  });

  it('are counted once by several movers at the same time', async () => {
    for (let round = 0; round < 5; round += 1) {
      await hit(10);
      await Promise.all([moverOn().move(), moverOn().move(), moverOn().move()]);
    }
    await moverOn().move();
    expect(await total()).toBe(50);
  });

  it('are counted once when the transaction fails in the middle', async () => {
    const [id, counts] = [newId(), new Map([[`2026-01|${accountId}||||`, 4]])];
    await pool.query('ALTER TABLE usage_records ADD CONSTRAINT none CHECK (usage_count <> 4)');
    await expect(recordHits(pool, id, counts)).rejects.toThrow('none');
    await pool.query('ALTER TABLE usage_records DROP CONSTRAINT none');
    expect(await total()).toBe(0);
    await recordHits(pool, id, counts);
    await recordHits(pool, id, counts);
    expect(await total()).toBe(4);
  });

  it('of nobody, and what is none, hold nothing up', async () => {
    await hit(1);
    await hit(1, `2026-01|${newId()}||||`);
    await hit(1, 'nonsense');
    await hit(1, `2026-01|${accountId}|x|||`);
    await hit(1, `2026-99|${accountId}||||`);
    await hit(1, '2026-01|not-an-id||||');
    await moverOn().move();
    expect(await total()).toBe(1);
  });

  it('that are lost with Redis are those since the last move', async () => {
    await hit(3);
    await moverOn().move();
    await hit(2);
    await redis.flushdb();
    await hit(1);
    await moverOn().move();
    expect(await total()).toBe(4);
  });

  it('leave ids of batches behind, which are forgotten after a week', async () => {
    await pool.query('DELETE FROM usage_batches');
    await hit(1);
    await moverOn().move();
    await pool.query(
      `INSERT INTO usage_batches (id, applied_at) VALUES (gen_random_uuid(), now() - interval '8 days')`,
    );
    expect(await sweepUsageBatches(pool, 100)).toBe(1);
    expect((await pool.query('SELECT FROM usage_batches')).rowCount).toBe(1);
  });
});

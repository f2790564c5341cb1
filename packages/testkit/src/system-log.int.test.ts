import { createPool, createSystemLogSink, type Queryable, type SystemLogSink } from '@wa-gate/db';
import { createInstruments, createLogger, type Logger } from '@wa-gate/kit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { createFaultProxy } from './fault-proxy.ts';
import { waitFor } from './wait-for.ts';

let database: TestDatabase;
const ending: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
  await database.pool.query('TRUNCATE system_logs');
});

function start(pool: Queryable, capacity = 1_000): { systemLog: SystemLogSink; logger: Logger } {
  const systemLog = createSystemLogSink({ capacity, everyMs: 1, retryMs: 100 });
  ending.push(() => systemLog.stop());
  const destination = { write: () => undefined };
  const logger = createLogger({ service: 'gateway', level: 'debug', destination, sinks: [systemLog.sink] });
  systemLog.start(pool);
  return { systemLog, logger };
}

const rows = async () => (await database.pool.query('SELECT * FROM system_logs ORDER BY id')).rows;

describe('the system log (MR-134)', () => {
  it('gets warnings and errors with their fields, and nothing below', async () => {
    const { systemLog, logger } = start(database.pool);
    logger.debug('too low');
    logger.info('too low as well');
    logger.child({ workerId: 'worker-1', sessionId: 's-1' }).warn({ userId: 'u-1', epoch: 3 }, 'placement lost');
    logger.error({ err: new Error('no route') }, 'request failed');
    logger.fatal('uncaught');
    await waitFor(() => systemLog.counts.stored === 3);
    const [warning, error, fatal] = await rows();
    expect(warning).toMatchObject({
      level: 'WARN',
      service: 'gateway',
      message: 'placement lost',
      details: { epoch: 3 },
      user_id: 'u-1',
      session_id: 's-1',
      worker_id: 'worker-1',
    });
    expect(error).toMatchObject({ level: 'ERROR', message: 'request failed', session_id: null });
    expect(error.details.err.stack).toContain('no route');
    expect(fatal).toMatchObject({ level: 'ERROR', message: 'uncaught', details: null });
  });

  it('has secrets as little as stdout (MR-163)', async () => {
    const { systemLog, logger } = start(database.pool);
    const key = `wag_live_abcdefgh_${'x'.repeat(43)}`;
    logger.warn({ password: 'leak-1', err: new Error(`refused ${key}`) }, `got ${key}`);
    await waitFor(() => systemLog.counts.stored === 1);
    expect(JSON.stringify(await rows())).not.toMatch(/leak-1|xxxx/);
  });

  it('stores what PostgreSQL cannot take as it is: NUL, half of an emoji, very much text', async () => {
    const { systemLog, logger } = start(database.pool);
    logger.warn({ sessionId: 'a\0b', text: 'half \ud83d of it', long: 'x'.repeat(50_000) }, 'nul \0 in it');
    await waitFor(() => systemLog.counts.stored === 1);
    const [row] = await rows();
    expect(row).toMatchObject({ message: 'nul \ufffd in it', session_id: 'a\ufffdb' });
    expect(row.details.truncated.length).toBeLessThan(10_000);
    expect(systemLog.counts.dropped).toBe(0);
  });

  it('takes lines at once while PostgreSQL is away, keeps the newest, and stores them when it is back', async () => {
    const line = await createFaultProxy(database.url);
    const pool = createPool({ url: line.url, name: 'test-log' });
    ending.push(
      () => line.close(),
      () => pool.end(),
    );
    line.set('refuse');
    let failures = 0;
    const query = async (statement: string) => {
      try {
        return await pool.query(statement);
      } catch (error) {
        failures += 1;
        throw error;
      }
    };
    const { systemLog, logger } = start({ query } as Queryable, 250);
    for (let n = 0; n < 500; n += 1) logger.warn({ n }, 'event');
    await waitFor(() => failures >= 2);
    for (let n = 500; n < 1_000; n += 1) logger.warn({ n }, 'event');
    await waitFor(() => failures >= 4);
    expect(systemLog.counts).toEqual({ stored: 0, dropped: 750 });
    line.set('forward');
    await waitFor(() => systemLog.counts.stored === 250);
    expect((await rows()).map((row) => row.details.n)).toEqual(Array.from({ length: 250 }, (_, n) => 750 + n));
  });

  it('drops what PostgreSQL refuses instead of asking for ever', async () => {
    await database.pool.query(`ALTER TABLE system_logs ADD CONSTRAINT refused CHECK (message <> 'poison')`);
    const { systemLog, logger } = start(database.pool);
    logger.warn('poison');
    await waitFor(() => systemLog.counts.dropped === 1);
    await database.pool.query('ALTER TABLE system_logs DROP CONSTRAINT refused');
    logger.warn('event');
    await waitFor(() => systemLog.counts.stored === 1);
  });

  it('stores the last lines when it is stopped, and shows its counts as metrics', async () => {
    const { systemLog, logger } = start(database.pool);
    const instruments = createInstruments({ service: 'test', version: '1' });
    systemLog.exposeIn(instruments);
    for (let n = 0; n < 150; n += 1) logger.warn('event');
    await systemLog.stop(20_000);
    expect(await rows()).toHaveLength(150);
    logger.warn('too late');
    const shown = await instruments.registry.getSingleMetricAsString('wag_system_log_lines_total');
    expect(shown).toMatch(/outcome="stored".*} 150/);
  });
});

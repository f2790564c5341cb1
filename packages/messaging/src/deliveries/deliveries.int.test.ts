import { newId } from '@wa-gate/kit';
import { createTestDatabase, seedEvent, seedSession, type TestDatabase, waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeliveryResult, writeDeliveries } from './deliveries.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

it.each([
  ['COMMIT', { status: 'DELIVERED', attempts: 2 }],
  ['ROLLBACK', { status: 'DELIVERED', attempts: 1 }],
])(
  'of two first results of one delivery the second one waits for the %s of the first, and counts',
  async (end, row) => {
    const { sessionId } = await seedSession(database.pool);
    await seedEvent(database.pool, sessionId);
    const webhookId = newId();
    await database.pool.query(
      `INSERT INTO webhooks (id, session_id, url, events, secret) VALUES ($1, $2, 'http://127.0.0.1/hook', '{*}', 'x')`,
      [webhookId, sessionId],
    );
    const resultOf = (status: DeliveryResult['status']): DeliveryResult => ({
      webhookId,
      sessionId,
      seq: 1,
      status,
      isAttempt: true,
      refusals: 0,
      ageMs: 0,
    });
    const first = await database.pool.connect();
    try {
      await first.query('BEGIN');
      await writeDeliveries(first, [], [resultOf('RETRYING')]);
      const second = writeDeliveries(database.pool, [], [resultOf('DELIVERED')]);
      await waitFor(async () => {
        const { rows } = await database.pool.query(
          `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
        );
        return rows.length > 0;
      });
      await first.query(end);
      await second;
    } finally {
      first.release();
    }
    const { rows } = await database.pool.query(
      'SELECT status, attempts FROM webhook_deliveries WHERE webhook_id = $1 AND seq = 1 AND session_id = $2',
      [webhookId, sessionId],
    );
    expect(rows).toEqual([row]);
  },
);

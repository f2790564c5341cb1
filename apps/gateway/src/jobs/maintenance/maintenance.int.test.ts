import { createLogger, newId, systemClock } from '@wa-gate/kit';
import { acceptMessage, JOURNAL_DAYS, newWaMessageId } from '@wa-gate/messaging';
import { createTestDatabase, type SeededSession, seedSession, type TestDatabase, waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createMaintenance, type MaintenanceTask } from './maintenance.ts';
import { retentionTasks } from './retention-tasks.ts';

let database: TestDatabase;
let session: SeededSession;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  session = await seedSession(database.pool, { state: 'CONNECTED' });
});

const logger = createLogger({ service: 'test', level: 'silent' });
const maintenance = (tasks: MaintenanceTask[], everyMs = 60_000) =>
  createMaintenance({ tasks, clock: systemClock, logger, everyMs });
const query = async (sql: string) => (await database.pool.query(sql, [session.sessionId])).rows;

const RETENTION = { auditDays: 365, systemLogDays: 30 };
const DAY_MS = 86_400_000;
/** A message id as it was made so many days ago. */
function idOf(daysAgo: number): string {
  const time = (Date.now() - daysAgo * DAY_MS).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}${newId().slice(13)}`;
}

it('deletes idempotency keys that have expired, and no others', async () => {
  await database.pool.query(
    `INSERT INTO idempotency_keys (session_id, key, request_hash, message_id, expires_at)
     SELECT $1::uuid, 'old-' || n, ''::bytea, gen_random_uuid(), now() - interval '1 second' FROM generate_series(1, 2500) n
     UNION ALL SELECT $1::uuid, 'young', ''::bytea, gen_random_uuid(), now() + interval '1 hour'`,
    [session.sessionId],
  );
  await maintenance(retentionTasks(database.pool, RETENTION)).round();
  expect(await query('SELECT key FROM idempotency_keys WHERE session_id = $1')).toEqual([{ key: 'young' }]);
});

it('deletes old rows of the journal', async () => {
  await database.pool.query(
    `INSERT INTO inbound_journal (session_id, hash, stanza_id, enc_index, enc_count, created_at) VALUES
       ($1, '\\x01', 'a', 0, 1, now() - make_interval(days => $2::int, secs => 1)),
       ($1, '\\x02', 'b', 0, 1, now() - make_interval(days => $2::int) + interval '1 minute')`,
    [session.sessionId, JOURNAL_DAYS],
  );
  await maintenance(retentionTasks(database.pool, RETENTION)).round();
  expect(await query('SELECT stanza_id FROM inbound_journal WHERE session_id = $1')).toEqual([{ stanza_id: 'b' }]);
});

it('drops the bytes of old messages that are done with, and keeps their rows', async () => {
  const make = async (daysAgo: number, state: string) => {
    const messageId = idOf(daysAgo);
    await acceptMessage(database.pool, {
      messageId,
      sessionId: session.sessionId,
      waMessageId: newWaMessageId(),
      chatJid: '1@s.whatsapp.net',
      request: { type: 'text', text: 'x' },
    });
    await database.pool.query(`UPDATE outbox SET payload = '\\x01', state = $2::"OutboxState" WHERE message_id = $1`, [
      messageId,
      state,
    ]);
  };
  await make(15, 'SENT');
  await make(15, 'SENDING');
  await make(13, 'SENT');
  const tasks = retentionTasks(database.pool, RETENTION);
  await maintenance(tasks).round();
  const kept = 'SELECT payload IS NOT NULL AS kept FROM outbox WHERE session_id = $1 ORDER BY seq';
  expect((await query(kept)).map((row) => row.kept)).toEqual([false, true, true]);
  // It goes on where it was, and what has become old since is found.
  await make(14.5, 'SENT');
  await maintenance(tasks).round();
  expect((await query(kept)).map((row) => row.kept)).toEqual([false, true, true, false]);
});

it('deletes old entries of the audit log and of the system log, each after its time', async () => {
  for (const [table, columns, values] of [
    ['audit_logs', 'actor_kind, action, resource_type', `'system', 'x.done', 'x'`],
    ['system_logs', 'level, service, message', `'WARN', 'gateway', 'x'`],
  ] as const) {
    for (const days of [29.9, 30.1, 364.9, 365.1]) {
      await database.pool.query(`INSERT INTO ${table} (id, ${columns}) VALUES ($1, ${values})`, [idOf(days)]);
    }
  }
  await maintenance(retentionTasks(database.pool, RETENTION)).round();
  const count = async (table: string) => (await database.pool.query(`SELECT id FROM ${table}`)).rowCount;
  expect([await count('audit_logs'), await count('system_logs')]).toEqual([3, 1]);
});

it('works off a backlog in bites, over several rounds, and one failing task does not stop the others', async () => {
  let left = 45_500;
  const asked: number[] = [];
  const tasks = maintenance([
    { name: 'fails', run: () => Promise.reject(new Error('no')) },
    {
      name: 'much',
      async run(limit) {
        asked.push(limit);
        const done = Math.min(limit, left);
        left -= done;
        return done;
      },
    },
  ]);
  await tasks.round();
  expect(left).toBe(25_500);
  await tasks.round();
  await tasks.round();
  expect([left, asked.length]).toEqual([0, 46]);
});

it('runs by itself until it is stopped', async () => {
  let rounds = 0;
  const running = maintenance([{ name: 'counts', run: async () => (rounds += 1) }], 5);
  running.start();
  await waitFor(() => rounds >= 2);
  await running.stop();
});

it('ends at once, also in the middle of a pause', async () => {
  const running = maintenance([], 3_600_000);
  running.start();
  await running.stop();
});

import { EVENTS } from '@wa-gate/contracts';
import { createLogger, newId, systemClock } from '@wa-gate/kit';
import {
  ALL_MESSAGE_USAGE,
  acceptMessage,
  countCompleteHours,
  countMessageStatistics,
  JOURNAL_DAYS,
  newWaMessageId,
} from '@wa-gate/messaging';
import { createTestDatabase, type SeededSession, seedSession, type TestDatabase, waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sweepEvents } from './event-retention.ts';
import { createMaintenance, type MaintenanceTask } from './maintenance.ts';
import { sweepMessages } from './message-retention.ts';
import { retentionTasks } from './retention-tasks.ts';
import { newSessionSweep } from './session-sweep.ts';

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

it('deletes calls that are older than 90 days', async () => {
  await database.pool.query(
    `INSERT INTO calls (session_id, call_id, caller_jid, chat_jid, is_video, status, started_at)
     SELECT $1, 'call-' || days, 'x', 'x', false, 'missed', now() - make_interval(hours => days * 24 + 1) FROM unnest('{1,89,90}'::int[]) AS days`,
    [session.sessionId],
  );
  await maintenance(retentionTasks(database.pool, RETENTION)).round();
  const kept = await query('SELECT call_id AS id FROM calls WHERE session_id = $1 ORDER BY started_at DESC');
  expect(kept.map(({ id }) => id)).toEqual(['call-1', 'call-89']);
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

describe('messages (MR-035)', () => {
  const DAYS = 30;
  async function store(daysAgo: number, state = 'READ'): Promise<string> {
    const id = idOf(daysAgo);
    await database.pool.query(
      `WITH m AS (INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_me, kind, text, state)
         VALUES ($1, $2, 'OUTBOUND', $1::uuid::text, 'chat', true, 'text', 'x', $3::"MessageState"))
       INSERT INTO message_keys (session_id, chat_jid, from_me, wa_message_id, message_id) VALUES ($2, 'chat', true, $1::uuid::text, $1)`,
      [id, session.sessionId, state],
    );
    return id;
  }
  const countAll = async () => {
    while (await countCompleteHours(database.pool, new Date()));
    while (await countMessageStatistics(database.pool, new Date()));
  };
  const stored = async () =>
    (await query('SELECT id FROM messages WHERE session_id = $1 ORDER BY id')).map(({ id }) => id);
  const keepFor = (days: number | null) => database.pool.query('UPDATE tiers SET message_retention_days = $1', [days]);
  const sum = async () =>
    (
      await database.pool.query<{ usage: number; sent: number }>(
        `SELECT (SELECT sum(count)::int FROM (${ALL_MESSAGE_USAGE}) u WHERE u.session_id = $1) AS usage,
           (SELECT sum(sent)::int FROM message_statistics WHERE session_id = $1 AND unit = 'week') AS sent`,
        [session.sessionId],
      )
    ).rows[0];

  it('older than the tier keeps them are deleted with all their names, and what was counted of them stays', async () => {
    await keepFor(DAYS);
    const old = [await store(DAYS + 100), await store(DAYS + 0.1)];
    const waiting = await store(DAYS + 2, 'QUEUED');
    const young = await store(DAYS - 0.1);
    await countAll();
    const before = await sum();
    expect(before).toEqual({ usage: 4, sent: 3 });
    await maintenance(retentionTasks(database.pool, RETENTION)).round();
    expect(await stored()).toEqual([waiting, young]);
    const keys = 'SELECT message_id AS id FROM message_keys WHERE session_id = $1 ORDER BY message_id';
    expect((await query(keys)).map(({ id }) => id)).toEqual([waiting, young]);
    expect(old).not.toContain(young);
    expect(await sum()).toEqual(before);
  });

  it('stay where the tier keeps them for longer than there are ids: its time began before 1970', async () => {
    await keepFor(36_500);
    const stays = [await store(DAYS + 1), await store(0.1)];
    await countAll();
    await maintenance(retentionTasks(database.pool, RETENTION)).round();
    expect(await stored()).toEqual(stays);
  });

  it('stay for ever where the tier says so, and until they are counted', async () => {
    await keepFor(null);
    const old = await store(DAYS + 1);
    const tasks = retentionTasks(database.pool, RETENTION);
    await countAll();
    await maintenance(tasks).round();
    expect(await stored()).toEqual([old]);
    await keepFor(DAYS);
    await database.pool.query(`UPDATE message_statistics_progress SET counted_before = '2000-01-01T00:00:00Z'`);
    await maintenance(tasks).round();
    expect(await stored()).toEqual([old]);
    await countAll();
    await maintenance(tasks).round();
    expect(await stored()).toEqual([]);
  });

  it('of many sessions are deleted in bites, wherever a process before has stopped', async () => {
    await keepFor(DAYS);
    await database.pool.query(
      `INSERT INTO sessions (id, workspace_id, user_id, slug, name, network)
       SELECT gen_random_uuid(), $1, $2, 'many-' || n, 'x', 'SANDBOX' FROM generate_series(1, 700) n`,
      [session.workspaceId, session.userId],
    );
    await database.pool.query(
      `INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_me, kind, state)
       SELECT ($1 || lpad(row_number() OVER ()::text, 12, '0'))::uuid, s.id, 'INBOUND', 'M', 'chat', false, 'text', 'RECEIVED'
       FROM sessions s CROSS JOIN generate_series(1, 5) WHERE s.workspace_id = $2`,
      [idOf(DAYS + 50).slice(0, -12), session.workspaceId],
    );
    await countAll();
    const left = async () =>
      (
        await database.pool.query(
          'SELECT FROM messages m JOIN sessions s ON s.id = m.session_id WHERE s.workspace_id = $1',
          [session.workspaceId],
        )
      ).rowCount;
    expect(await left()).toBe(701 * 5);
    const stopped = newSessionSweep();
    expect(await sweepMessages(database.pool, stopped, 200)).toBe(200);
    expect(await left()).toBe(701 * 5 - 200);
    const sweep = newSessionSweep();
    const done: number[] = [];
    do done.push(await sweepMessages(database.pool, sweep, 1_000));
    while (done.at(-1) === 1_000);
    expect(await left()).toBe(0);
    expect(done.length).toBeLessThan(12);
  });
});

describe('events (MR-133)', () => {
  const DAYS = 30;
  const EVENT = JSON.stringify(EVENTS['session.status'].example);
  async function append(daysAgo: number): Promise<number> {
    const { rows } = await database.pool.query<{ seq: number }>(
      `WITH c AS (UPDATE session_counters SET last_seq = last_seq + 1 WHERE session_id = $1 RETURNING last_seq)
       INSERT INTO events (session_id, seq, type, data, created_at)
       SELECT $1, last_seq, 'session.status', $3, now() - make_interval(secs => $2::float8 * 86400) FROM c RETURNING seq`,
      [session.sessionId, daysAgo, EVENT],
    );
    return Number(rows[0]!.seq);
  }
  const seqs = async () =>
    (await query('SELECT seq FROM events WHERE session_id = $1 ORDER BY seq')).map(({ seq }) => Number(seq));
  const keepFor = (days: number | null) => database.pool.query('UPDATE tiers SET event_retention_days = $1', [days]);
  const indexedUpTo = (seq: number) =>
    database.pool.query(
      `INSERT INTO message_index_progress (session_id, seq) VALUES ($1, $2) ON CONFLICT (session_id) DO UPDATE SET seq = excluded.seq`,
      [session.sessionId, seq],
    );
  const deliveries = () => query('SELECT seq FROM webhook_deliveries WHERE session_id = $1 ORDER BY seq');
  const sweep = () => maintenance(retentionTasks(database.pool, RETENTION)).round();

  it('older than the tier keeps them are deleted with their deliveries, the last one stays, and no gap is made', async () => {
    await database.pool.query(
      `INSERT INTO webhooks (id, session_id, url, events, secret) VALUES ($1, $2, 'https://x.test', '{*}', 'x')`,
      [newId(), session.sessionId],
    );
    for (const days of [DAYS + 9, DAYS + 8, DAYS + 0.1, DAYS - 0.1, 1]) await append(days);
    await database.pool.query(
      `INSERT INTO webhook_deliveries (webhook_id, session_id, seq, status) SELECT w.id, e.session_id, e.seq, 'DELIVERED'
       FROM webhooks w JOIN events e USING (session_id) WHERE session_id = $1`,
      [session.sessionId],
    );
    await indexedUpTo(5);
    await keepFor(null);
    await sweep();
    expect(await seqs()).toEqual([1, 2, 3, 4, 5]);
    await keepFor(DAYS);
    await sweep();
    expect(await seqs()).toEqual([4, 5]);
    expect(await deliveries()).toHaveLength(2);
    await keepFor(4);
    await database.pool.query(`UPDATE events SET created_at = now() - interval '90 days' WHERE session_id = $1`, [
      session.sessionId,
    ]);
    await sweep();
    expect(await seqs()).toEqual([5]);
  });

  it('stay until search and chats are filled from them', async () => {
    await keepFor(DAYS);
    for (const days of [DAYS + 3, DAYS + 2, DAYS + 1, 1]) await append(days);
    await indexedUpTo(2);
    await sweep();
    expect(await seqs()).toEqual([3, 4]);
  });

  it('of many sessions are deleted in bites', async () => {
    await keepFor(DAYS);
    await database.pool.query(
      `WITH s AS (INSERT INTO sessions (id, workspace_id, user_id, slug, name, network)
         SELECT gen_random_uuid(), $1, $2, 'events-' || n, 'x', 'SANDBOX' FROM generate_series(1, 600) n RETURNING id),
       c AS (INSERT INTO session_counters (session_id, last_seq) SELECT id, 4 FROM s),
       p AS (INSERT INTO message_index_progress (session_id, seq) SELECT id, 4 FROM s)
       INSERT INTO events (session_id, seq, type, data, created_at)
       SELECT s.id, n, 'session.status', $3, now() - interval '90 days' FROM s CROSS JOIN generate_series(1, 4) n`,
      [session.workspaceId, session.userId, EVENT],
    );
    const left = async () =>
      (
        await database.pool.query(
          'SELECT FROM events e JOIN sessions s ON s.id = e.session_id WHERE s.workspace_id = $1',
          [session.workspaceId],
        )
      ).rowCount;
    const position = newSessionSweep();
    const done: number[] = [];
    do done.push(await sweepEvents(database.pool, position, 500));
    while (done.at(-1) === 500);
    expect(await left()).toBe(600);
    expect(done.length).toBeLessThan(10);
  });
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

import { newId } from '@wa-gate/kit';
import { createTestDatabase, type SeededSession, seedSession, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { applyChanges } from '../inbound/changes.ts';
import { storeInbound } from '../inbound/inbound.ts';
import { acceptMessage } from '../outbox/accept.ts';
import { claimOutbox } from '../outbox/outbox.ts';
import { recordOutcomes } from '../outbox/outcomes.ts';
import { newWaMessageId } from '../outbox/wa-message-id.ts';
import { SQL_INVARIANTS } from './invariant-queries.ts';
import { findViolations } from './invariants.ts';

const WORKER = 'worker-1';
const CHAT = '15550001@s.whatsapp.net';

let database: TestDatabase;
let session: SeededSession;
const owner = () => ({ sessionId: session.sessionId, epoch: 1 });
const run = (sql: string, values: unknown[] = []) => database.pool.query(sql, values);
const violated = async (bounds = {}) => (await findViolations(database.pool, bounds)).map(({ name }) => name);

/** A worker with a lease that is as long as a test. */
async function addWorker(id: string, maxSessions: number): Promise<void> {
  await run(
    `INSERT INTO workers (id, endpoint, network, max_sessions, token_hash) VALUES ($1, 'http://127.0.0.1/' || $1, 'SANDBOX', $2, '\\x00')`,
    [id, maxSessions],
  );
  await run(
    `INSERT INTO worker_leases (worker_id, incarnation, expires_at, started_at) VALUES ($1, 1, now() + interval '1 hour', now() - interval '1 hour')`,
    [id],
  );
}

async function accept(): Promise<{ messageId: string; waMessageId: string }> {
  const message = { messageId: newId(), waMessageId: newWaMessageId() };
  await acceptMessage(database.pool, {
    ...message,
    sessionId: session.sessionId,
    chatJid: CHAT,
    request: { type: 'text', text: 'hello' },
  });
  return message;
}

async function send(): Promise<{ messageId: string; waMessageId: string }> {
  const message = await accept();
  await claimOutbox(database.pool, [owner()], 5);
  await recordOutcomes(database.pool, [
    { ...owner(), waMessageId: message.waMessageId, state: 'SENT', at: new Date() },
  ]);
  return message;
}

async function receive(): Promise<string> {
  const id = newId();
  await storeInbound(database.pool, [
    {
      ...owner(),
      id,
      waMessageId: `IN${newWaMessageId()}`,
      chatJid: CHAT,
      fromJid: CHAT,
      fromMe: false,
      type: 'text',
      text: 'hi',
      waTimestamp: new Date(),
    },
  ]);
  return id;
}

const journal = (row: { projected: boolean; content: boolean; age: string }) =>
  run(
    `INSERT INTO inbound_journal (session_id, hash, stanza_id, enc_index, enc_count, stanza, plaintext, created_at, projected_at)
     VALUES ($1, $2, 'stanza', 0, 1, $3, $3, now() - $4::interval, CASE WHEN $5 THEN now() END)`,
    [session.sessionId, Buffer.from(newId()), row.content ? Buffer.alloc(1) : null, row.age, row.projected],
  );

/** An edit of the message that came last, or one that waits for another message. */
async function edit(waMessageId: string, target?: string): Promise<void> {
  const { rows } = await run(
    `SELECT wa_message_id AS "waMessageId" FROM messages WHERE direction = 'INBOUND' ORDER BY id DESC LIMIT 1`,
  );
  const change = { ...owner(), id: newId(), waMessageId, chatJid: CHAT, fromJid: CHAT, fromMe: false, byAdmin: false };
  const named = { waMessageId: target ?? (rows[0]!.waMessageId as string), fromMe: false };
  const data = { type: 'text', text: 'again' };
  await applyChanges(database.pool, [{ ...change, target: named, kind: 'edit', data, waTimestamp: new Date() }]);
}

/** A session that is connected on a worker, has sent and received, and has something in its queue. */
beforeEach(async () => {
  await database?.drop();
  database = await createTestDatabase();
  await addWorker(WORKER, 1);
  session = await seedSession(database.pool, { state: 'CONNECTED' });
  await run(
    `UPDATE session_placements SET state = 'ASSIGNED', epoch = 1, worker_id = $1, incarnation = 1, changed_at = now() - interval '1 hour'`,
    [WORKER],
  );
  await run(`UPDATE sessions SET connected_at = now() - interval '1 hour', updated_at = now() - interval '1 hour'`);
  await run(`INSERT INTO session_keys VALUES ($1, 'creds', 'creds', '\\x00')`, [session.sessionId]);
  await run(
    `INSERT INTO webhooks (id, session_id, url, events, secret, updated_at) VALUES ($1, $2, 'http://127.0.0.1/', '{*}', '\\x00', now() - interval '1 hour')`,
    [newId(), session.sessionId],
  );
  await send();
  await receive();
  await edit('E1');
  await edit('E2');
  await edit('E3', 'not there');
  await accept();
  await journal({ projected: true, content: false, age: '1 hour' });
  await journal({ projected: false, content: true, age: '1 second' });
});
afterAll(() => database?.drop());

/** What a defect would leave behind, and which invariant sees it. */
const DAMAGE: Record<string, () => Promise<unknown>> = {
  'placement-without-epoch': () => run('UPDATE session_placements SET epoch = 0'),
  'epoch-from-the-future': () => run('UPDATE outbox SET epoch = 2'),
  'epoch-went-back': () => run('UPDATE events SET epoch = 9 WHERE seq = 1'),
  'attempt-epoch-went-back': () =>
    run(`UPDATE outbox SET attempts = 2, attempt_log = '[{"epoch": 1}, {"epoch": 0}]' WHERE state = 'SENT'`),
  'worker-over-capacity': () => run('UPDATE workers SET max_sessions = 0'),
  'owner-long-gone': async () => {
    await addWorker('worker-2', 5);
    await run(`UPDATE worker_leases SET ended_at = now() - interval '10 minutes' WHERE worker_id = $1`, [WORKER]);
  },
  'session-without-worker': async () => {
    await run(
      `UPDATE session_placements SET state = 'UNASSIGNED', worker_id = NULL, incarnation = NULL, changed_at = now() - interval '1 hour'`,
    );
    await run(`UPDATE sessions SET state = 'RECONNECTING'`);
  },
  'connected-without-worker': async () => {
    await run('UPDATE workers SET max_sessions = 0');
    await run(
      `UPDATE session_placements SET state = 'UNASSIGNED', worker_id = NULL, incarnation = NULL, changed_at = now() - interval '1 hour'`,
    );
  },
  'session-incomplete': () => run('DELETE FROM session_counters'),
  'paired-without-credentials': () => run('DELETE FROM session_keys'),
  'accepted-without-outbox': () => run(`DELETE FROM outbox WHERE state = 'QUEUED'`),
  'idempotency-key-without-message': () =>
    run(
      `INSERT INTO idempotency_keys (session_id, key, request_hash, message_id, expires_at) VALUES ($1, 'k', '\\x00', $2, now() + interval '1 hour')`,
      [session.sessionId, newId()],
    ),
  'outbox-disagrees-with-message': () => run(`UPDATE outbox SET state = 'SENT' WHERE state = 'QUEUED'`),
  'left-in-sending': () =>
    run(
      `UPDATE outbox SET state = 'SENDING', epoch = 1, attempts = 1, attempt_log = '[{"at": "2026-01-01T00:00:00Z", "epoch": 1}]' WHERE state = 'QUEUED'`,
    ),
  'overtaken-in-the-queue': async () => {
    await run(`UPDATE outbox SET not_before = now() - interval '1 hour' WHERE state = 'QUEUED'`);
    const { messageId } = await accept();
    await run(`UPDATE outbox SET state = 'SENT' WHERE message_id = $1`, [messageId]);
    await run(`UPDATE messages SET state = 'SENT', sent_at = now() WHERE id = $1`, [messageId]);
    await run(
      `UPDATE events SET data = data || jsonb_build_object('messageId', $1::text) WHERE type = 'message.sent'`,
      [messageId],
    );
  },
  'whatsapp-id-twice': async () => {
    const id = await receive();
    await run(
      `UPDATE messages SET chat_jid = 'x@lid', wa_message_id = (SELECT wa_message_id FROM messages WHERE direction = 'INBOUND' AND id <> $1)
       WHERE id = $1`,
      [id],
    );
  },
  'seq-gap': async () => {
    await receive();
    await run('DELETE FROM webhook_deliveries');
    await run('DELETE FROM events WHERE seq = 2');
  },
  'counter-disagrees-with-events': () => run('UPDATE session_counters SET last_seq = last_seq + 1'),
  'event-twice': async () => {
    const id = await receive();
    await run(
      `UPDATE events SET data = data || jsonb_build_object('messageId', $1::text) WHERE type = 'message.received'`,
      [id],
    );
  },
  'message-without-key': () => run(`DELETE FROM message_keys WHERE from_me`),
  'message-without-event': () => run(`UPDATE messages SET state = 'SENT' WHERE state = 'QUEUED'`),
  'event-without-message': () => run(`DELETE FROM messages WHERE direction = 'INBOUND'`),
  'delivery-missing': async () => {
    await run('DELETE FROM webhook_deliveries WHERE seq = 1');
  },
  'delivery-forgotten': () => run(`UPDATE webhook_deliveries SET next_attempt = now() - interval '1 hour'`),
  'journal-not-projected': () => journal({ projected: false, content: true, age: '1 hour' }),
  'journal-kept-content': () => journal({ projected: true, content: true, age: '1 second' }),
  'journal-lost-content': () => journal({ projected: false, content: false, age: '1 second' }),
  'change-twice': () => run(`UPDATE events SET data = data || '{"changeId": "E1"}' WHERE type = 'message.edited'`),
  'change-disagrees-with-outbox': () => run(`UPDATE message_changes SET state = 'QUEUED' WHERE message_id IS NOT NULL`),
  'change-without-event': () =>
    run(`UPDATE message_changes SET state = 'SENT', wa_message_id = 'E0' WHERE message_id IS NOT NULL AND is_current`),
  'change-waits-for-nothing': () =>
    run(
      `UPDATE message_changes SET target_wa_message_id = (SELECT wa_message_id FROM messages WHERE direction = 'INBOUND')
       WHERE message_id IS NULL`,
    ),
  'two-current-changes': () => run('UPDATE message_changes SET is_current = true WHERE message_id IS NOT NULL'),
};

it('all of them are silent about a healthy system', async () => {
  expect(await findViolations(database.pool)).toEqual([]);
});

describe('each finds what a defect would leave behind', () => {
  it('none is without such a test, and names are unique', () => {
    expect(SQL_INVARIANTS.map(({ name }) => name).sort()).toEqual(Object.keys(DAMAGE).sort());
  });

  it.each(SQL_INVARIANTS.map(({ name, invariant }) => [invariant, name] as const))(
    '%s %s',
    async (_invariant, name) => {
      await DAMAGE[name]!();
      expect(await violated()).toContain(name);
    },
  );
});

it('what may last for a while is no violation before its bound', async () => {
  await DAMAGE['owner-long-gone']!();
  expect(await violated({ settledMs: 20 * 60_000 })).not.toContain('owner-long-gone');
});

it('with a window and a depth only recent rows are read', async () => {
  await DAMAGE['outbox-disagrees-with-message']!();
  await receive();
  await receive();
  await run('UPDATE events SET epoch = 9 WHERE seq = 1');
  const bounds = { windowMs: 60_000, depth: 2 };
  expect(await violated(bounds)).toEqual(['outbox-disagrees-with-message']);
  expect(await violated({ ...bounds, depth: 100 })).toContain('epoch-went-back');
  expect(await violated({ windowMs: 0, depth: 0 })).toEqual([]);
});

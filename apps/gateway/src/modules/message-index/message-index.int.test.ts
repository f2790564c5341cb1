import { placeSession, registerWorker, scaleTiming } from '@wa-gate/cluster';
import { EVENTS } from '@wa-gate/contracts';
import { inTransaction } from '@wa-gate/db';
import { createLogger, newId, systemClock } from '@wa-gate/kit';
import { applyChanges, storeInbound } from '@wa-gate/messaging';
import {
  createTestDatabase,
  type SeededSession,
  seedSession,
  type TestDatabase,
  waitFor,
  workerRegistration,
} from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createDeletionLoop, type DeletionLoop } from '../../jobs/deletions/index.ts';
import { createMessageIndex, type MessageIndex } from './message-index.ts';

let database: TestDatabase;
let session: SeededSession;
let index: MessageIndex;
/** Erases what deletions leave. */
let jobs: DeletionLoop;

beforeAll(async () => {
  database = await createTestDatabase({ max: 12 });
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
  index = createMessageIndex({ pool: database.pool });
  jobs = createDeletionLoop({
    pool: database.pool,
    finishRequest: () => Promise.reject(new Error('nothing was requested')),
    clock: systemClock,
    logger: createLogger({ service: 'test', level: 'silent' }),
    settledSeconds: 0,
  });
});
afterAll(() => database?.drop());
beforeEach(async () => {
  session = await newSession();
});

async function newSession(): Promise<SeededSession> {
  const seeded = await seedSession(database.pool, { state: 'CONNECTED' });
  await placeSession(database.pool, seeded.sessionId);
  return seeded;
}

const CHATS = 5;
let serial = 0;
const message = (sessionId = session.sessionId) => {
  serial += 1;
  const jid = `1555000000${serial % CHATS}@s.whatsapp.net`;
  return {
    sessionId,
    epoch: 1,
    id: newId(),
    waMessageId: `M${serial}`,
    chatJid: jid,
    fromJid: jid,
    fromMe: false,
    type: 'text' as const,
    text: `A message of ordinary length, as people write them, number ${serial}`,
    waTimestamp: new Date(),
  };
};
const store = (count: number, sessionId?: string) =>
  storeInbound(
    database.pool,
    Array.from({ length: count }, () => message(sessionId)),
  );
const count = async (sql: string, ...values: unknown[]) => {
  const { rows } = await database.pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${sql}`, values);
  return rows[0]!.n;
};
const found = (sessionId = session.sessionId) => count('message_search WHERE session_id = $1', sessionId);
const unread = async (sessionId = session.sessionId) => {
  const { rows } = await database.pool.query<{ n: number }>(
    'SELECT coalesce(sum(unread_count), 0)::int AS n FROM chats WHERE session_id = $1',
    [sessionId],
  );
  return rows[0]!.n;
};
const advanceAll = async () => {
  while (await index.advance(500));
};

it('fills everything once, by several processes at the same time, while messages come (MR-035)', async () => {
  const others = [await newSession(), await newSession()];
  const all = [session, ...others].map(({ sessionId }) => sessionId);
  let isComing = true;
  const fill = async (work: () => Promise<unknown>) => {
    while (isComing) await work();
  };
  const filling = [
    fill(() => index.advance(50)),
    fill(() => index.advance(50)),
    fill(() => index.catchUp(all)),
    fill(() => index.catchUp(all.toReversed())),
  ];
  await Promise.all(
    all.map(async (sessionId) => {
      for (let round = 0; round < 20; round += 1) await store(10, sessionId);
    }),
  );
  isComing = false;
  await Promise.all(filling);
  await advanceAll();
  for (const sessionId of all) expect([await found(sessionId), await unread(sessionId)]).toEqual([200, 200]);
  expect(await count('chats WHERE session_id = ANY($1)', all)).toBe(3 * CHATS);
});

it('a session with very many events does not hold up the others', async () => {
  for (let round = 0; round < 4; round += 1) await store(500);
  const small = await newSession();
  await store(3, small.sessionId);
  expect(await index.advance(100)).toBe(true);
  expect(await found(small.sessionId)).toBe(3);
  expect(await found()).toBeGreaterThanOrEqual(97);
  await advanceAll();
  expect(await found()).toBe(2_000);
});

it('an edit replaces what is found, a deletion for everyone takes it away, and nothing is unread twice', async () => {
  const first = message();
  await storeInbound(database.pool, [first]);
  await advanceAll();
  const document = async () => {
    const { rows } = await database.pool.query('SELECT document FROM message_search WHERE message_id = $1', [first.id]);
    return rows[0]?.document as string | undefined;
  };
  expect(await document()).toContain('ordinary length');
  const change = {
    ...{
      sessionId: first.sessionId,
      epoch: 1,
      chatJid: first.chatJid,
      fromJid: first.fromJid,
      fromMe: false,
      byAdmin: false,
    },
    target: { waMessageId: first.waMessageId, fromMe: false },
  };
  const edit = {
    kind: 'edit' as const,
    data: { type: 'text', text: 'now this' },
    waTimestamp: new Date(Date.now() + 1_000),
  };
  await applyChanges(database.pool, [{ ...change, ...edit, id: newId(), waMessageId: 'E1' }]);
  await advanceAll();
  expect(await document()).toBe(' now this ');
  const revoke = { kind: 'revoke' as const, data: {}, waTimestamp: new Date(Date.now() + 2_000) };
  await applyChanges(database.pool, [{ ...change, ...revoke, id: newId(), waMessageId: 'R1' }]);
  await advanceAll();
  expect(await document()).toBe('');
  expect(await unread()).toBe(1);
});

it('what an event tells of a copy that was merged away stands at the message that is left (MR-136)', async () => {
  const { stored } = await store(1);
  const kept = stored[0]!;
  await advanceAll();
  const gone = newId();
  await database.pool.query('INSERT INTO message_aliases (id, message_id, chat_jid) VALUES ($1, $2, $3)', [
    gone,
    kept,
    '200@lid',
  ]);
  await database.pool.query(`UPDATE messages SET text = 'late edit' WHERE id = $1`, [kept]);
  await database.pool.query(
    `WITH c AS (UPDATE session_counters SET last_seq = last_seq + 1 WHERE session_id = $1 RETURNING last_seq)
     INSERT INTO events (session_id, seq, type, data) SELECT $1, last_seq, 'message.edited', $2 FROM c`,
    [session.sessionId, JSON.stringify({ ...EVENTS['message.edited'].example, messageId: gone })],
  );
  await advanceAll();
  const { rows } = await database.pool.query('SELECT document FROM message_search WHERE message_id = $1', [kept]);
  expect(rows).toEqual([{ document: ' late edit ' }]);
});

it('nothing stays of a message that is deleted while it is being filled', async () => {
  const { stored } = await store(1);
  // The deletion has begun and is not committed: whoever reads now still sees the message.
  await inTransaction(database.pool, async (tx) => {
    await tx.query('DELETE FROM messages WHERE id = $1', [stored[0]]);
    expect(await index.advance(10)).toBe(false);
    await index.catchUp([session.sessionId]);
    expect(await found()).toBe(0);
  });
  await advanceAll();
  expect([await found(), await count('chats WHERE session_id = $1', session.sessionId)]).toEqual([0, 0]);
});

it('nothing stays of a session that is deleted while it is being filled, without a deadlock', async () => {
  for (let round = 0; round < 5; round += 1) {
    const gone = await newSession();
    await store(100, gone.sessionId);
    await Promise.all([
      index.advance(20),
      index.catchUp([gone.sessionId]),
      database.pool.query('DELETE FROM sessions WHERE id = $1', [gone.sessionId]),
    ]);
    await index.catchUp([gone.sessionId]);
    await advanceAll();
    await jobs.round();
    for (const table of ['message_search', 'chats', 'message_index_progress']) {
      expect(await count(`${table} WHERE session_id = $1`, gone.sessionId), table).toBe(0);
    }
  }
});

it('an answer does not wait long for a process that fills slowly', async () => {
  await store(5);
  let end: () => void = () => undefined;
  const held = inTransaction(database.pool, async (tx) => {
    await tx.query('SELECT lock_message_index($1)', [[session.sessionId]]);
    await new Promise<void>((resolve) => {
      end = resolve;
    });
  });
  await waitFor(async () => (await count(`pg_locks WHERE locktype = 'advisory' AND granted`)) > 0);
  await index.catchUp([session.sessionId]);
  expect(await found()).toBe(0);
  end();
  await held;
  await index.catchUp([session.sessionId]);
  expect(await found()).toBe(5);
});

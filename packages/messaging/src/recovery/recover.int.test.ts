import { OWNERSHIP_LEAP, placeSession, registerWorker } from '@wa-gate/cluster';
import { inTransaction } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { createTestDatabase, seedSession, type TestDatabase, workerRegistration } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { appendControlEvent } from '../events/append-control-event.ts';
import { findViolations } from '../invariants/invariants.ts';
import { acceptMessage } from '../outbox/accept.ts';
import { beginAttempt, claimOutbox, inspectOutbox } from '../outbox/outbox.ts';
import { newWaMessageId } from '../outbox/wa-message-id.ts';
import { countStaleSessions, recoverInstallation } from './recover.ts';

const TIMING = { leaseTtlMs: 20_000, takeoverGraceMs: 2_000 };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(() => database.pool.query('TRUNCATE users, workers, recoveries CASCADE'));

const recover = () =>
  inTransaction(database.pool, (tx) =>
    recoverInstallation(tx, { kind: 'restored', asOf: new Date('2026-01-15T10:30:00Z') }),
  );

async function placed() {
  const workerId = newId();
  const { incarnation } = await registerWorker(database.pool, workerRegistration(workerId), TIMING);
  const { sessionId } = await seedSession(database.pool, { state: 'CONNECTED' });
  const { epoch } = (await placeSession(database.pool, sessionId))!;
  await database.pool.query(
    `INSERT INTO session_keys (session_id, kind, key_id, value) VALUES ($1, 'creds', 'creds', 'x')`,
    [sessionId],
  );
  return { sessionId, workerId, incarnation, epoch };
}

async function accept(sessionId: string, onUncertain: 'fail' | 'resend'): Promise<string> {
  const messageId = newId();
  await acceptMessage(database.pool, {
    messageId,
    waMessageId: newWaMessageId(),
    sessionId,
    chatJid: '15550001111@s.whatsapp.net',
    request: { type: 'text', text: 'hello' },
    failIfUncertain: onUncertain === 'fail',
  });
  return messageId;
}

const one = async <T>(sql: string, values: unknown[] = []): Promise<T> =>
  (await database.pool.query(sql, values)).rows[0] as T;

it('takes every ownership away: epochs and incarnations leap, leases have ended (I1, MR-183)', async () => {
  const { sessionId, workerId, incarnation, epoch } = await placed();
  await recover();
  expect(
    await one('SELECT epoch, state, worker_id AS "workerId" FROM session_placements WHERE session_id = $1', [
      sessionId,
    ]),
  ).toEqual({
    epoch: epoch + OWNERSHIP_LEAP,
    state: 'UNASSIGNED',
    workerId: null,
  });
  const lease = await one<{ incarnation: number; ended: boolean }>(
    'SELECT incarnation, ended_at IS NOT NULL AS ended FROM worker_leases WHERE worker_id = $1',
    [workerId],
  );
  expect(lease).toEqual({ incarnation: incarnation + OWNERSHIP_LEAP, ended: true });
});

it('marks linked sessions, and no others', async () => {
  const { sessionId } = await placed();
  await seedSession(database.pool);
  expect(await recover()).toMatchObject({ sessions: 1, kind: 'restored' });
  expect(await one('SELECT session_id AS "sessionId" FROM stale_keys')).toEqual({ sessionId });
  expect(await countStaleSessions(database.pool)).toBe(1);
  // A second recovery marks anew.
  expect(await recover()).toMatchObject({ sessions: 1 });
});

it('lets seq leap, and says so with the event behind the gap (I11)', async () => {
  const { sessionId } = await placed();
  const data = { reason: 'takeover', epoch: 1 } as const;
  await appendControlEvent(database.pool, { sessionId, type: 'session.migrated', data });
  await recover();
  await appendControlEvent(database.pool, { sessionId, type: 'session.migrated', data });
  const { rows } = await database.pool.query('SELECT seq, type, data FROM events WHERE session_id = $1 ORDER BY seq', [
    sessionId,
  ]);
  expect(rows.map(({ seq, type }) => [seq, type])).toEqual([
    [1, 'session.migrated'],
    [1_000_002, 'session.restored'],
    [1_000_003, 'session.migrated'],
  ]);
  expect(rows[1].data).toEqual({ asOf: '2026-01-15T10:30:00.000Z', skipped: 1_000_000 });
  const gaps = (await findViolations(database.pool)).filter(({ invariant }) => invariant === 'I11');
  expect(gaps).toEqual([]);
});

it('leaves what may have been sent to the rule of uncertain outcomes (I8)', async () => {
  const { sessionId, epoch } = await placed();
  const waits = await accept(sessionId, 'resend');
  const uncertain = await accept(sessionId, 'fail');
  const later = await accept(sessionId, 'fail');
  await database.pool.query(`UPDATE outbox SET not_before = now() + interval '1 hour' WHERE message_id = $1`, [later]);
  const sending = await accept(sessionId, 'fail');
  await claimOutbox(database.pool, [{ sessionId, epoch }], 10);
  await beginAttempt(database.pool, { sessionId, epoch }, sending);
  await database.pool.query(
    `UPDATE outbox SET state = 'QUEUED', epoch = NULL, attempts = 0, attempt_log = '[]' WHERE message_id = ANY($1)`,
    [[waits, uncertain]],
  );

  expect(await recover()).toMatchObject({ queued: 2, unknown: 2 });
  const { rows } = await database.pool.query<{ id: string; state: string }>(
    'SELECT message_id AS id, state FROM outbox',
  );
  const states = Object.fromEntries(rows.map(({ id, state }) => [id, state]));
  expect([states[waits], states[uncertain], states[later], states[sending]]).toEqual([
    'QUEUED',
    'SENDING',
    'QUEUED',
    'SENDING',
  ]);
  // The next owner takes the first, and gives up two.
  await registerWorker(database.pool, workerRegistration(newId()), TIMING);
  await placeSession(database.pool, sessionId);
  const [inspected] = await inspectOutbox(database.pool, [sessionId]);
  expect(inspected).toMatchObject({ due: true, uncertain: [expect.any(String), expect.any(String)] });
});

it('ends all logins', async () => {
  const { sessionId } = await placed();
  const { userId, workspaceId } = await one<{ userId: string; workspaceId: string }>(
    'SELECT user_id AS "userId", workspace_id AS "workspaceId" FROM sessions WHERE id = $1',
    [sessionId],
  );
  const login = newId();
  await database.pool.query(
    `INSERT INTO logins (id, user_id, workspace_id, expires_at) VALUES ($1, $2, $3, now() + interval '1 day')`,
    [login, userId, workspaceId],
  );
  await recover();
  expect(await one('SELECT ended_reason AS reason FROM logins')).toEqual({ reason: 'recovered' });
  expect(await one(`SELECT subject FROM revocations WHERE kind = 'login' AND subject = $1`, [login])).toEqual({
    subject: login,
  });
});

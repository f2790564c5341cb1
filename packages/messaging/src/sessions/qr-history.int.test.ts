import { placeSession, registerWorker, releaseSession, StaleEpochError, scaleTiming } from '@wa-gate/cluster';
import { describeSessionState, type SessionStateName } from '@wa-gate/contracts';
import {
  createTestDatabase,
  type SeededSession,
  seedSession,
  type TestDatabase,
  workerRegistration,
} from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sweepQrHistory } from '../retention.ts';
import { updateSessionState } from './session-state.ts';

/** The lease of the one worker, which nobody renews, outlasts the file. */
const LASTING = scaleTiming(60);

let database: TestDatabase;
let session: SeededSession;
let owner: { sessionId: string; epoch: number };
beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), LASTING);
});
afterAll(() => database?.drop());
beforeEach(begin);

/** A new session, owned here. */
async function begin(): Promise<void> {
  session = await seedSession(database.pool);
  const placed = await placeSession(database.pool, session.sessionId);
  owner = { sessionId: session.sessionId, epoch: placed!.epoch };
}

const SECRET = '2@the-code-itself';
const code = (attempt: number) => ({
  type: 'qr.generated' as const,
  data: { qr: SECRET, attempt, expiresAt: '2026-01-15T10:30:00.000Z' },
});
const write = (state: Parameters<typeof updateSessionState>[2]['state'], ...codes: number[]) =>
  updateSessionState(database.pool, owner, { state }, codes.map(code));
const history = async () =>
  (
    await database.pool.query<{ attempt: number; status: string; scanned: boolean }>(
      `SELECT attempt, status, scanned_at IS NOT NULL AS scanned FROM qr_history WHERE session_id = $1 ORDER BY id`,
      [session.sessionId],
    )
  ).rows.map(({ attempt, status, scanned }) => `${attempt} ${status}${scanned ? ' at' : ''}`);

describe('the history of QR codes (MR-139)', () => {
  it('each code ends the one before, and the last one was scanned', async () => {
    await write('QR_REQUIRED', 1);
    expect(await history()).toEqual(['1 SHOWN']);
    await write('QR_REQUIRED');
    expect(await history()).toEqual(['1 SHOWN']);
    await write('QR_REQUIRED', 2);
    expect(await history()).toEqual(['1 EXPIRED', '2 SHOWN']);
    await write('PAIRING');
    await write('CONNECTING');
    await write('CONNECTED');
    expect(await history()).toEqual(['1 EXPIRED', '2 SCANNED at']);
  });

  it.each(['CONNECTING', 'STOPPED', 'PAIRING_CODE', 'ERROR'] as const)(
    'a code that nobody has scanned has expired when the session is %s',
    async (state) => {
      await write('QR_REQUIRED', 1);
      await write(state);
      expect(await history()).toEqual(['1 EXPIRED']);
    },
  );

  it('tells the same when the database was away and all is written at once', async () => {
    await write('QR_REQUIRED', 1, 2);
    expect(await history()).toEqual(['1 EXPIRED', '2 SHOWN']);
    await write('CONNECTED', 3, 4);
    expect(await history()).toEqual(['1 EXPIRED', '2 EXPIRED', '3 EXPIRED', '4 SCANNED at']);
    await write('LOGGED_OUT', 1);
    expect((await history()).at(-1)).toBe('1 EXPIRED');
  });

  it.each<[string, boolean, (number | SessionStateName)[], SessionStateName, string]>([
    ['scanned', true, ['PAIRING', 'CONNECTING'], 'CONNECTING', '1 SCANNED at'],
    ['shown and scanned', false, [1, 'QR_REQUIRED', 'PAIRING', 'CONNECTING'], 'CONNECTING', '1 SCANNED at'],
    ['replaced and scanned', true, [2, 'PAIRING', 'CONNECTING', 'CONNECTED'], 'CONNECTED', '1 EXPIRED, 2 SCANNED at'],
    ['scanned, and a new one shown', true, ['PASSKEY_REQUIRED', 'STOPPED', 1], 'QR_REQUIRED', '1 SCANNED at, 1 SHOWN'],
    ['left for a pairing code', true, ['PAIRING_CODE', 'PAIRING'], 'CONNECTED', '1 EXPIRED'],
    ['ended by a lost connection', false, [1, 'QR_REQUIRED', 'RECONNECTING'], 'CONNECTING', '1 EXPIRED'],
  ])('tells of a code that was %s, when all of it is written at once', async (_, isShown, events, state, expected) => {
    if (isShown) await write('QR_REQUIRED', 1);
    const told = events.map((event) =>
      typeof event === 'number'
        ? code(event)
        : {
            type: 'session.status' as const,
            data: { ...describeSessionState(event), reason: null, code: null },
          },
    );
    await updateSessionState(database.pool, owner, { state }, told);
    expect((await history()).join(', ')).toBe(expected);
  });

  it('does not hold the code', async () => {
    await write('QR_REQUIRED', 1);
    const { rows } = await database.pool.query('SELECT * FROM qr_history');
    expect(JSON.stringify(rows)).not.toContain(SECRET);
  });

  it('is written by the owner alone (I2)', async () => {
    await write('QR_REQUIRED', 1);
    await releaseSession(database.pool, session.sessionId, 'test');
    await expect(write('PAIRING')).rejects.toThrow(StaleEpochError);
    await expect(write('QR_REQUIRED', 2)).rejects.toThrow(StaleEpochError);
    expect(await history()).toEqual(['1 SHOWN']);
  });

  it('of another session is not touched', async () => {
    await write('QR_REQUIRED', 1);
    const before = session;
    await begin();
    await write('QR_REQUIRED', 1);
    await write('PAIRING');
    session = before;
    expect(await history()).toEqual(['1 SHOWN']);
  });

  it('goes after thirty days', async () => {
    await write('QR_REQUIRED', 1);
    const row = (days: number) =>
      database.pool.query(
        `INSERT INTO qr_history (id, session_id, attempt) VALUES (
           (lpad(to_hex((extract(epoch FROM now() - make_interval(days => $2)) * 1000)::bigint), 12, '0') || repeat('0', 19) || '1')::uuid, $1, $2)`,
        [session.sessionId, days],
      );
    for (const days of [29, 31, 32]) await row(days);
    expect(await sweepQrHistory(database.pool, 1)).toBe(1);
    expect(await sweepQrHistory(database.pool, 10)).toBe(1);
    expect(await sweepQrHistory(database.pool, 10)).toBe(0);
    expect((await history()).map((row) => row.split(' ')[0])).toEqual(['29', '1']);
  });
});

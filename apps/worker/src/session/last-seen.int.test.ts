import { type Ownership, releaseSession } from '@wa-gate/cluster';
import { createLogger } from '@wa-gate/kit';
import { createTestDatabase, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { ownedSession } from '../testing/signal-parties.ts';
import { Liveness } from '../whatsapp/liveness.ts';
import { LastSeenWriter } from './last-seen.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const secondsAgo = async ({ sessionId }: Ownership): Promise<number | null> => {
  const { rows } = await database.pool.query<{ ago: number | null }>(
    'SELECT extract(epoch FROM now() - last_seen_at)::float8 AS ago FROM sessions WHERE id = $1',
    [sessionId],
  );
  return rows[0]!.ago;
};

it('writes when each session was heard from, of those that were, and finds the ones that have moved (I2)', async () => {
  const clock = new FakeClock();
  const timing = { sweepEveryMs: 1, keepAliveEveryMs: 1, marginMs: 1, probeDeadlineMs: 1 };
  const liveness = new Liveness({ clock, timing, recyclesPerSweep: 1, onRoundTrip: () => undefined });
  const stale: Ownership[] = [];
  const logger = createLogger({ service: 'test', level: 'silent' });
  const writer = new LastSeenWriter({
    db: database.pool,
    clock,
    logger,
    liveness,
    onStale: (owner) => stale.push(owner),
  });
  const owners = [
    await ownedSession(database.pool),
    await ownedSession(database.pool),
    await ownedSession(database.pool),
  ];
  const [talking, mute, moved] = owners as [Ownership, Ownership, Ownership];
  const pulses = owners.map((owner) =>
    liveness.watch({ owner, ping: async () => undefined, onStale: () => undefined }),
  );
  pulses[0]!.beat();
  pulses[2]!.beat();
  clock.jump(30_000);
  await releaseSession(database.pool, moved.sessionId, 'test');

  await writer.write();
  // The column keeps milliseconds, rounded.
  expect(await secondsAgo(talking)).toBeGreaterThan(29.9);
  expect(await secondsAgo(talking)).toBeLessThan(60);
  expect([await secondsAgo(mute), await secondsAgo(moved)]).toEqual([null, null]);
  expect(stale).toEqual([moved]);

  // No frame since: nothing is written, and a later value of another process stays.
  pulses[2]!.end();
  await database.pool.query('UPDATE sessions SET last_seen_at = now() WHERE id = $1', [talking.sessionId]);
  await writer.write();
  expect(await secondsAgo(talking)).toBeLessThan(20);
  expect(stale).toHaveLength(1);
});

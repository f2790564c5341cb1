import { createTestDatabase, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { endLease, renewLease } from './leases.ts';
import { fleetTools, NO_LOAD, SLOW_TIMING } from './testing/fleet.ts';

const { leaseTtlMs, stopAfterMs, takeoverGraceMs } = SLOW_TIMING;
/** Milliseconds since the expiry of a lease. */
const OVER = takeoverGraceMs + 500;
const SILENT_ONLY = -(leaseTtlMs - stopAfterMs) + 500;
const LONG_OVER = takeoverGraceMs + leaseTtlMs + 500;

let database: TestDatabase;
const { reset, register, seed, place, expire } = fleetTools(() => database);
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(() => reset());

/** `count` workers with two sessions each. */
async function fleet(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, index) => `w${index + 1}`);
  for (const id of ids) await register(id);
  await seed(2 * count);
  await place();
  return ids;
}
const expireAll = (ids: string[], ms: number) => Promise.all(ids.map((id) => expire(id, ms)));

describe('the storm brake', () => {
  it('holds when three workers, and more than half of all, fall silent together', async () => {
    const [w1, w2, w3] = await fleet(5);
    await expireAll([w1!, w2!, w3!], OVER);
    expect(await place()).toEqual({ assignments: [], gone: [], braked: 6, waiting: 0, later: 0, more: false });
  });

  it('holds before the second and third lease are over: they end up to one renewal apart', async () => {
    const [w1, w2, w3] = await fleet(4);
    await expire(w1!, OVER);
    await expireAll([w2!, w3!], SILENT_ONLY);
    expect(await place()).toMatchObject({ assignments: [], braked: 2 });
  });

  it('does not hold for half of the fleet, nor for two workers', async () => {
    const [w1, w2, w3] = await fleet(6);
    await expireAll([w1!, w2!, w3!], OVER);
    expect(await place()).toMatchObject({ assignments: { length: 6 }, braked: 0 });
    await reset();
    const [a, b] = await fleet(3);
    await expireAll([a!, b!], OVER);
    expect(await place()).toMatchObject({ assignments: { length: 4 }, braked: 0 });
  });

  it('lets go after one more TTL', async () => {
    const [w1, w2, w3] = await fleet(4);
    await expireAll([w1!, w2!, w3!], LONG_OVER);
    expect(await place()).toMatchObject({ assignments: { length: 6 }, braked: 0 });
  });

  it('lets go when the others renew again', async () => {
    const [w1, w2, w3] = await fleet(4);
    await expireAll([w1!, w2!, w3!], OVER);
    expect(await place()).toMatchObject({ braked: 6 });
    await expireAll([w2!, w3!], -leaseTtlMs);
    expect(await place()).toMatchObject({ assignments: { length: 2 }, braked: 0 });
  });

  it('never holds a lease that was ended: a goodbye or evidence is no guess', async () => {
    const [w1, w2, w3, w4] = await fleet(5);
    for (const workerId of [w1!, w2!, w3!, w4!]) await endLease(database.pool, { workerId, incarnation: 1 }, 'goodbye');
    expect(await place()).toMatchObject({ assignments: { length: 8 }, braked: 0 });
  });

  it('does not hold new sessions', async () => {
    const [w1, w2, w3] = await fleet(4);
    await expireAll([w1!, w2!, w3!], OVER);
    await seed(1);
    expect(await place()).toMatchObject({ assignments: [{ reason: 'placed', workerId: 'w4' }], braked: 6 });
  });

  describe('after the database was away for long', () => {
    const ago = (ms: number) =>
      database.pool.query(
        `UPDATE worker_leases SET renewed_at = now() - $1 * interval '1 ms', expires_at = now() - $2 * interval '1 ms'`,
        [ms, ms - leaseTtlMs],
      );
    const renew = (workerId: string) =>
      renewLease(database.pool, { workerId, incarnation: 1, ttlMs: leaseTtlMs }, NO_LOAD);

    it.each([
      ['renews', () => renew('w1')],
      ['registers', () => register('w1')],
    ])('the first worker that %s does not get the sessions of the others', async (_how, comeBack) => {
      await fleet(3);
      await ago(3 * leaseTtlMs);
      await comeBack();
      expect(await place()).toMatchObject({ assignments: [], braked: 4 });
      await renew('w2');
      expect(await place()).toMatchObject({ assignments: [], braked: 2 });
    });

    it('the others wait for one TTL', async () => {
      await fleet(3);
      await ago(3 * leaseTtlMs);
      await renew('w1');
      // One second more than the TTL: the clock of a virtual machine may be set back a little between two statements.
      await database.pool.query(`UPDATE worker_leases SET revived_at = revived_at - $1 * interval '1 ms'`, [
        leaseTtlMs + 1_000,
      ]);
      expect(await place()).toMatchObject({ assignments: { length: 4 }, braked: 0 });
    });

    it('one that fell silent at another time does not wait', async () => {
      await fleet(2);
      await ago(3 * leaseTtlMs);
      await database.pool.query(
        `UPDATE worker_leases SET renewed_at = now() - 1.5 * $1 * interval '1 ms' WHERE worker_id = 'w2'`,
        [leaseTtlMs],
      );
      await renew('w1');
      expect(await place()).toMatchObject({ assignments: { length: 2 }, braked: 0 });
    });

    it('one of which there is evidence does not wait', async () => {
      await fleet(2);
      await ago(3 * leaseTtlMs);
      await renew('w1');
      await endLease(database.pool, { workerId: 'w2', incarnation: 1 }, 'connection refused');
      expect(await place()).toMatchObject({ assignments: { length: 2 }, braked: 0 });
    });
  });
});

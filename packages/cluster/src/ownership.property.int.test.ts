import { inTransaction } from '@wa-gate/db';
import { createTestDatabase, type TestDatabase } from '@wa-gate/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NoRoomElsewhereError, removeWorker, setCapacity } from './administration.ts';
import { StaleEpochError } from './fence.ts';
import { beginRelease, keepSession } from './handover.ts';
import { readSessionKind } from './key-store.ts';
import { endLease, renewLease } from './leases.ts';
import { type Assignment, releaseSession } from './placements.ts';
import { fleetTools, NO_LOAD, readPlacements, SLOW_TIMING } from './testing/fleet.ts';
import { type Belief, expiredForMs, FleetModel, type ModelLease } from './testing/fleet-model.ts';
import { writeKeys } from './testing/write-keys.ts';

const WORKERS = ['w1', 'w2', 'w3', 'w4'];
const SESSIONS = 6;
const RUNS = 100;

let database: TestDatabase;
const { register, seed, place, handOver, expire } = fleetTools(() => database);
beforeAll(async () => {
  database = await createTestDatabase({ max: 12 });
  await seed(SESSIONS);
});
afterAll(() => database?.drop());

/** One step. Numbers select a believed owner or a session, modulo their count. */
type Step =
  | { do: 'register'; worker: string; capacity: number }
  | { do: 'resize'; worker: string; capacity: number }
  | { do: 'remove'; worker: string }
  | { do: 'renew' | 'expire' | 'end'; worker: string; former: boolean }
  | { do: 'place'; limit: number }
  | { do: 'release' | 'askFor'; session: number }
  | { do: 'handOver' | 'keep' | 'write'; belief: number }
  | { do: 'together'; steps: Step[] };

const worker = fc.constantFrom(...WORKERS);
const capacity = fc.integer({ min: 1, max: 4 });
const index = fc.nat(999);
const place1 = fc.record({ do: fc.constant('place' as const), limit: fc.integer({ min: 1, max: SESSIONS }) });
const byBelief = fc.record({
  do: fc.constantFrom('handOver' as const, 'write' as const, 'keep' as const),
  belief: index,
});
const leaseStep = fc.record({
  do: fc.constantFrom('renew' as const, 'expire' as const, 'end' as const),
  worker,
  former: fc.boolean(),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('register' as const), worker, capacity }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('resize' as const), worker, capacity }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), worker }) },
  { weight: 3, arbitrary: leaseStep },
  { weight: 4, arbitrary: place1 },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('release' as const, 'askFor' as const), session: index }) },
  { weight: 6, arbitrary: byBelief },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('together' as const),
      steps: fc.array(fc.oneof<fc.Arbitrary<Step>[]>(place1, byBelief, leaseStep), { minLength: 2, maxLength: 4 }),
    }),
  },
);

/** A fleet without workers, all sessions unassigned under epoch 0. */
async function begin(): Promise<FleetModel> {
  await database.pool.query(
    `UPDATE session_placements SET epoch = 0, state = 'UNASSIGNED', worker_id = NULL, incarnation = NULL;
     DELETE FROM workers; DELETE FROM removed_workers; DELETE FROM session_keys`,
  );
  return new FleetModel(await readPlacements(database.pool));
}

/** Runs steps against the database and in the model. */
class Run {
  readonly model: FleetModel;
  /** The last incarnation of each worker, removed ones included. */
  readonly incarnations = new Map<string, number>();
  /** Capacities that an administrator has set. */
  readonly resized = new Map<string, number>();

  constructor(model: FleetModel) {
    this.model = model;
  }

  /** Runs one step alone. Its result must equal that of the model, and the rows must have changed by the rules. */
  async step(step: Step): Promise<void> {
    if (step.do === 'together') return this.#together(step.steps);
    const before = this.model.rows;
    const wasWaiting = this.model.waiting();
    const room = this.model.room();
    const changes = await this.#act(step, true);
    expect(this.model.step(await readPlacements(database.pool))).toEqual([]);
    const moved = this.model.rows.filter((row, at) => row.epoch !== before[at]!.epoch);
    if (step.do === 'place') {
      expect(changes.map(({ sessionId }) => sessionId).sort()).toEqual(moved.map(({ sessionId }) => sessionId));
      expect(changes).toHaveLength(Math.min(wasWaiting.length, room, step.limit));
      for (const { sessionId } of changes) expect(wasWaiting).toContain(sessionId);
    }
  }

  /**
   * Runs steps concurrently. Their order is unknown, so every reported change counts, and each epoch must have grown by
   * their number.
   */
  async #together(steps: readonly Step[]): Promise<void> {
    const results = await Promise.all(steps.map((each) => this.#act(each, false)));
    const changes = new Map<string, number>();
    for (const { sessionId } of results.flat()) changes.set(sessionId, (changes.get(sessionId) ?? 0) + 1);
    await this.#readLeases();
    expect(this.model.step(await readPlacements(database.pool), changes)).toEqual([]);
  }

  /** Runs a step. `alone`: no other step runs, so its result is known. Returns the reported changes. */
  async #act(step: Step, alone: boolean): Promise<Pick<Assignment, 'sessionId'>[]> {
    switch (step.do) {
      case 'register':
        await this.#register(step.worker, step.capacity);
        return [];
      case 'resize':
        return this.#resize(step.worker, step.capacity);
      case 'remove':
        await this.#remove(step.worker);
        return [];
      case 'renew':
      case 'expire':
      case 'end':
        await this.#lease(step, alone);
        return [];
      case 'place':
        return (await place({ limit: step.limit })).assignments;
      case 'release':
        await releaseSession(database.pool, this.#session(step.session), 'test');
        return [];
      case 'askFor':
        await beginRelease(database.pool, [this.#session(step.session)], 'drain');
        return [];
      case 'handOver':
      case 'keep':
      case 'write':
        return this.#asOwner(step.do, step.belief, alone);
      case 'together':
        throw new Error('Steps at once do not nest.');
    }
  }

  async #register(workerId: string, maxSessions: number): Promise<void> {
    const former = this.incarnations.get(workerId) ?? 0;
    const { incarnation } = await register(workerId, { maxSessions });
    expect(incarnation).toBe(former + 1);
    this.incarnations.set(workerId, incarnation);
    await this.#readLeases();
    this.model.capacities.set(workerId, this.resized.get(workerId) ?? maxSessions);
  }

  /** The capacity set by an administrator survives registrations. */
  async #resize(workerId: string, maxSessions: number): Promise<Assignment[]> {
    if (!this.model.leases.has(workerId)) return [];
    const assigned = this.model.rows.filter((row) => row.workerId === workerId).length;
    const fits = assigned - maxSessions <= this.model.room(workerId);
    try {
      const moved = await inTransaction(database.pool, (tx) =>
        setCapacity(tx, workerId, maxSessions, { strategy: 'least-loaded', timing: SLOW_TIMING }),
      );
      expect([fits, moved.length]).toEqual([true, Math.max(assigned - maxSessions, 0)]);
      this.model.capacities.set(workerId, maxSessions);
      this.resized.set(workerId, maxSessions);
      return moved;
    } catch (error) {
      if (!(error instanceof NoRoomElsewhereError)) throw error;
      expect(fits).toBe(false);
      return [];
    }
  }

  /** Removes by force and adds it again. The incarnations continue. */
  async #remove(workerId: string): Promise<void> {
    await inTransaction(database.pool, (tx) => removeWorker(tx, workerId, { force: true, timing: SLOW_TIMING }));
    await database.pool.query('UPDATE removed_workers SET is_barred = false');
    this.model.leases.delete(workerId);
    this.model.capacities.delete(workerId);
    this.resized.delete(workerId);
  }

  async #lease(
    { do: what, worker: workerId, former }: Extract<Step, { former: boolean }>,
    alone: boolean,
  ): Promise<void> {
    const lease = this.model.leases.get(workerId);
    if (!lease) return;
    const incarnation = lease.incarnation - Number(former);
    const isAlive = !former && lease.state !== 'ended';
    if (what === 'expire') {
      await expire(workerId, expiredForMs(SLOW_TIMING));
    } else if (what === 'renew') {
      const ttlMs = SLOW_TIMING.leaseTtlMs;
      const isRenewed = await renewLease(database.pool, { workerId, incarnation, ttlMs }, NO_LOAD);
      if (alone) expect(isRenewed).toBe(isAlive);
    } else {
      const isEnded = await endLease(database.pool, { workerId, incarnation }, 'test');
      if (alone) expect(isEnded).toBe(isAlive);
    }
    await this.#readLeases();
  }

  /** After concurrent steps only the database can tell the last one. */
  async #readLeases(): Promise<void> {
    const { rows } = await database.pool.query<ModelLease & { workerId: string }>(
      `SELECT worker_id AS "workerId", incarnation, revived_at IS NOT NULL AS "isRevived",
         CASE WHEN ended_at IS NOT NULL THEN 'ended' WHEN expires_at < now() THEN 'expired' ELSE 'held' END AS state
       FROM worker_leases`,
    );
    for (const { workerId, ...lease } of rows) this.model.leases.set(workerId, lease);
  }

  async #asOwner(
    what: 'handOver' | 'keep' | 'write',
    at: number,
    alone: boolean,
  ): Promise<Pick<Assignment, 'sessionId'>[]> {
    const { beliefs } = this.model;
    const owner = beliefs[at % beliefs.length];
    if (!owner) return [];
    const isOwner = this.model.owns(owner);
    if (what === 'keep') {
      const isKept = await keepSession(database.pool, owner);
      if (alone) expect(isKept).toBe(isOwner && this.model.row(owner.sessionId).state === 'RELEASING');
      return [];
    }
    const room = this.model.room(this.model.row(owner.sessionId).workerId ?? undefined);
    try {
      if (what === 'write') {
        await this.#write(owner);
        if (alone) expect(isOwner).toBe(true);
        return [];
      }
      const assignment = await handOver(owner);
      if (alone) expect([isOwner, assignment !== null]).toEqual([true, room > 0]);
      return assignment ? [assignment] : [];
    } catch (error) {
      if (!(error instanceof StaleEpochError)) throw error;
      if (alone) expect(isOwner).toBe(false);
      return [];
    }
  }

  /** Writes its epoch as the value, so that the end can detect a write after a later owner. */
  async #write({ sessionId, epoch }: Belief): Promise<void> {
    const value = Buffer.from(String(epoch));
    await writeKeys(database.pool, { sessionId, epoch }, [{ kind: 'session', keyId: 'epoch', value }]);
    this.model.written.set(sessionId, Math.max(this.model.written.get(sessionId) ?? 0, epoch));
  }

  /** I2: the stored value is that of the last owner, in any order of concurrent writes. */
  async end(): Promise<void> {
    for (const [sessionId, epoch] of this.model.written) {
      const stored = await readSessionKind(database.pool, sessionId, 'session');
      expect(Number(stored.get('epoch'))).toBe(epoch);
    }
  }

  #session(at: number): string {
    return this.model.rows[at % this.model.rows.length]!.sessionId;
  }
}

describe('any sequence of registering, renewing, dying, removing, resizing, placing, moving and writing', () => {
  it('I1 moves epochs by one per change, I2 lets only the owner write, I9 keeps capacities', {
    timeout: 400_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40, size: 'max' }), async (steps) => {
        const run = new Run(await begin());
        for (const each of steps) await run.step(each);
        await run.end();
      }),
      { numRuns: RUNS, ...(process.env.SEED && { seed: Number(process.env.SEED) }) },
    );
  });
});

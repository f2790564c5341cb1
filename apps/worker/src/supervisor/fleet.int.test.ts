import { myPlacements, scaleTiming } from '@wa-gate/cluster';
import { systemClock } from '@wa-gate/kit';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fleetTools, type Linked } from '../testing/fleet-tools.ts';
import { startReconciler } from '../testing/reconciler.ts';
import type { TestWorker } from '../testing/test-worker.ts';
import { startWorld, type World } from '../testing/world.ts';

/** Lease 5 s instead of 20: with much less, a busy machine is one fault more. */
const TIMING = scaleTiming(1 / 4);
const SESSIONS = 9;
const ROUNDS = 6;
const SEED = 20_261_121;
const PATIENCE = { timeoutMs: 30_000 };

let world: World;
let tools: ReturnType<typeof fleetTools>;
let linked: Linked[];
let reconcilers: ReturnType<typeof startReconciler>[];
beforeAll(async () => {
  world = await startWorld({ workers: 3, timing: TIMING });
  tools = fleetTools(world);
  const { pool } = world.database;
  reconcilers = [1, 2].map(() => startReconciler({ pool, redis: world.redis, timing: TIMING }));
  linked = await tools.link(SESSIONS);
});
afterAll(async () => {
  await Promise.all(reconcilers?.map((reconciler) => reconciler.stop()) ?? []);
  await world?.stop();
});

/** A random generator with a seed. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const FAULTS: Record<string, (worker: TestWorker, forMs: number) => Promise<void>> = {
  async kill(worker, forMs) {
    await worker.kill();
    await systemClock.sleep(forMs);
    await worker.start();
  },
  async leave(worker, forMs) {
    await worker.stop({ leaveMs: 5_000 });
    await systemClock.sleep(forMs);
    await worker.start();
  },
  async cutOff(worker, forMs) {
    worker.databaseLine.set('stall');
    await systemClock.sleep(forMs);
    worker.databaseLine.set('forward');
  },
};

it('I1 I2 three workers that die, leave and are cut off at random: each session ends up with one owner, and leaks nothing', async () => {
  const random = createRandom(SEED);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const phone = await world.sandbox.createPhone();
  const sent: { messageId: string; waMessageId: string }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const fault = FAULTS[pick(Object.keys(FAULTS))]!;
    const going = fault(pick(world.workers), random() * 1.5 * TIMING.leaseTtlMs);
    sent.push(...(await Promise.all(linked.map(({ sessionId }) => world.send(sessionId, phone)))));
    await going;
  }

  for (const { sessionId } of linked) await tools.hostedOnce(sessionId, undefined, 40_000);
  for (const { messageId } of sent)
    await waitFor(async () => ['SENT', 'DELIVERED'].includes((await world.message(messageId)).state), {
      ...PATIENCE,
      what: 'what was accepted to be sent',
    });
  const ids = await waitFor(
    async () => {
      const found = (await world.sandbox.inbox(phone)).map(({ id }) => id);
      return found.length >= sent.length && found;
    },
    { ...PATIENCE, what: 'everything at the phone' },
  );
  expect(ids.toSorted()).toEqual(sent.map(({ waMessageId }) => waMessageId).toSorted());

  await waitFor(async () => {
    const placed = await Promise.all(
      world.workers.map(async ({ workerId, host: { supervisor } }) => {
        const mine = await myPlacements(world.database.pool, workerId, supervisor.incarnation ?? -1);
        const { actors, waiting, moving, stopping } = supervisor.counts;
        expect({ actors, waiting, moving, stopping }).toEqual({
          actors: mine.length,
          waiting: 0,
          moving: 0,
          stopping: 0,
        });
        return mine.length;
      }),
    );
    return placed.reduce((sum, count) => sum + count, 0) === SESSIONS;
  }, PATIENCE);
  interface Summary {
    keys: { reused: number };
    overlaps: { bothSent: number };
  }
  const { keys, overlaps } = await world.sandbox.recorder<Summary>('summary');
  expect({ reused: keys.reused, bothSent: overlaps.bothSent }).toEqual({ reused: 0, bothSent: 0 });
  // The sandbox notices the end of a connection a little later.
  await waitFor(async () => (await tools.openConnections()) === SESSIONS, { what: 'one connection each' });
}, 300_000);

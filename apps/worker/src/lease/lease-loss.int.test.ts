import { createTiming, endLease } from '@wa-gate/cluster';
import { systemClock } from '@wa-gate/kit';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetTools, type Linked } from '../testing/fleet-tools.ts';
import { startWorld, type World } from '../testing/world.ts';

/** Quicker than in production. Seconds remain between steps whose order matters, for a busy machine. */
const TIMING = createTiming({
  renewEveryMs: 800,
  renewTimeoutMs: 1_000,
  stopAfterMs: 5_000,
  closeBudgetMs: 2_000,
  leaseTtlMs: 9_000,
  takeoverGraceMs: 400,
  convergeEveryMs: 400,
});
/** Longer than the pause between two renewals. With the renewal before, about half of what a lease survives. */
const SHORT_OUTAGE_MS = 1_700;
const PATIENCE = { timeoutMs: 20_000 };

let world: World;
let tools: ReturnType<typeof fleetTools>;
let linked: Linked[];
beforeAll(async () => {
  world = await startWorld({ timing: TIMING });
  tools = fleetTools(world);
  linked = await tools.link(4);
});
afterAll(() => world?.stop());

const epochs = () => Promise.all(linked.map(async ({ sessionId }) => (await tools.placement(sessionId)).epoch));
const actors = () => linked.map(({ sessionId }) => world.host.supervisor.find(sessionId));
const allBack = () => Promise.all(linked.map(({ sessionId }) => tools.hostedOnce(sessionId)));

/** Checks that every session sends. */
async function expectTraffic(): Promise<void> {
  const phone = await world.sandbox.createPhone();
  const sent = await Promise.all(linked.map(({ sessionId }) => world.send(sessionId, phone)));
  for (const { messageId } of sent) await world.waitForMessage(messageId, 'DELIVERED');
}

describe('PostgreSQL is away', () => {
  it.each(['refuse', 'stall'] as const)('I3 for less than the lease (%s): nothing closes', async (mode) => {
    const before = { actors: actors(), epochs: await epochs(), incarnation: world.host.supervisor.incarnation };
    world.databaseLine.set(mode);
    // A real pause: the test is about the length of the outage.
    await systemClock.sleep(SHORT_OUTAGE_MS);
    world.databaseLine.set('forward');
    await systemClock.sleep(TIMING.stopAfterMs);
    expect({ actors: actors(), epochs: await epochs(), incarnation: world.host.supervisor.incarnation }).toEqual(
      before,
    );
    expect(await tools.openConnections()).toBe(linked.length);
    await expectTraffic();
  });

  it.each(['refuse', 'stall'] as const)(
    'I3 for longer (%s): every socket is closed before the lease can expire, and all come back by themselves',
    async (mode) => {
      const before = await epochs();
      const { incarnation: former } = world.host.supervisor;
      const cutAt = performance.now();
      world.databaseLine.set(mode);
      await waitFor(async () => (await tools.openConnections()) === 0, { ...PATIENCE, what: 'all sockets closed' });
      expect(performance.now() - cutAt).toBeLessThan(TIMING.leaseTtlMs);
      expect(world.host.supervisor.counts).toMatchObject({ actors: 0, waiting: 0, moving: 0 });
      world.databaseLine.set('forward');
      await allBack();
      // No incarnation begins before PostgreSQL answers: sessions would be placed on it in vain.
      expect(world.host.supervisor.incarnation).toBe(former! + 1);
      expect(await epochs()).toEqual(before.map((epoch) => epoch + 1));
      await expectTraffic();
    },
  );

  it('I3 accepts while it is gone for good from this worker only, and sends afterwards', async () => {
    const phone = await world.sandbox.createPhone();
    const { incarnation } = world.host.supervisor;
    world.databaseLine.set('refuse');
    const sent = await Promise.all(linked.map(({ sessionId }) => world.send(sessionId, phone)));
    await waitFor(() => world.host.supervisor.incarnation !== incarnation, {
      ...PATIENCE,
      what: 'the end of the lease',
    });
    world.databaseLine.set('forward');
    for (const { messageId } of sent) await world.waitForMessage(messageId, 'DELIVERED');
    const ids = (await world.sandbox.inbox(phone)).map(({ id }) => id);
    expect(ids.toSorted()).toEqual(sent.map(({ waMessageId }) => waMessageId).toSorted());
  });
});

describe('somebody else ends the lease', () => {
  it('I1 I7 stops everything with the next renewal, and begins a new incarnation', async () => {
    await allBack();
    const before = { actors: actors(), epochs: await epochs() };
    const incarnation = world.host.supervisor.incarnation!;
    await endLease(world.database.pool, { workerId: 'worker-1', incarnation }, 'test');
    await waitFor(() => world.host.supervisor.incarnation === incarnation + 1, {
      ...PATIENCE,
      what: 'the next incarnation',
    });
    expect(before.actors.map((actor) => actor?.state.name)).toEqual(linked.map(() => 'stopped'));
    await allBack();
    expect(await epochs()).toEqual(before.epochs.map((epoch) => epoch + 1));
    await expectTraffic();
  });
});

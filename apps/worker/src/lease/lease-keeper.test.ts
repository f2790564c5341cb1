import { DEFAULT_TIMING } from '@wa-gate/cluster';
import { createLogger } from '@wa-gate/kit';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { RefusedError } from './registration.ts';

type Answer = boolean | Error | 'never' | { afterMs: number; answer: boolean };

const NO_LOAD = { cpuUsage: 0, memoryUsage: 0, eventLoopDelayMs: 0 };
const open: LeaseKeeper[] = [];
afterEach(async () => {
  for (const keeper of open.splice(0)) await keeper.stop();
});

/** A keeper whose renewals are answered by `answer`. It records what the keeper does, with times. */
async function keeperThat(
  answer: (sentAt: number) => Answer,
  registerTakesMs = 0,
  heartbeat = async () => {},
  refusal: (askedAt: number) => Error | undefined = () => undefined,
) {
  const clock = new FakeClock();
  const story: string[] = [];
  const renewals: number[] = [];
  const registrations: number[] = [];
  let incarnation = 0;
  const note = (what: string) => story.push(`${clock.monotonic()} ${what}`);
  const keeper = new LeaseKeeper({
    clock,
    logger: createLogger({ service: 'worker', level: 'silent' }),
    timing: DEFAULT_TIMING,
    store: {
      // Whoever renews asks the same database; its client gives up on what hangs.
      async reach() {
        const given = answer(clock.monotonic());
        if (given instanceof Error || given === 'never') throw away;
      },
      async renew() {
        renewals.push(clock.monotonic());
        const given = answer(clock.monotonic());
        if (given instanceof Error) throw given;
        if (given === 'never') return new Promise<never>(() => undefined);
        if (typeof given === 'boolean') return given;
        await clock.sleep(given.afterMs);
        return given.answer;
      },
      beginDraining: async (given) => void note(`draining ${given}`),
      end: async (given) => void note(`ended ${given}`),
    },
    controlPlane: {
      async register(_, signal) {
        if (registerTakesMs) await clock.sleep(registerTakesMs, signal);
        // As a gateway does before it answers.
        keeper.summon();
        registrations.push(clock.monotonic());
        const refused = refusal(clock.monotonic());
        if (refused) throw refused;
        return { incarnation: ++incarnation, token: 'token' };
      },
      heartbeat,
      rotateToken: async () => 'token',
    },
    request: { workerId: 'w1', endpoint: 'http://w1', maxSessions: 1, network: 'sandbox', revision: '' },
    meter: { read: () => NO_LOAD, stop: () => undefined },
  });
  open.push(keeper);
  keeper.start({
    counts: () => ({ sessionCount: 0, messageCount: 0 }),
    onHeld: (current) => note(`held ${current}`),
    onLost: () => note('lost'),
  });
  await clock.advance(registerTakesMs);
  return { clock, keeper, story, renewals, registrations };
}

const away = new Error('PostgreSQL is away');

describe('I3 the lease by the own clock', () => {
  it('is kept by a renewal each 4 s', async () => {
    const { clock, keeper, story, renewals } = await keeperThat(() => true);
    await clock.advance(60_000);
    expect(renewals.slice(0, 4)).toEqual([0, 4_000, 8_000, 12_000]);
    expect(keeper.isHeld()).toBe(true);
    expect(story).toEqual(['0 held 1']);
  });

  it('I3 is over 14 s after the last good renewal was sent, and a new incarnation begins', async () => {
    let gone = false;
    const { clock, story } = await keeperThat(() => (gone ? away : true));
    await clock.advance(8_001);
    gone = true;
    await clock.advance(13_998);
    expect(story).toEqual(['0 held 1']);
    await clock.advance(1);
    expect(story).toEqual(['0 held 1', '22000 lost']);
    gone = false;
    await clock.advance(250);
    expect(story).toEqual(['0 held 1', '22000 lost', '22250 held 2']);
  });

  it('is not asked for while PostgreSQL does not answer: sessions would be placed where nobody can host them', async () => {
    const { clock, story, registrations } = await keeperThat((at) => (at > 8_000 && at < 60_000 ? away : true));
    await clock.advance(59_999);
    expect(story).toEqual(['0 held 1', '22000 lost']);
    await clock.advance(1);
    expect(story).toEqual(['0 held 1', '22000 lost', '60000 held 2']);
    expect(registrations).toEqual([0, 60_000]);
  });

  it.each([3_600_000, -3_600_000])('I12 is not moved by a clock that is set by %i ms', async (byMs) => {
    const { clock, keeper, story, renewals } = await keeperThat(() => true);
    await clock.advance(5_000);
    clock.setWall(byMs);
    expect(keeper.isHeld()).toBe(true);
    await clock.advance(8_000);
    expect(renewals).toEqual([0, 4_000, 8_000, 12_000]);
    expect(story).toEqual(['0 held 1']);
  });

  it.each([3_600_000, -3_600_000])(
    'I12 is over after 14 s, whatever a clock that is set by %i ms says',
    async (byMs) => {
      const { clock, story } = await keeperThat((sentAt) => (sentAt > 0 ? away : true));
      await clock.advance(1_000);
      clock.setWall(byMs);
      await clock.advance(12_999);
      expect(story).toEqual(['0 held 1']);
      await clock.advance(1);
      expect(story.slice(0, 2)).toEqual(['0 held 1', '14000 lost']);
    },
  );

  it('rides through an outage that is shorter, with quick tries while it lasts', async () => {
    const { clock, keeper, story, renewals } = await keeperThat((at) => (at >= 4_000 && at < 13_000 ? away : true));
    await clock.advance(30_000);
    expect(keeper.isHeld()).toBe(true);
    expect(story).toEqual(['0 held 1']);
    expect(renewals.slice(0, 4)).toEqual([0, 4_000, 4_250, 4_500]);
    expect(renewals.find((at) => at >= 13_000)).toBe(13_000);
  });

  it('leaves nothing of its quick tries behind', async () => {
    const warnings: string[] = [];
    const note = ({ message }: Error) => warnings.push(message);
    process.on('warning', note);
    try {
      const { clock, renewals } = await keeperThat((at) => (at >= 4_000 && at < 13_000 ? away : true));
      await clock.advance(13_000);
      // Of more than ten listeners of one signal Node warns, a turn later.
      await new Promise(setImmediate);
      expect(renewals.length).toBeGreaterThan(30);
    } finally {
      process.off('warning', note);
    }
    expect(warnings).toEqual([]);
  });

  it('gives up on a try that hangs after 2 s, and tries again', async () => {
    const { clock, renewals, story } = await keeperThat((at) => (at === 4_000 ? 'never' : true));
    await clock.advance(20_000);
    expect(renewals.slice(0, 4)).toEqual([0, 4_000, 6_250, 10_250]);
    expect(story).toEqual(['0 held 1']);
  });

  it('I3 counts a late answer from when it was asked for, not from when it came', async () => {
    const { clock, story } = await keeperThat((at) => {
      if (at === 0) return true;
      return at === 4_000 ? { afterMs: 9_000, answer: true } : 'never';
    });
    await clock.advance(17_999);
    expect(story).toEqual(['0 held 1']);
    await clock.advance(1);
    expect(story.slice(0, 2)).toEqual(['0 held 1', '18000 lost']);
  });

  it('I3 counts the registration from when it was asked for: one that took longer than the lease is none', async () => {
    const { clock, story } = await keeperThat((at) => (at === 0 ? true : 'never'), 15_000);
    await clock.advance(0);
    expect(story.slice(0, 2)).toEqual(['15000 held 1', '15000 lost']);
  });

  it('is over at once when the database says so, also in an answer that came late', async () => {
    const { clock, story } = await keeperThat((at) => {
      if (at === 4_000) return { afterMs: 3_000, answer: false };
      return true;
    });
    await clock.advance(7_000);
    expect(story).toEqual(['0 held 1', '7000 lost', '7000 held 2']);
  });

  it('an answer to an earlier incarnation does not touch the next one', async () => {
    const { clock, keeper, story } = await keeperThat((at) => {
      if (at === 0) return true;
      if (at < 14_000) return { afterMs: 20_000, answer: false };
      return true;
    });
    await clock.advance(50_000);
    expect(story).toEqual(['0 held 1', '14000 lost', '14000 held 2']);
    expect(keeper.incarnation).toBe(2);
  });
});

describe('a token that the gateway refuses (MR-148)', () => {
  it('ends everything here first, and then the worker registers again', async () => {
    let incarnations = 0;
    const revoked = async () => {
      if (incarnations === 0) throw new RefusedError(401, 'revoked');
    };
    const { clock, keeper, story } = await keeperThat(() => true, 0, revoked);
    // Beats at 0, 32 and 64 s: with the renewals.
    await clock.advance(63_999);
    expect(story).toEqual(['0 held 1']);
    await clock.advance(1);
    incarnations = 1;
    await clock.advance(300_000);
    expect(story).toEqual(['0 held 1', '64000 lost', '64000 held 2']);
    expect(keeper.incarnation).toBe(2);
  });
});

describe('I3 a process that was stopped and goes on', () => {
  it('ends everything by the first question, before any timer has fired', async () => {
    const { clock, keeper, story } = await keeperThat(() => true);
    await clock.advance(4_500);
    clock.jump(30_000);
    expect(keeper.isHeld()).toBe(false);
    expect(story).toEqual(['0 held 1', '34500 lost']);
    expect(keeper.incarnation).toBeUndefined();
    await clock.advance(0);
    expect(story).toEqual(['0 held 1', '34500 lost', '34500 held 2']);
  });

  it('ends everything by the timer when nobody asks', async () => {
    const { clock, story } = await keeperThat(() => true);
    await clock.advance(4_500);
    clock.jump(30_000);
    await clock.advance(0);
    expect(story).toEqual(['0 held 1', '34500 lost', '34500 held 2']);
  });

  it('ends everything when the answer to a renewal is the first that it hears', async () => {
    const { clock, story } = await keeperThat((at) => (at === 4_000 ? { afterMs: 500, answer: true } : true));
    await clock.advance(4_200);
    clock.jump(30_000);
    await clock.advance(0);
    expect(story).toEqual(['0 held 1', '34200 lost', '34200 held 2']);
  });

  it('goes on when it slept for less than the lease', async () => {
    const { clock, keeper, story } = await keeperThat(() => true);
    await clock.advance(4_500);
    clock.jump(13_000);
    expect(keeper.isHeld()).toBe(true);
    await clock.advance(60_000);
    expect(story).toEqual(['0 held 1']);
  });
});

describe('a worker that an administrator has removed (MR-019)', () => {
  const removed = new RefusedError(403, 'An administrator has removed this worker.', 'WORKER_REMOVED');

  it('asks once when it is removed, whoever has looked after its health until then', async () => {
    let isRemoved = false;
    const { clock, keeper, story, registrations } = await keeperThat(
      () => !isRemoved,
      0,
      undefined,
      () => (isRemoved ? removed : undefined),
    );
    await clock.advance(7_999);
    keeper.summon();
    isRemoved = true;
    await clock.advance(600_000);
    expect([registrations, story]).toEqual([
      [0, 8_000],
      ['0 held 1', '8000 lost'],
    ]);
  });

  it('asks once, and then not any more', async () => {
    const { clock, story, registrations } = await keeperThat(
      () => true,
      0,
      undefined,
      () => removed,
    );
    await clock.advance(3_600_000);
    expect([registrations, story]).toEqual([[0], []]);
  });

  it('asks again when a gateway asks for it, for some seconds, and holds its lease when it may', async () => {
    let mayJoinFrom = Number.POSITIVE_INFINITY;
    const { clock, keeper, story, registrations } = await keeperThat(
      () => true,
      0,
      undefined,
      (at) => (at < mayJoinFrom ? removed : undefined),
    );
    await clock.advance(60_000);
    keeper.summon();
    await clock.advance(600_000);
    expect(registrations.length).toBeGreaterThan(2);
    expect(registrations.at(-1)).toBeLessThan(66_000 + 3_000);
    // The gateway asks who answers there, and stores a moment later that it may join.
    mayJoinFrom = clock.monotonic() + 1_000;
    keeper.summon();
    await clock.advance(4_000);
    expect(story).toEqual([expect.stringMatching(/ held 1$/)]);
    expect(keeper.isHeld()).toBe(true);
  });

  it('ends in order while it waits', async () => {
    const { clock, keeper, story } = await keeperThat(
      () => true,
      0,
      undefined,
      () => removed,
    );
    await clock.advance(1_000);
    await keeper.beginDraining();
    await keeper.stop();
    expect(story).toEqual([]);
  });

  it('keeps asking a gateway that refuses for another reason', async () => {
    const held = new RefusedError(409, 'Another process holds the lease.', 'WORKER_LEASE_HELD');
    const { clock, registrations } = await keeperThat(
      () => true,
      0,
      undefined,
      () => held,
    );
    await clock.advance(60_000);
    expect(registrations.length).toBeGreaterThan(15);
  });
});

describe('the end of the process', () => {
  it('a lease that is lost while draining is not replaced', async () => {
    let ended = false;
    const { clock, keeper, story } = await keeperThat(() => !ended);
    await keeper.beginDraining();
    ended = true;
    await clock.advance(60_000);
    expect(story).toEqual(['0 held 1', '0 draining 1', '4000 lost']);
  });

  it('ends the lease in the database and holds nothing any more', async () => {
    const { clock, keeper, story } = await keeperThat(() => true);
    await clock.advance(1_000);
    await keeper.stop();
    expect(story).toEqual(['0 held 1', '1000 ended 1']);
    expect(keeper.isHeld()).toBe(false);
  });
});

import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from './clock.ts';
import { createLoop, type Loop, type LoopOptions } from './loop.ts';

const HOUR_MS = 3_600_000;
const loops: Loop[] = [];
afterEach(() => Promise.all(loops.splice(0).map((loop) => loop.stop())));

function start(options: Partial<LoopOptions> & Pick<LoopOptions, 'round'>): Loop {
  const loop = createLoop({ clock: systemClock, everyMs: HOUR_MS, onError: (error) => errors.push(error), ...options });
  loops.push(loop);
  loop.start();
  return loop;
}
let errors: unknown[] = [];
afterEach(() => {
  errors = [];
});

/** Counted rounds. When `held`, they end only by hand. */
function countedRounds() {
  const ends: (() => void)[] = [];
  const rounds = { begun: 0, end: () => ends.shift()?.() };
  const held = () => {
    rounds.begun += 1;
    return new Promise<void>((resolve) => ends.push(resolve));
  };
  const quick = async () => {
    rounds.begun += 1;
  };
  return { rounds, held, quick };
}
const soon = (check: () => void) => vi.waitFor(check, { timeout: 20_000 });
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a loop', () => {
  it('begins at once, or after a pause', async () => {
    const { rounds, quick } = countedRounds();
    start({ round: quick });
    expect(rounds.begun).toBe(1);
    const later = countedRounds();
    start({ round: later.quick, pausesFirst: true });
    await turn();
    expect(later.rounds.begun).toBe(0);
  });

  it('goes on after each pause, one round at a time', async () => {
    const { rounds, held } = countedRounds();
    start({ round: held, everyMs: 1 });
    for (let round = 1; round <= 3; round += 1) {
      await soon(() => expect(rounds.begun).toBe(round));
      rounds.end();
    }
  });

  it('goes on without a pause while there is more to do', async () => {
    let left = 3;
    start({
      round: async () => {
        left -= 1;
        return left > 0 ? 'more' : undefined;
      },
    });
    await soon(() => expect(left).toBe(0));
  });

  it('goes on after a round that fails, and tells why', async () => {
    const { rounds, quick } = countedRounds();
    start({
      everyMs: 1,
      round: async () => {
        await quick();
        if (rounds.begun === 1) throw new Error('no');
      },
    });
    await soon(() => expect(rounds.begun).toBeGreaterThan(1));
    expect(errors).toEqual([new Error('no')]);
  });

  it('a notification in the pause begins the next round now', async () => {
    const { rounds, quick } = countedRounds();
    const loop = start({ round: quick });
    await turn();
    loop.notify();
    await soon(() => expect(rounds.begun).toBe(2));
  });

  it('two notifications in a round cause one more', async () => {
    const { rounds, held } = countedRounds();
    const loop = start({ round: held });
    loop.notify();
    loop.notify();
    rounds.end();
    await soon(() => expect(rounds.begun).toBe(2));
    rounds.end();
    await turn();
    expect(rounds.begun).toBe(2);
  });

  it('varies its pauses by its jitter', async () => {
    const pauses: number[] = [];
    const clock = {
      ...systemClock,
      sleep: async (ms: number) => {
        pauses.push(ms);
        if (pauses.length >= 100) void loop.stop();
      },
    };
    const loop = createLoop({ clock, everyMs: 100, jitter: 0.25, round: async () => {}, onError: () => {} });
    loop.start();
    await soon(() => expect(pauses.length).toBeGreaterThanOrEqual(100));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(75);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(125);
    expect(new Set(pauses).size).toBeGreaterThan(10);
  });

  it('ends in the middle of a pause, and waits for the end of a round', async () => {
    await start({ round: async () => {} }).stop();

    const { rounds, held } = countedRounds();
    const loop = start({ round: held });
    let hasEnded = false;
    const ended = loop.stop().then(() => (hasEnded = true));
    await turn();
    expect([hasEnded, loop.stopping.aborted]).toEqual([false, true]);
    rounds.end();
    await ended;
    expect(rounds.begun).toBe(1);
  });

  it('can be stopped without a start, and a second start is none', async () => {
    const { rounds, quick } = countedRounds();
    const idle = createLoop({ clock: systemClock, everyMs: 1, round: quick, onError: () => {} });
    await idle.stop();
    expect(rounds.begun).toBe(0);
    start({ round: quick }).start();
    expect(rounds.begun).toBe(1);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { Liveness, type Pulse } from './liveness.ts';

const timing = { sweepEveryMs: 1_000, keepAliveEveryMs: 20_000, marginMs: 5_000, probeDeadlineMs: 5_000 };

let clock: FakeClock;
let roundTrips: number[];
let liveness: Liveness;
beforeEach(() => {
  clock = new FakeClock();
  roundTrips = [];
  liveness = new Liveness({
    clock,
    timing,
    recyclesPerSweep: 2,
    onRoundTrip: (milliseconds) => roundTrips.push(milliseconds),
    random: () => 0,
  });
});

interface Line {
  pulse: Pulse;
  pings: number[];
  stale: number[];
  /** The reaction of the other side to a ping. */
  answers: 'at once' | 'with frames only' | 'never';
}

function connect(answers: Line['answers'] = 'at once', sessionId = 'one'): Line {
  const line: Line = { answers, pings: [], stale: [] } as unknown as Line;
  line.pulse = liveness.watch({
    owner: { sessionId, epoch: 1 },
    ping: async () => {
      line.pings.push(clock.monotonic());
      if (line.answers === 'never') throw new Error('No answer.');
      line.pulse.beat();
      if (line.answers === 'with frames only') throw new Error('No answer.');
    },
    onStale: (silentMs) => line.stale.push(silentMs),
  });
  return line;
}

/** Advances the time second by second, with a sweep in each. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await clock.advance(1_000);
    liveness.sweep();
    await Promise.resolve();
  }
}

describe('a connection that answers', () => {
  it('is asked every 20 s, measured, and left alone', async () => {
    const line = connect();
    line.pulse.beat();
    await pass(100);
    expect(line.pings).toEqual([21_000, 41_000, 61_000, 81_000]);
    expect(roundTrips).toEqual([0, 0, 0, 0]);
    expect(line.pulse).toMatchObject({ roundTripMs: 0, lastAnswerAt: 81_000, lastFrameAt: 81_000 });
    expect(line.stale).toEqual([]);
  });

  it('by other frames than an answer lives all the same', async () => {
    const line = connect('with frames only');
    line.pulse.beat();
    await pass(200);
    expect(line.stale).toEqual([]);
    expect(line.pulse.roundTripMs).toBeUndefined();
  });

  it('I12 is not given up because somebody sets the clock', async () => {
    const line = connect();
    line.pulse.beat();
    await pass(5);
    clock.setWall(3_600_000);
    await pass(40);
    expect(line.pings).toEqual([21_000, 41_000]);
    expect(line.stale).toEqual([]);
  });

  it('is not judged before its first frame: connecting has a deadline of its own', async () => {
    const line = connect('never');
    await pass(120);
    expect([line.pings, line.stale]).toEqual([[], []]);
  });
});

describe('a connection that is silent', () => {
  it('is probed once more, and given up within 36 s', async () => {
    const line = connect('never');
    line.pulse.beat();
    await pass(35);
    expect(line.pings).toEqual([21_000, 31_000]);
    expect(line.stale).toEqual([]);
    await pass(1);
    expect(line.stale).toEqual([36_000]);
    await pass(60);
    expect(line.stale).toHaveLength(1);
  });

  it('and speaks before the deadline of the probe goes on', async () => {
    const line = connect('never');
    line.pulse.beat();
    await pass(34);
    line.pulse.beat();
    line.answers = 'at once';
    await pass(120);
    expect(line.stale).toEqual([]);
  });

  it('is not looked at any more when it has ended', async () => {
    const line = connect('never');
    line.pulse.beat();
    await pass(33);
    line.pulse.end();
    await pass(60);
    expect(line.stale).toEqual([]);
    expect(liveness.pulses.size).toBe(0);
  });
});

it('when the whole network is silent, sessions are given up a few at a time', async () => {
  const lines = ['a', 'b', 'c', 'd', 'e'].map((name) => connect('never', name));
  for (const { pulse } of lines) pulse.beat();
  const given = () => lines.filter(({ stale }) => stale.length > 0).length;
  await pass(36);
  expect(given()).toBe(2);
  await pass(1);
  expect(given()).toBe(4);
  lines[4]!.pulse.beat();
  await pass(10);
  expect(given()).toBe(4);
});

describe('a process that stood still', () => {
  it('does not take its own deafness for silence: the deadline begins anew', async () => {
    const line = connect('never');
    line.pulse.beat();
    await pass(33);
    clock.jump(12_000);
    liveness.sweep();
    expect(line.stale).toEqual([]);
    await pass(4);
    line.pulse.beat();
    line.answers = 'at once';
    await pass(60);
    expect(line.stale).toEqual([]);
  });

  it('asks at once whether its connections have survived', async () => {
    const line = connect('never');
    line.pulse.beat();
    await pass(2);
    clock.jump(60_000);
    liveness.sweep();
    expect(line.pings).toEqual([62_000]);
    await pass(5);
    expect(line.stale).toEqual([67_000]);
  });
});

it('knows the longest silence', async () => {
  connect('never').pulse.beat();
  await pass(3);
  connect('never').pulse.beat();
  connect('never');
  await pass(4);
  expect(liveness.longestSilenceMs).toBe(7_000);
});

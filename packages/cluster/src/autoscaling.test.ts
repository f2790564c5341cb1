import { describe, expect, it } from 'vitest';
import { type FleetWorker, scalingSignal } from './autoscaling.ts';

const worker = (overrides: Partial<FleetWorker> = {}): FleetWorker => ({
  network: 'LIVE',
  kind: 'ready',
  capacity: 50,
  cpuUsage: 5,
  memoryUsage: 5,
  ...overrides,
});
const fleet = (count: number, overrides: Partial<FleetWorker> = {}) =>
  Array.from({ length: count }, () => worker(overrides));
const signal = (workers: FleetWorker[], sessions: number, waiting = 0) => {
  const { desired, advice, reasons } = scalingSignal({ network: 'LIVE', workers, sessions, waiting });
  return { desired, advice, triggers: reasons.map(({ trigger }) => trigger) };
};

describe('how many workers a network should have (MR-171)', () => {
  it.each([
    ['nothing', [], 0, 0, 0, 'hold'],
    ['one idle worker', fleet(1), 0, 0, 1, 'hold'],
    ['sessions and nobody to host them', [], 40, 40, 2, 'up'],
    ['0.7 full', fleet(2), 70, 0, 2, 'hold'],
    ['above 0.7', fleet(2), 71, 0, 3, 'up'],
    ['between 0.6 and 0.7 after one less: stays', fleet(3), 65, 0, 3, 'hold'],
    ['below 0.6 after one less', fleet(3), 60, 0, 2, 'down'],
    ['idle: down to one', fleet(4), 0, 0, 1, 'down'],
    ['offline ones do not count', [...fleet(1), ...fleet(2, { kind: 'offline' })], 60, 10, 2, 'up'],
    ['those aside come on top', [...fleet(2), ...fleet(1, { kind: 'aside' })], 60, 0, 3, 'hold'],
    ['more wait than have room', fleet(1), 130, 80, 4, 'up'],
    ['busy processors', fleet(2, { cpuUsage: 100 }), 20, 0, 3, 'up'],
    ['little memory', fleet(2, { memoryUsage: 91 }), 20, 0, 3, 'up'],
    ['a processor at the mark', fleet(2, { cpuUsage: 80 }), 20, 0, 2, 'hold'],
    ['young workers say nothing of their processors', fleet(2, { cpuUsage: null }), 70, 0, 2, 'hold'],
    ['small workers', fleet(2, { capacity: 10 }), 20, 0, 3, 'up'],
  ] as const)('%s', (_what, workers, sessions, waiting, desired, advice) => {
    expect(signal([...workers], sessions, waiting)).toMatchObject({ desired, advice });
  });

  it('says why, each reason with what it alone would ask for', () => {
    const { reasons } = scalingSignal({
      network: 'LIVE',
      workers: fleet(2, { cpuUsage: 100 }),
      sessions: 90,
      waiting: 0,
    });
    expect(reasons.map(({ trigger, workers }) => [trigger, workers])).toEqual([
      ['sessions', 3],
      ['minimum', 1],
      ['cpu', 3],
    ]);
  });

  it('does not swing: what it has taken away it does not ask for again', () => {
    const calm = { cpuUsage: 0, memoryUsage: 0 };
    for (let sessions = 0; sessions <= 400; sessions += 1) {
      const workers = 8;
      const first = signal(fleet(workers, calm), sessions);
      if (first.advice !== 'down') continue;
      expect(signal(fleet(first.desired, calm), sessions)).toMatchObject({ desired: first.desired, advice: 'hold' });
      // Nor with a few more sessions.
      expect(signal(fleet(first.desired, calm), Math.floor(sessions * 1.1)).advice).toBe('hold');
    }
  });
});

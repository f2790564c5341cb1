import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_STICKER_MS, planFrames } from './frame-plan.ts';

const total = (delays: readonly number[]): number => delays.reduce((sum, delay) => sum + delay, 0);

describe('the frames of a sticker', () => {
  it('are all of a short animation, with their times', () => {
    expect(planFrames([40, 100, 60], 60)).toEqual([
      { index: 0, delayMs: 40 },
      { index: 1, delayMs: 100 },
      { index: 2, delayMs: 60 },
    ]);
  });

  it('are dropped evenly, and their time goes to the frame before', () => {
    const plan = planFrames(Array<number>(90).fill(50), 30);
    expect(plan).toHaveLength(30);
    expect(plan.map(({ index }) => index)).toEqual(Array.from({ length: 30 }, (_, place) => place * 3));
    expect(new Set(plan.map(({ delayMs }) => delayMs))).toEqual(new Set([150]));
  });

  it('end where clients stop to play', () => {
    const plan = planFrames(Array<number>(200).fill(100), 60);
    expect(total(plan.map(({ delayMs }) => delayMs))).toBe(MAX_STICKER_MS);
    expect(plan.at(-1)!.index).toBeLessThan(100);
  });

  it('of any animation are as many as are allowed, in order, from the first on, and as long as it is', () => {
    const delays = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(delays, fc.integer({ min: 1, max: 60 }), (source, maxFrames) => {
        const plan = planFrames(source, maxFrames);
        const indexes = plan.map(({ index }) => index);
        expect(plan.length).toBeLessThanOrEqual(maxFrames);
        expect(indexes[0]).toBe(0);
        expect(indexes).toEqual([...new Set(indexes)].sort((a, b) => a - b));
        const shown = total(source.map((delay) => Math.max(8, delay)));
        expect(total(plan.map(({ delayMs }) => delayMs))).toBe(Math.min(shown, MAX_STICKER_MS));
      }),
    );
  });
});

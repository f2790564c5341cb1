import { expect, test } from 'vitest';
import { createPrng } from '../../chaos/prng.ts';
import { measurePairs } from './paired-times.ts';

const USUAL_MS = 30;
const TOLERANCE = 0.05;

/**
 * Simulates requests of 30 ms, and others that are slower by `slowerMs`, on a machine with up to `noiseMs` of noise,
 * ten times as much for every tenth request, and which slows down over time.
 */
async function simulate({ slowerMs = 0, noiseMs = 1, secondIsSlowerMs = 0, seed = 1 }) {
  const random = createPrng(seed);
  let drift = 0;
  const late = () => random.next() * noiseMs * (random.next() < 0.1 ? 10 : 1);
  return measurePairs({
    measure: async (otherFirst) => {
      drift += 0.05;
      const one = USUAL_MS + drift + late() + (otherFirst ? secondIsSlowerMs : 0);
      const other = USUAL_MS + drift + slowerMs + late() + (otherFirst ? 0 : secondIsSlowerMs);
      return [one, other];
    },
    tolerance: TOLERANCE,
    warmUpPairs: 5,
    roundPairs: 40,
    mostPairs: 160,
  });
}

const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);

test('the same work is found to be the same, in one round where it is quiet', async () => {
  for (const seed of SEEDS) expect(await simulate({ seed })).toMatchObject({ verdict: 'same', pairs: 40 });
});

test('on a busy machine it takes more rounds, and nothing is found that is not there', async () => {
  for (const seed of SEEDS) {
    const { verdict, pairs } = await simulate({ noiseMs: 30, seed });
    expect(verdict).not.toBe('different');
    expect(pairs).toBeGreaterThan(40);
  }
});

test.each([
  ['a few milliseconds', 3, 1],
  ['a few milliseconds less', -3, 1],
  ['a few milliseconds on a busy machine', 5, 5],
  ['one verification on a machine that stands still more than it works', 30, 60],
])('%s are found', async (_what, slowerMs, noiseMs) => {
  for (const seed of SEEDS) expect((await simulate({ slowerMs, noiseMs, seed })).verdict).toBe('different');
});

test('that the second of two is slower, whichever it is, is no difference of the two', async () => {
  expect((await simulate({ secondIsSlowerMs: 1 })).verdict).toBe('same');
});

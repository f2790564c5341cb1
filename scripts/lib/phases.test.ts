import { expect, test } from 'vitest';
import { createPhases } from './phases.mjs';

test('phases are listed in the order of their beginning, also one that runs beside another, and one that fails', async () => {
  let now = 1_000;
  const phases = createPhases(() => now);
  let end: () => void = () => undefined;
  const beside = phases.time('lint', () => new Promise<void>((resolve) => (end = resolve)));
  now = 1_500;
  await expect(
    phases.time('tests', async () => {
      now = 4_000;
      throw new Error('failed');
    }),
  ).rejects.toThrow('failed');
  now = 5_000;
  end();
  await beside;
  expect(phases.list()).toEqual([
    { title: 'lint', fromMs: 0, toMs: 4_000 },
    { title: 'tests', fromMs: 500, toMs: 3_000 },
  ]);
});

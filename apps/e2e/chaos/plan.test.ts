import { expect, test } from 'vitest';
import { FAULT_KINDS, planFaults } from './plan.ts';
import { createPrng } from './prng.ts';

const fleet = { workers: 3, gateways: 2 };

test('the same seed makes the same plan, another seed another one', () => {
  expect(planFaults(7, 4, fleet)).toEqual(planFaults(7, 4, fleet));
  expect(planFaults(7, 4, fleet)).not.toEqual(planFaults(8, 4, fleet));
});

test('a longer plan begins like a shorter one', () => {
  const short = planFaults(3, 1, fleet);
  expect(planFaults(3, 4, fleet).slice(0, short.length)).toEqual(short);
});

test('every round has each kind once, at targets that exist', () => {
  const plan = planFaults(1, 4, fleet);
  expect(plan).toHaveLength(4 * FAULT_KINDS.length);
  for (const kind of FAULT_KINDS) expect(plan.filter((fault) => fault.kind === kind)).toHaveLength(4);
  const targets = new Set(plan.map(({ target }) => target));
  expect([...targets].filter((target) => !/^(worker-[123]|gateway-[12]|postgres|redis)$/.test(target))).toEqual([]);
});

test('the plan of seed 1 is pinned: a run that was published can be repeated', () => {
  const [first, second] = planFaults(1, 1, fleet);
  expect([first?.kind, first?.target, second?.kind, second?.target]).toMatchInlineSnapshot(`
    [
      "cut gateway-postgres",
      "gateway-1",
      "cut gateway-redis",
      "gateway-1",
    ]
  `);
});

test('numbers of chance stay within their ends and reach both', () => {
  const random = createPrng(42);
  const drawn = new Set(Array.from({ length: 200 }, () => random.between(2, 5)));
  expect([...drawn].sort((a, b) => a - b)).toEqual([2, 3, 4, 5]);
});

import { expect, it } from 'vitest';
import type { LevelRun } from './level.ts';
import { readOptions } from './options.ts';
import { renderSeries, renderStatementGrowth } from './report.ts';

it('refuses sizes of several dimensions, one size alone, and dimensions that it does not know', () => {
  expect(readOptions(['--dimension', 'workers', '--sizes', '1,3']).sizesOf('workers')).toEqual([1, 3]);
  expect(readOptions([]).sizesOf('endpoints')).toEqual([10, 1_000]);
  expect(() => readOptions(['--sizes', '1,2'])).toThrow('--sizes takes one --dimension and two sizes or more');
  expect(() => readOptions(['--dimension', 'workers', '--sizes', '1'])).toThrow('two sizes or more');
  expect(() => readOptions(['--dimension', 'workers', '--sizes', '1,20'])).toThrow('--sizes is 20');
  expect(() => readOptions(['--dimension', 'moons'])).toThrow('--dimension is moons; it must be one of sessions');
});

const run = (cpuMs: number, execMs: number): LevelRun => ({
  messages: 10,
  rate: 100,
  latencies: { send: [1], inbound: [1] },
  cpuMs: { gateway: cpuMs, worker: 0, postgres: 0, redis: 0, sandbox: 1 },
  database: {
    statements: 20,
    transactions: 20,
    walBytes: 0,
    log: { from: '0/0', to: '0/0' },
    byStatement: [{ query: 'UPDATE outbox SET state = 1', calls: 20, planMs: 0, execMs }],
  },
});

it('compares each run with that of the smallest size in the same round', () => {
  const series = [
    { dimension: 'events', size: 0, runs: [run(1, 10), run(10, 10), run(2, 10)] },
    { dimension: 'events', size: 1_000, runs: [run(2, 30), run(20, 30), run(4, 30)] },
  ] as const;
  // The machine was slower in the second round: the medians alone would not tell that all ratios are the same.
  expect(renderSeries(series)).toContain('| CPU ms, own | 2.00 | 4.00 | 2.00 |');
  expect(renderStatementGrowth(series)).toContain('   2.000   1.000   2.000   3.000  UPDATE outbox');
});

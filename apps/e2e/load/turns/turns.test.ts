import { expect, test } from 'vitest';
import { ownCheckout } from '../../harness/checkout.ts';
import { compareTurns, renderComparisons, type Turn } from './compare.ts';
import { readOptions } from './options.ts';

const turn = (version: Turn['version'], ours: number, raw: number): Turn => ({
  program: 'send',
  version,
  runs: [
    { label: 'one', side: 'gateway', values: { 'messages/s': ours } },
    { label: 'one', side: 'raw Baileys', values: { 'messages/s': raw } },
  ],
});

test('medians are compared with each other, and each version with what ran beside it', () => {
  const turns = [turn('before', 10, 100), turn('after', 20, 200), turn('before', 30, 100), turn('after', 60, 200)];
  const [comparison] = compareTurns(turns);
  expect(comparison).toMatchObject({
    before: [10, 30],
    after: [20, 60],
    others: [{ side: 'raw Baileys', before: [100, 100], after: [200, 200] }],
  });
  expect(renderComparisons([comparison!])).toContain(
    '| send, one | messages/s | 20.0 (10.0 to 30.0) | 40.0 (20.0 to 60.0) | 2.00 | raw Baileys 150 (100 to 200) | 0.20 | 0.20 |',
  );
});

test('what only one version has is not compared', () => {
  expect(compareTurns([turn('after', 20, 200)])).toEqual([]);
});

test('nothing is divided by nothing', () => {
  const rows = renderComparisons(compareTurns([turn('before', 0, 0), turn('after', 5, 0)]));
  expect(rows).toContain('| 0.00 (0.00 to 0.00) | 5.00 (5.00 to 5.00) |  |');
});

const both = ['--before', ownCheckout, '--after', ownCheckout];

test('programs are words beside the flags, and what follows -- is for them', () => {
  const options = readOptions([...both, 'send', 'mixed', '--rounds', '2', '--', '--seconds', '3']);
  expect(options).toMatchObject({ programs: ['send', 'mixed'], rounds: 2, more: ['--seconds', '3'] });
});

test('what is missing is said', () => {
  expect(() => readOptions(both)).toThrow('Say what to run: one or more of send, receive, mixed, gateway, failover');
  expect(() => readOptions(['send', '--before', ownCheckout])).toThrow('both are needed');
  expect(() => readOptions([...both, 'send', 'sned'])).toThrow('sned');
});

test('tracing is a difference between two versions that are one checkout (MR-125)', () => {
  expect(readOptions([...both, 'send', '--tracing', '10'])).toMatchObject({ tracing: '10', more: [] });
  expect(() => readOptions([...both, 'failover', '--tracing', '10'])).toThrow('--tracing is for send, receive, mixed');
});

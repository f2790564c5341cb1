import { expect, test } from 'vitest';
import { readOptions } from './options.ts';
import { type Sample, seriesOf } from './samples.ts';
import { judge, renderVerdicts, type Series } from './verdicts.ts';

const MB = 1_048_576;
const series = (value: (index: number) => number): Series => ({
  name: 'worker',
  unit: 'MB',
  tolerated: { share: 0.05, least: 1 },
  points: Array.from({ length: 30 }, (_, index) => ({ seconds: index * 10, value: value(index) })),
});
/** Between -1 and 1, the same in every run. */
const noise = (index: number) => Math.sin(index * 12.9898) % 1;

test('noise around a level is flat, and so is what shrinks', () => {
  expect(judge(series((index) => 100 + noise(index))).flatness).toBe('flat');
  expect(judge(series((index) => 100 - index)).flatness).toBe('flat');
});

test('a leak under the noise grows', () => {
  const verdict = judge(series((index) => 100 + index + 5 * noise(index)));
  expect(verdict.flatness).toBe('grows');
  expect(verdict.growth).toBeCloseTo(29, -1);
});

test('noise in which a leak could hide is uncertain', () => {
  expect(judge(series((index) => 100 + 60 * noise(index * 7))).flatness).toBe('uncertain');
});

test('what grows comes first in the report', () => {
  const text = renderVerdicts([judge(series(() => 1)), judge(series((index) => 100 + index))]);
  expect(text.split('\n')[2]).toContain('**grows**');
});

const sample = (index: number, more: Partial<Sample['tables']> = {}): Sample => ({
  seconds: index * 10,
  memory: { 'worker-1': { resident: 200 * MB, inUse: 80 * MB }, redis: { resident: 10 * MB } },
  tables: {
    messages: { bytes: 1_000_000 + 10_000 * index, rows: 1_000 + 10 * index },
    session_keys: { bytes: 65_536, rows: 3 },
    ...(more as Sample['tables']),
  },
});

test('history may have more rows but no fatter ones, everything else has to stay', () => {
  const names = (samples: Sample[]) =>
    seriesOf(samples)
      .map(judge)
      .filter(({ flatness }) => flatness === 'grows')
      .map(({ series: { name, unit } }) => `${name}, ${unit}`);
  const count = Array.from({ length: 30 }, (_, index) => index);
  expect(names(count.map((index) => sample(index)))).toEqual([]);
  expect(
    names(
      count.map((index) =>
        sample(index, {
          messages: { bytes: 1_000_000 * (1 + index / 10), rows: 1_000 },
          session_keys: { bytes: 65_536 * (1 + index), rows: 100 * index },
        }),
      ),
    ),
  ).toEqual(['table messages, bytes per row', 'table session_keys, kB', 'table session_keys, rows']);
});

test('an hour has 120 samples and ten minutes of warm-up, and too few samples are refused', () => {
  expect(readOptions([])).toMatchObject({ minutes: 60, warmUpMinutes: 10, everySeconds: 30, sessions: 50, rate: 20 });
  expect(readOptions(['--minutes', '6'])).toMatchObject({ warmUpMinutes: 2, everySeconds: 5 });
  expect(() => readOptions(['--minutes', '3', '--every-seconds', '60'])).toThrow('there would be 2 samples');
});

import { expect, test } from 'vitest';
import { median, percentile, trendOf } from './statistics.ts';

test('percentiles', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([percentile(values, 0.5), percentile(values, 0.95)]).toEqual([51, 96]);
  expect(percentile([], 0.5)).toBeNaN();
});

test('the median of an even number of values is between the two in the middle', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
  expect(median([])).toBeNaN();
});

test('the trend of a straight line is its slope, without margin', () => {
  const { slope, margin, mean } = trendOf([0, 1, 2, 3, 4].map((x) => ({ x, y: 10 + 2 * x })));
  expect({ slope, mean }).toEqual({ slope: 2, mean: 14 });
  expect(margin).toBeCloseTo(0);
});

test('the margin of a scattered line is that of the textbook', () => {
  // Slope 0.6, residual sum of squares 2.4, spread of x 10, three degrees of freedom.
  const points = [2, 4, 5, 4, 5].map((y, index) => ({ x: index + 1, y }));
  const { slope, margin } = trendOf(points);
  expect(slope).toBeCloseTo(0.6);
  expect(margin).toBeCloseTo(3.182 * Math.sqrt(2.4 / 3 / 10), 3);
});

test('two points are no trend', () => {
  expect(() => trendOf([1, 2].map((x) => ({ x, y: x })))).toThrow('three points');
});

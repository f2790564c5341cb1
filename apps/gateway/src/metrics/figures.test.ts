import { expect, it } from 'vitest';
import { createFigures } from './figures.ts';

it('one reading serves all metrics of a scrape, and the next scrape reads anew', async () => {
  let readings = 0;
  const look = createFigures(async () => ++readings);
  expect(await Promise.all([look(), look(), look()])).toEqual([1, 1, 1]);
  expect(await look()).toBe(2);
});

it('a reading that fails shows nothing', async () => {
  const look = createFigures(() => Promise.reject(new Error('no')));
  expect(await look()).toBeUndefined();
});

it('a reading without an answer does not hold up the scrape, and no second one queues behind it', async () => {
  let readings = 0;
  let answer: (figure: number) => void = () => undefined;
  const look = createFigures(() => {
    readings += 1;
    return new Promise<number>((resolve) => {
      answer = resolve;
    });
  }, 20);
  expect(await look()).toBeUndefined();
  expect(await look()).toBeUndefined();
  expect(readings).toBe(1);
  const waiting = look();
  answer(7);
  expect(await waiting).toBe(7);
});

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createProgress } from './progress.mjs';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function recorded() {
  const lines: string[] = [];
  const progress = createProgress({ write: (text) => lines.push(text), now: () => Date.now() });
  return { lines, progress };
}

test('a long step gives a sign of life with what it does at the moment', async () => {
  const { lines, progress } = recorded();
  const step = progress.step('Installing', async (note) => {
    note('resolved 100');
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    return 42;
  });
  await vi.advanceTimersByTimeAsync(12_000);
  expect(await step).toBe(42);
  expect(lines).toEqual([
    '- Installing ...\n',
    '    still at it after 5.0 s: resolved 100\n',
    '    still at it after 10.0 s: resolved 100\n',
    '  done in 12.0 s\n',
  ]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(lines).toHaveLength(4);
});

test('a step that fails says so and passes the failure on', async () => {
  const { lines, progress } = recorded();
  await expect(progress.step('Building', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(lines).toEqual(['- Building ...\n', '  failed after 0.0 s\n']);
});

import { describe, expect, it } from 'vitest';
import { isDeeperThan } from './json-body.ts';

describe('the depth of JSON', () => {
  it.each([
    ['{}', 1, false],
    ['{}', 0, true],
    ['[[[]]]', 3, false],
    ['[[[]]]', 2, true],
    ['{"a":{"b":[1,2]}}', 3, false],
    ['{"a":{"b":[1,2]}}', 2, true],
    ['[1],[1],[1]', 1, false],
    ['{"a":"[[[[{{{{"}', 1, false],
    ['{"a":"\\"[[[["}', 1, false],
    ['{"a":"\\\\","b":[]}', 2, false],
    ['{"a":"\\\\","b":[]}', 1, true],
    ['"never closed [[[[', 1, false],
    ['', 1, false],
    [']]]][[', 2, false],
  ])('%s is deeper than %i: %s', (json, depth, deeper) => {
    expect(isDeeperThan(json, depth)).toBe(deeper);
  });

  it('is found without a stack, and quickly', () => {
    expect(isDeeperThan('['.repeat(1_000_000), 2_000_000)).toBe(false);
    expect(isDeeperThan('['.repeat(1_000_000), 32)).toBe(true);
  });
});

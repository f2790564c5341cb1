import { expect } from 'vitest';
import { DECIDED_DIFFERENCES, type ExampleName } from './brief-examples.ts';

/** Members whose values are part of the contract; other texts of an example are examples. */
const WORDS = new Set(['status', 'role', 'tier', 'success', 'message', 'name', 'email', 'page', 'limit']);
const POINT_IN_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

/**
 * Checks that every member of the example is in the answer, at the same place and of the same type, with the same value
 * for words of the contract.
 */
export function expectAsInBrief(example: ExampleName, actual: unknown, expected: unknown, path = ''): void {
  const what = `${example}: ${path || 'the answer'}`;
  if (Array.isArray(expected)) {
    expect(Array.isArray(actual), `${what} is a list`).toBe(true);
    for (const [index, item] of expected.entries()) {
      expectAsInBrief(example, (actual as unknown[])[index], item, `${path}[${index}]`);
    }
  } else if (typeof expected === 'object' && expected !== null) {
    expect(typeof actual, what).toBe('object');
    for (const [name, value] of Object.entries(expected)) {
      expect(actual, what).toHaveProperty([name]);
      expectAsInBrief(example, (actual as Record<string, unknown>)[name], value, path ? `${path}.${name}` : name);
    }
  } else {
    expectLeaf(example, actual, expected, path);
  }
}

function expectLeaf(example: ExampleName, actual: unknown, expected: unknown, path: string): void {
  const what = `${example}: ${path}`;
  const difference = DECIDED_DIFFERENCES.find((decided) => decided.example === example && decided.member === path);
  const name = path
    .split('.')
    .at(-1)!
    .replace(/\[\d+\]$/, '');
  if (difference) expect(actual, `${what} (${difference.row})`).toBe(difference.instead);
  else if (WORDS.has(name)) expect(actual, what).toBe(expected);
  else if (typeof expected === 'string' && POINT_IN_TIME.test(expected)) expect(actual, what).toMatch(POINT_IN_TIME);
  else expect(typeof actual, what).toBe(typeof expected);
}

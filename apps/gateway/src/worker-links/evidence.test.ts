import { describe, expect, it } from 'vitest';
import { isRefusal } from './evidence.ts';

const failure = (code: string) => Object.assign(new Error(code), { code });

describe('a refused connection is evidence, nothing else is', () => {
  it.each([
    ['ECONNREFUSED', true],
    ['ECONNRESET', false],
    ['ETIMEDOUT', false],
    ['EHOSTUNREACH', false],
    ['ENETUNREACH', false],
    ['ENOTFOUND', false],
    ['EAI_AGAIN', false],
    ['EADDRNOTAVAIL', false],
    ['EMFILE', false],
  ])('%s: %s', (code, isEvidence) => {
    expect(isRefusal(failure(code))).toBe(isEvidence);
  });

  it('nothing went wrong: no', () => {
    expect(isRefusal(undefined)).toBe(false);
  });

  it('a host with two addresses refuses only when both do', () => {
    expect(isRefusal(new AggregateError([failure('ECONNREFUSED'), failure('ECONNREFUSED')]))).toBe(true);
    expect(isRefusal(new AggregateError([failure('ECONNREFUSED'), failure('ETIMEDOUT')]))).toBe(false);
    expect(isRefusal(new AggregateError([]))).toBe(false);
  });
});

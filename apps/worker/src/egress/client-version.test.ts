import { describe, expect, it } from 'vitest';
import { chooseVersion, formatVersion, parseVersion } from './client-version.ts';

const NONE = { version: null, candidate: null, candidatePercent: 0, isNamed: false, hasRefusedCandidate: false };
const BUILT_IN = parseVersion('2.3000.1')!;
const ids = Array.from({ length: 1_000 }, (_, index) => `session-${index}`);
const chosen = (id: string, plan: Partial<typeof NONE> | object) => {
  const { version, isCandidate } = chooseVersion(id, { ...NONE, ...plan }, BUILT_IN);
  return `${formatVersion(version)}${isCandidate ? ' tried' : ''}`;
};

describe('the version that a session logs in with', () => {
  it('is that of the worker, then that of the network', () => {
    expect(chosen('a', {})).toBe('2.3000.1');
    expect(chosen('a', { version: '2.3000.2' })).toBe('2.3000.2');
  });

  it('is the candidate for those that are named, unless it was refused to them', () => {
    const trial = { version: '2.3000.2', candidate: '2.3000.3', isNamed: true };
    expect(chosen('a', trial)).toBe('2.3000.3 tried');
    expect(chosen('a', { ...trial, hasRefusedCandidate: true })).toBe('2.3000.2');
    expect(chosen('a', { ...trial, isNamed: false })).toBe('2.3000.2');
  });

  it('is the candidate for the wanted part, always the same sessions, others with another candidate', () => {
    const tried = (candidate: string) =>
      ids.filter((id) => chosen(id, { candidate, candidatePercent: 20 }).endsWith('tried'));
    expect(tried('2.3000.3').length).toBeGreaterThan(150);
    expect(tried('2.3000.3').length).toBeLessThan(250);
    expect(tried('2.3000.3')).toEqual(tried('2.3000.3'));
    expect(tried('2.3000.4')).not.toEqual(tried('2.3000.3'));
    expect(ids.every((id) => chosen(id, { candidate: '2.3000.3', candidatePercent: 100 }).endsWith('tried'))).toBe(
      true,
    );
  });

  it.each(['2.3000', 'v2.3000.1', '2.3000.1.0', '2.-1.0', ''])('%j is none', (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });
});

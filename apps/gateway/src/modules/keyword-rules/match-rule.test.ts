import type { RuleMatch } from '@wa-gate/contracts';
import { isWithinHours } from '@wa-gate/messaging';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fold, foldWords } from './fold.ts';
import { assertHours, assertPatterns, findMatch } from './match-rule.ts';

const fits = (match: RuleMatch, pattern: string, text: string) =>
  findMatch({ match, patterns: [pattern] }, text) !== undefined;

describe('keywords (MR-071)', () => {
  it.each<[RuleMatch, string, string, boolean]>([
    ['contains', 'pinjam ruang', 'Saya mau PINJAM   RUANG A.', true],
    ['contains', 'lihat ruang', 'lihat\nruang?', true],
    ['contains', 'hi', 'this is it', false],
    ['contains', 'hi', 'Hi, there', true],
    ['contains', '会议', '我想订会议室', true],
    ['contains', '100%', 'it is 100% so', true],
    ['exact', 'stop', ' "Stop!" ', true],
    ['exact', 'stop', 'stop it', false],
    ['exact', '👍', '👍', true],
    ['startsWith', 'pesan', 'Pesan: dua nasi', true],
    ['startsWith', 'pesan', 'pesanan saya', false],
    ['startsWith', '/menu', '/menu please', true],
    ['regex', '^order (\\d+)$', 'Order 4711', true],
    ['regex', 'a.c', 'A\nC', true],
  ])('%s %j in %j: %j', (match, pattern, text, expected) => {
    expect(fits(match, pattern, text)).toBe(expected);
  });

  it('the four i of Turkish are one, on a machine of any language', () => {
    const forms = ['İPTAL', 'IPTAL', 'iptal', 'ıptal'];
    for (const keyword of forms)
      for (const text of forms) expect([keyword, text, fits('exact', keyword, text)]).toEqual([keyword, text, true]);
    expect(fits('exact', 'BERHENTI', 'berhenti')).toBe(true);
    expect(fits('contains', 'TEŞEKKÜR', 'çok teşekkür ederim')).toBe(true);
    expect(fits('regex', 'iptal', 'İPTAL')).toBe(true);
  });

  it('forms of letters, invisible marks and blanks do not matter', () => {
    expect(fold('ＳＴＯＰ')).toBe('stop');
    expect(fold('st\u200bo\u00adp')).toBe('stop');
    expect(foldWords('¡¡Alto!!')).toBe('alto');
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => fold(fold(text)) === fold(text)));
  });

  it('of a regular expression the groups are told', () => {
    expect(findMatch({ match: 'regex', patterns: ['no', 'order (\\d+)( now)?'] }, 'ORDER 4711')).toEqual({
      keyword: 'order (\\d+)( now)?',
      groups: ['4711', ''],
    });
  });

  it.each(['(', '(?=a)', '(a)\\1', '(?<=b)a', '[z-a]', 'a{2000}'])('%s is refused with a reason', (pattern) => {
    expect(() => assertPatterns({ match: 'regex', patterns: [pattern] })).toThrow(/RE2/);
  });

  it('no expression holds up the process: those that ruin an engine with backtracking take milliseconds', () => {
    const text = `${'a'.repeat(4_000)}!`;
    for (const pattern of ['^(a+)+$', '(a|aa)+$', '^(([a-z])+.)+[A-Z]([a-z])+$', '(.*)*x', '(a?){200}a{200}$']) {
      const before = performance.now();
      findMatch({ match: 'regex', patterns: [pattern] }, text);
      expect([pattern, performance.now() - before < 2_000]).toEqual([pattern, true]);
    }
  });
});

describe('the hours of a rule', () => {
  const office = { from: '08:00', to: '17:00', days: [1, 2, 3, 4, 5], zone: 'Asia/Jakarta' };
  const night = { from: '22:00', to: '06:00', days: [5], zone: 'UTC' };
  it.each([
    [office, '2026-11-30T01:00:00Z', true],
    [office, '2026-11-30T00:59:00Z', false],
    [office, '2026-11-30T10:00:00Z', false],
    [office, '2026-11-29T03:00:00Z', false],
    // Friday night, and the morning of Saturday that belongs to it.
    [night, '2026-11-27T22:00:00Z', true],
    [night, '2026-11-28T05:59:00Z', true],
    [night, '2026-11-28T06:00:00Z', false],
    [night, '2026-11-28T22:30:00Z', false],
    [null, '2026-11-28T22:30:00Z', true],
    // The hour that comes twice in Berlin is twice within, whichever it is.
    [{ from: '02:00', to: '03:00', zone: 'Europe/Berlin' }, '2026-10-25T00:30:00Z', true],
    [{ from: '02:00', to: '03:00', zone: 'Europe/Berlin' }, '2026-10-25T01:30:00Z', true],
  ])('%j at %s: %j', (hours, at, expected) => {
    expect(isWithinHours(hours, new Date(at))).toBe(expected);
  });
  it('a zone that there is not is refused', () => {
    expect(() => assertHours({ ...office, zone: 'Asia/Nowhere' })).toThrow(/time zone/);
  });
});

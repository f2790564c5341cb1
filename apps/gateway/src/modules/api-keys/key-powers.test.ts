import { describe, expect, it } from 'vitest';
import { assertWithin, type KeyPowers, readPowers } from './key-powers.ts';

const NOW = new Date('2026-01-15T10:00:00Z');
const all: KeyPowers = { role: 'owner', permissions: [], allowedIps: [], expiresAt: null };
const code = (work: () => unknown): string => {
  try {
    work();
    return 'fine';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('what a request for a key asks for', () => {
  it('is what there is, where it says nothing', () => {
    const base: KeyPowers = { role: 'operator', permissions: ['logs.view'], allowedIps: ['10.0.0.1'], expiresAt: NOW };
    expect(readPowers({}, base, NOW)).toEqual(base);
  });

  it.each([
    ['OWNER', 'owner'],
    ['ADMIN', 'owner'],
    ['administrator', 'owner'],
    ['OPERATOR', 'operator'],
    ['USER', 'viewer'],
    ['customer', 'viewer'],
  ])('takes the role words of both briefs: %s is %s', (word, role) => {
    expect(readPowers({ role: word }, all, NOW).role).toBe(role);
  });

  it('writes addresses once and for all', () => {
    expect(readPowers({ allowedIps: ['10.1.2.3/8', '10.0.0.0/8', '::1'] }, all, NOW).allowedIps).toEqual([
      '10.0.0.0/8',
      '::1',
    ]);
  });

  it.each([
    ['an address that is none', { allowedIps: ['everywhere'] }],
    ['a permission that the role lacks', { role: 'viewer', permissions: ['messages.send' as const] }],
    ['an end in the past', { expiresAt: '2026-01-15T09:59:59Z' }],
    ['a second that no day has', { expiresAt: '2026-01-15T10:00:61Z' }],
  ])('refuses %s', (_what, asked) => {
    expect(code(() => readPowers(asked, all, NOW))).toBe('VALIDATION');
  });

  it('never widens a narrowed key by taking its last permission away', () => {
    const base: KeyPowers = { ...all, permissions: ['webhooks.manage', 'logs.view'] };
    expect(readPowers({ role: 'viewer' }, base, NOW).permissions).toEqual(['logs.view']);
    expect(code(() => readPowers({ role: 'viewer' }, { ...base, permissions: ['webhooks.manage'] }, NOW))).toBe(
      'VALIDATION',
    );
  });
});

describe('a key can never be given more than its maker has', () => {
  const later = new Date(NOW.getTime() + 1_000);
  it.each<[string, Partial<KeyPowers>, Partial<KeyPowers>, string]>([
    ['the same', {}, {}, 'fine'],
    ['a lesser role', {}, { role: 'viewer' }, 'fine'],
    ['a greater role', { role: 'operator' }, {}, 'FORBIDDEN'],
    ['all of a role of which the maker has a part', { permissions: ['logs.view'] }, {}, 'FORBIDDEN'],
    ['a part of the part', { permissions: ['logs.view', 'messages.send'] }, { permissions: ['logs.view'] }, 'fine'],
    ['another part', { permissions: ['logs.view'] }, { permissions: ['messages.send'] }, 'FORBIDDEN'],
    [
      'all of a lesser role that lies in the part',
      { permissions: ['logs.view', 'media.view'] },
      { role: 'viewer' },
      'fine',
    ],
    [
      'all of a lesser role of which a part is missing',
      { permissions: ['logs.view'] },
      { role: 'viewer' },
      'FORBIDDEN',
    ],
    ['no end, where the maker has one', { expiresAt: NOW }, {}, 'FORBIDDEN'],
    ['a later end', { expiresAt: NOW }, { expiresAt: later }, 'FORBIDDEN'],
    ['an earlier end', { expiresAt: later }, { expiresAt: NOW }, 'fine'],
    ['every address, where the maker has some', { allowedIps: ['10.0.0.0/8'] }, {}, 'FORBIDDEN'],
    ['other addresses', { allowedIps: ['10.0.0.0/8'] }, { allowedIps: ['11.0.0.1'] }, 'FORBIDDEN'],
    ['some of the addresses', { allowedIps: ['10.0.0.0/8'] }, { allowedIps: ['10.0.0.1'] }, 'fine'],
  ])('%s', (_what, maker, wanted, expected) => {
    expect(code(() => assertWithin({ ...all, ...maker }, { ...all, ...wanted }))).toBe(expected);
  });
});

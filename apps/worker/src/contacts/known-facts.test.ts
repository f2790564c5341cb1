import type { ContactFact } from '@wa-gate/messaging';
import { beforeEach, expect, it } from 'vitest';
import { KnownFacts } from './known-facts.ts';

const NUMBER = '15550001@s.whatsapp.net';
const LID = '200001@lid';
const fact = (more: Partial<ContactFact> = {}): ContactFact => ({
  sessionId: 's',
  jid: NUMBER,
  at: new Date(),
  ...more,
});

let now: number;
let known: KnownFacts;
beforeEach(() => {
  now = 0;
  known = new KnownFacts({ now: () => now, max: 3 });
  known.told([fact({ altJid: LID, names: { push: 'Ann' } })]);
});

it('somebody who writes again costs nothing (MR-136)', () => {
  expect(known.newsOf(fact({ altJid: LID, names: { push: 'Ann' } }))).toBe('none');
  expect(known.newsOf(fact())).toBe('none');
});

it.each([
  ['another session', { sessionId: 'other' }],
  ['another person', { jid: '15550002@s.whatsapp.net' }],
  ['another LID', { altJid: '200002@lid' }],
  ['another name', { names: { push: 'Anna' } }],
  ['a name that is taken back', { names: { push: null } }],
  ['another spelling', { spellings: ['15550009@s.whatsapp.net'] }],
])('%s is news (MR-136)', (_, more) => {
  expect(known.newsOf(fact(more))).toBe('more');
});

it('after ten minutes it is said that the person was seen, once', () => {
  now = 11 * 60_000;
  expect(known.newsOf(fact())).toBe('seen');
  known.told([fact()]);
  expect(known.newsOf(fact({ altJid: LID, names: { push: 'Ann' } }))).toBe('none');
});

it('a mapping of a stranger does not make the stranger known', () => {
  const mapping = fact({ jid: LID, altJid: NUMBER, ofKnownOnly: true });
  known.told([mapping]);
  expect(known.newsOf(mapping)).toBe('none');
  expect(known.newsOf(fact({ jid: LID }))).toBe('more');
});

it('forgets those that were not heard of for the longest time', () => {
  for (const n of [2, 3, 4]) known.told([fact({ jid: `1555000${n}@s.whatsapp.net` })]);
  expect(known.newsOf(fact())).toBe('more');
});

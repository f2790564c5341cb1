import { expect, it } from 'vitest';
import type { BinaryNode } from './baileys.ts';
import { readAnswers } from './contact-query.ts';

const user = (jid: string, type: string, asked?: string, lid?: string): BinaryNode => ({
  tag: 'user',
  attrs: { jid },
  content: [
    { tag: 'contact', attrs: { type }, ...(asked ? { content: Buffer.from(`+${asked}`) } : {}) },
    ...(lid ? [{ tag: 'lid', attrs: { val: lid } }] : []),
  ],
});
const list = (...content: BinaryNode[]): BinaryNode => ({ tag: 'list', attrs: {}, content });

it('an answer is for the number that it repeats, whatever the account is called (MR-156)', () => {
  const answers = list(
    user('5215512345678@s.whatsapp.net', 'in', '525512345678', '7@lid'),
    user('15550001@s.whatsapp.net', 'out', '15550001'),
  );
  expect(readAnswers(answers, ['15550001', '525512345678', '15550002'])).toEqual([
    { number: '15550001' },
    { number: '525512345678', jid: '5215512345678@s.whatsapp.net', lid: '7@lid' },
    { number: '15550002' },
  ]);
});

it('where it repeats nothing, the account is the number, or the only one that was asked for (MR-156)', () => {
  expect(readAnswers(list(user('15550001@s.whatsapp.net', 'in')), ['15550001', '15550002'])).toEqual([
    { number: '15550001', jid: '15550001@s.whatsapp.net' },
    { number: '15550002' },
  ]);
  expect(readAnswers(list(user('5215512345678@s.whatsapp.net', 'in')), ['525512345678'])).toEqual([
    { number: '525512345678', jid: '5215512345678@s.whatsapp.net' },
  ]);
});

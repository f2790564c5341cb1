import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { leaksIn } from './leaks.ts';

const session = {
  registrationId: 7,
  currentRatchet: { ephemeralKeyPair: { privKey: Buffer.alloc(32, 7) }, rootKey: Buffer.alloc(32, 9) },
};

test('finds what libsignal prints when it closes a session', () => {
  expect(leaksIn(`Closing session: ${inspect(session)}`, [])).not.toEqual([]);
});

test('finds key material in JSON lines', () => {
  expect(
    leaksIn(JSON.stringify({ level: 'info', msg: 'creds', noiseKey: { private: Buffer.alloc(4) } }), []),
  ).not.toEqual([]);
});

test('finds a secret in the middle of a line and does not repeat it', () => {
  const [leak] = leaksIn('{"msg":"request","url":"/hook?key=wag_test_abcdefgh_0123456789"}', [
    'wag_test_abcdefgh_0123456789',
  ]);
  expect(leak).toBeDefined();
  expect(leak).not.toContain('_0123456789');
});

test('says nothing about ordinary lines', () => {
  const lines = ['{"level":"info","msg":"session connected","sessionId":"s-1"}', 'plain text', ''].join('\n');
  expect(leaksIn(lines, ['wag_test_abcdefgh_0123456789'])).toEqual([]);
});

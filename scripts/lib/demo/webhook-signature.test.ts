import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { isSignatureValid } from './webhook-signature.mjs';

const KEY = Buffer.from('0123456789abcdef0123456789abcdef');
const SECRET = `whsec_${KEY.toString('base64')}`;
const NOW = 1_700_000_000;
const BODY = '{"event":"message.received"}';

function headers({ id = 'evt_1', timestamp = String(NOW), body = BODY, key = KEY } = {}) {
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

const check = (given: Record<string, string>, body = BODY) => isSignatureValid({ headers: given, body }, SECRET, NOW);

test('accepts what the holder of the secret signed', () => {
  expect(check(headers())).toBe(true);
});

test('accepts one good signature among several, as during a change of the secret', () => {
  const other = headers({ key: Buffer.from('another') })['webhook-signature'];
  expect(check({ ...headers(), 'webhook-signature': `${other} ${headers()['webhook-signature']}` })).toBe(true);
});

test.each([
  ['another body', headers(), `${BODY} `],
  ['another id', { ...headers(), 'webhook-id': 'evt_2' }, BODY],
  ['another key', headers({ key: Buffer.from('another') }), BODY],
  ['another version', { ...headers(), 'webhook-signature': headers()['webhook-signature'].replace('v1', 'v2') }, BODY],
  ['an old request', headers({ timestamp: String(NOW - 301) }), BODY],
  ['a time that is none', headers({ timestamp: 'now' }), BODY],
  ['no signature', { 'webhook-id': 'evt_1', 'webhook-timestamp': String(NOW) }, BODY],
])('refuses %s', (_what, given, body) => {
  expect(check(given, body)).toBe(false);
});

import { expect, test } from 'vitest';
import { signatureProblem } from './webhook-signature.ts';

/** The test vector of the reference libraries of Standard Webhooks. */
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const body = Buffer.from('{"test": 2432232314}');
const at = 1_614_265_330;
const headers = {
  'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  'webhook-timestamp': String(at),
  'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};
const now = at * 1_000;

test('accepts the published example', () => {
  expect(signatureProblem(secret, headers, body, now)).toBeNull();
});

test('accepts one valid signature among several, as during the change of a secret', () => {
  const several = `v1,${Buffer.alloc(32).toString('base64')} ${headers['webhook-signature']}`;
  expect(signatureProblem(secret, { ...headers, 'webhook-signature': several }, body, now)).toBeNull();
});

test.each([
  ['another body', { headers, body: Buffer.from('{"test": 2432232315}'), now }],
  ['another id', { headers: { ...headers, 'webhook-id': 'msg_other' }, body, now }],
  ['an old timestamp', { headers, body, now: now + 600_000 }],
  ['no signature', { headers: { ...headers, 'webhook-signature': undefined }, body, now }],
])('refuses %s', (_what, request) => {
  expect(signatureProblem(secret, request.headers, request.body, request.now)).not.toBeNull();
});

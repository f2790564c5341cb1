import { expect, test } from 'vitest';
import { cookieSecrets, formsOf, secretsIn } from './collect.ts';

const KEY = `wag_live_abcdefgh_${'A'.repeat(43)}`;

test('finds secrets by the names of their members and by their looks', () => {
  const answer = {
    data: { apiKey: 'something', list: [{ token: 'a token' }], text: `see ${KEY}.`, name: 'no secret' },
  };
  expect(secretsIn(answer).sort()).toEqual(['something', KEY].sort());
  expect(cookieSecrets(['wag_session=eyJabcdef; Path=/api', 'short=1'])).toEqual(['eyJabcdef']);
});

test('knows a secret again inside of base64, wherever it begins', () => {
  for (const before of ['', 'a', 'ab', 'abc', 'Bearer ']) {
    const line = Buffer.from(`${before}${KEY} and more`).toString('base64');
    expect(
      formsOf(KEY).some((form) => line.includes(form)),
      before,
    ).toBe(true);
  }
});

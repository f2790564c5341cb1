import { expect, test } from 'vitest';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { sendRaw, statusesIn } from './attacks/raw-request.ts';

const system = useSystem({ workers: 0 });
const raw = (bytes: string) => sendRaw(system().gateways[0]!.url, bytes);
const HIDDEN = 'GET /api/auth/me HTTP/1.1\r\nHost: x\r\nX-Hidden: yes\r\n\r\n';

/** Requests for which a server and a proxy could disagree about their end. */
test.each([
  ['two lengths', `POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nContent-Length: 5\r\n\r\n12345G`],
  [
    'a length and chunks',
    `POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`,
  ],
  [
    'chunks said twice',
    `POST /api/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${HIDDEN}`,
  ],
  [
    'another coding',
    `POST /api/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${HIDDEN}`,
  ],
  [
    'a space before the colon',
    `POST /api/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n${HIDDEN}`,
  ],
  [
    'a length that is no number',
    `POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\n12345${HIDDEN}`,
  ],
  [
    'a header that goes on in the next line',
    `GET /livez HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\nTransfer-Encoding: chunked\r\n x\r\n\r\n0\r\n\r\n${HIDDEN}`,
  ],
  [
    'a chunk length that is too large',
    `POST /api/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n${HIDDEN}`,
  ],
  [
    'a line feed alone',
    `GET /livez HTTP/1.1\nHost: x\nContent-Length: 0\nTransfer-Encoding: chunked\n\n0\n\n${HIDDEN}`,
  ],
  ['two hosts', `GET /livez HTTP/1.1\r\nHost: x\r\nHost: y\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n${HIDDEN}`],
])('request smuggling by %s: the hidden request is not answered', async (_what, bytes) => {
  const statuses = statusesIn(await raw(bytes));
  expect(statuses.length, `answers ${statuses.join(', ')}`).toBeLessThanOrEqual(1);
  expect(statuses.filter((status) => status < 400)).toEqual([]);
});

test.each([
  ['NUL in a header', 'GET /livez HTTP/1.1\r\nHost: x\r\nX-A: a\u0000b\r\n\r\n'],
  ['a method that does not exist', 'BREW / HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['no HTTP', 'hello\r\n\r\n'],
  ['100 000 bytes of headers', `GET /livez HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(100_000)}\r\n\r\n`],
  ['a URL of 100 000 bytes', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
])('%s is refused with a 4xx', async (_what, bytes) => {
  const [status] = statusesIn(await raw(bytes));
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
});

test.each(['TRACE', 'CONNECT'])('%s is no method here', async (method) => {
  const [status] = statusesIn(await raw(`${method} /api/auth/me HTTP/1.1\r\nHost: x\r\nCookie: secret=1\r\n\r\n`));
  expect([undefined, 400, 404, 405]).toContain(status);
});

test('the Host of a request reaches no answer', async () => {
  const answer = await raw(
    'GET /docs HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n',
  );
  expect(answer.toLowerCase()).not.toContain('evil.example');
});

expectSoundSystem(system);

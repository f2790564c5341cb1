import { beforeAll, expect, test } from 'vitest';
import {
  type PairedSession,
  pairSession,
  readQr,
  registerTenant,
  type Tenant,
  uniqueName,
} from '../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';

const system = useSystem({ workers: 1 });
let tenant: Tenant;
let session: PairedSession;

beforeAll(async () => {
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
});

const TO = '6281200000001';
const text = (to: string) => ({ to, type: 'text', message: 'hello' });
const sendPath = (sessionId = session.sessionId) => `/api/sessions/${sessionId}/send`;

/** The shape of every refusal. */
function refusal(status: number, code: string) {
  return {
    status,
    body: {
      success: false,
      status: 'error',
      error: expect.stringMatching(/\S/),
      code,
      requestId: expect.stringMatching(/^req_/),
    },
  };
}

test('no key', async () => {
  const answer = await system().gateway.call(sendPath(), { method: 'POST', json: text(TO) });
  expect(answer).toMatchObject(refusal(401, 'UNAUTHENTICATED'));
});

test.each([
  'wag_test_abcdefgh_0000000000000000000000000000000000000000000',
  'nonsense',
  'eyJhbGciOiJIUzI1NiJ9.e30.AAAA',
])('a wrong key: %s', async (credential) => {
  const answer = await system()
    .gateway.as(credential)
    .call(sendPath(), { method: 'POST', json: text(TO) });
  expect(answer).toMatchObject(refusal(401, 'UNAUTHENTICATED'));
});

test.each(['12', 'not a number', '+1 555', '62812@example.test', ''])('a wrong number: "%s"', async (to) => {
  const answer = await session.api.send(session.sessionId, text(to));
  expect(answer).toMatchObject(refusal(400, to === '' ? 'VALIDATION' : 'INVALID_RECIPIENT'));
});

test.each([
  ['no text', { to: TO, type: 'text' }, 'VALIDATION'],
  ['a text that is no string', { to: TO, type: 'text', message: 7 }, 'VALIDATION'],
  ['a field that nobody knows', { to: TO, type: 'text', message: 'hello', colour: 'red' }, 'VALIDATION'],
  ['an unknown type', { to: TO, type: 'telepathy', message: 'hello' }, 'MESSAGE_TYPE_UNSUPPORTED'],
])('%s', async (_what, body, code) => {
  expect(await session.api.send(session.sessionId, body)).toMatchObject(refusal(400, code));
});

test('an unknown session', async () => {
  const answer = await tenant.api.send('no-such-session', text(TO));
  expect(answer).toMatchObject(refusal(404, 'SESSION_NOT_FOUND'));
});

test('malformed JSON', async () => {
  const headers = { 'content-type': 'application/json' };
  const answer = await session.api.call(sendPath(), { method: 'POST', raw: '{"to": ', headers });
  expect(answer).toMatchObject(refusal(400, 'INVALID_JSON'));
});

test('a body of 2 MB', async () => {
  const body = { to: TO, type: 'text', message: 'x'.repeat(2 * 1_048_576) };
  expect(await session.api.send(session.sessionId, body)).toMatchObject(refusal(413, 'BODY_TOO_LARGE'));
});

test('a wrong content type', async () => {
  const headers = { 'content-type': 'text/plain' };
  const answer = await session.api.call(sendPath(), { method: 'POST', raw: JSON.stringify(text(TO)), headers });
  expect(answer).toMatchObject(refusal(415, 'UNSUPPORTED_MEDIA_TYPE'));
});

test('a session that waits for its phone', async () => {
  const sessionId = uniqueName('unpaired');
  await tenant.api.createSession({ sessionId });
  await readQr(system(), tenant.api, sessionId);
  expect(await tenant.api.send(sessionId, text(TO))).toMatchObject(refusal(409, 'SESSION_NOT_CONNECTED'));
});

test('a session name that is taken', async () => {
  const json = { sessionId: session.sessionId, name: 'again' };
  const answer = await tenant.api.call('/api/sessions', { method: 'POST', json });
  expect(answer).toMatchObject(refusal(409, 'SESSION_EXISTS'));
});

test('a wrong password, and a user that does not exist, answer the same', async () => {
  const login = (email: string) =>
    system().gateway.call('/api/auth/login', { method: 'POST', json: { email, password: 'not the password' } });
  const [known, unknown] = await Promise.all([login(tenant.email), login('nobody@example.test')]);
  expect(known).toMatchObject(refusal(401, 'INVALID_CREDENTIALS'));
  expect({ ...(known.body as object), requestId: '' }).toEqual({ ...(unknown.body as object), requestId: '' });
});

test('an unknown path', async () => {
  expect(await tenant.api.call('/api/nothing')).toMatchObject(refusal(404, 'ROUTE_NOT_FOUND'));
});

test('after all that the session still sends', async () => {
  const answer = await session.api.send(session.sessionId, text(session.phone.number), { wait: 'sent' });
  expect(answer).toMatchObject({ status: 200, body: { data: { status: 'sent' } } });
});

expectSoundSystem(system);

import { describe, expect, test } from 'vitest';
import { createClient } from './client.ts';
import type { WaGateError } from './errors.ts';
import { answering, brokenConnection, refusal, success } from './fake-gateway.testing.ts';

const URL_OF = 'https://gateway.example.test';
const SENT = { messageId: 'm', waMessageId: 'w', status: 'sent', state: 'sent' };

function clientOf(...answers: Parameters<typeof answering>) {
  const { fetch, asked } = answering(...answers);
  return { wa: createClient({ url: URL_OF, apiKey: 'wag_test_k', fetch, maxPauseMs: 2_000 }), asked };
}
/** Refusals say how soon to come again, so that no test waits for a pause. */
const AT_ONCE = { retryAfter: 0.001 };
const caught = (promise: Promise<unknown>): Promise<WaGateError> =>
  promise.then(
    () => Promise.reject(new Error('It did not fail')),
    (error: WaGateError) => error,
  );

describe('calls', () => {
  test('put parameters where they belong and give the data of the envelope', async () => {
    const { wa, asked } = clientOf(success({ sessionId: 'a b/c' }));
    await expect(wa.sessions.get({ id: 'a b/c' })).resolves.toEqual({ sessionId: 'a b/c' });
    expect(asked[0]).toMatchObject({ method: 'GET', url: `${URL_OF}/api/sessions/a%20b%2Fc` });
    expect(asked[0]!.headers.get('authorization')).toBe('Bearer wag_test_k');
  });

  test('send queries and bodies, and no content type without a body', async () => {
    const { wa, asked } = clientOf(success({ sessions: [], pagination: {} }), success(SENT));
    await wa.sessions.list({ limit: 5, status: 'connected' });
    await wa.messages.send({ id: 's', wait: 'queued', body: { to: '+62811', type: 'text', message: 'hi' } });
    expect(asked.map(({ url }) => url)).toEqual([
      `${URL_OF}/api/sessions?limit=5&status=connected`,
      `${URL_OF}/api/sessions/s/send?wait=queued`,
    ]);
    expect(asked[0]!.headers.has('content-type')).toBe(false);
    expect(asked[1]!.headers.get('content-type')).toBe('application/json');
    expect(JSON.parse(asked[1]!.body as string)).toEqual({ to: '+62811', type: 'text', message: 'hi' });
  });

  test.each(['', '.', '..'])('refuse the id %j, which would be another path', async (id) => {
    const { wa, asked } = clientOf();
    await expect(wa.sessions.delete({ id })).rejects.toBeInstanceOf(TypeError);
    expect(asked).toEqual([]);
  });

  test.each([
    [`${URL_OF}/`, URL_OF],
    [`${URL_OF}/api`, URL_OF],
    [`${URL_OF}/wa/api/v1/`, `${URL_OF}/wa`],
  ])('take the address %s', (given, url) => {
    expect(createClient({ url: given }).url).toBe(url);
  });

  test('refuse an address that is none, and two credentials', () => {
    expect(() => createClient({ url: 'gateway' })).toThrow(/address of a gateway/);
    expect(() => createClient({ url: 'ftp://gateway' })).toThrow(/http/);
    expect(() => createClient({ url: URL_OF, apiKey: 'a', token: 'b' })).toThrow(/not both/);
  });

  test('ask for the present token before each attempt', async () => {
    const tokens = ['old', 'new'];
    const { fetch, asked } = answering(refusal(503, 'SESSION_MOVING', AT_ONCE), success({}));
    await createClient({ url: URL_OF, token: async () => tokens.shift()!, fetch }).me.get();
    expect(asked.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer old', 'Bearer new']);
  });
});

describe('a page that is logged in by cookie', () => {
  test('has no key, sends its cookies as it says, and its own fetch and headers', async () => {
    const { fetch, asked } = answering(success({}));
    const given: RequestInit[] = [];
    const wa = createClient({
      url: URL_OF,
      credentials: 'include',
      onRequest: ({ headers }) => headers.set('x-csrf-token', 't'),
      fetch: (input, init) => {
        given.push(init ?? {});
        return fetch(input, init);
      },
    });
    await wa.sessions.create({ body: { name: 'x' } });
    expect(given[0]!.credentials).toBe('include');
    expect(asked[0]!.headers.has('authorization')).toBe(false);
    expect(asked[0]!.headers.get('x-csrf-token')).toBe('t');
  });

  test('is told when it was made without any credential, and not when it has some', async () => {
    const message = async (options: object) => {
      const { fetch } = answering(refusal(401, 'UNAUTHENTICATED', { retryable: false }));
      const error = await caught(createClient({ url: URL_OF, fetch, ...options }).me.get());
      expect(error).toMatchObject({ code: 'UNAUTHENTICATED', status: 401, requestId: 'req_1', isRetryable: false });
      return error.message;
    };
    expect(await message({})).toMatch(/^A sentence about UNAUTHENTICATED\. .*without an `apiKey`/);
    expect(await message({ credentials: 'same-origin' })).toBe('A sentence about UNAUTHENTICATED.');
    expect(await message({ apiKey: 'revoked' })).toBe('A sentence about UNAUTHENTICATED.');
  });
});

test('a file is sent as it is, with the type that the operation takes', async () => {
  const { wa, asked } = clientOf(success({}));
  const file = new Blob(['name,phoneNumber\n']);
  await wa.contacts.import({ body: file });
  expect(asked[0]!.body).toBe(file);
  expect(asked[0]!.headers.get('content-type')).toBe('text/csv');
});

test('a path that no method knows is called with query and body', async () => {
  const { wa, asked } = clientOf(success({ id: 7 }), new Response(null, { status: 204 }));
  const input = { query: { after: 3, limit: undefined }, body: { name: 'x' } };
  await expect(wa.request('POST', '/api/newer/things', input)).resolves.toEqual({ id: 7 });
  await expect(wa.request('DELETE', '/api/newer/things')).resolves.toBeUndefined();
  expect(asked[0]).toMatchObject({ method: 'POST', url: `${URL_OF}/api/newer/things?after=3`, body: '{"name":"x"}' });
});

describe('failures', () => {
  test('are errors with code, status, sentence and request id', async () => {
    const { wa } = clientOf(refusal(404, 'SESSION_NOT_FOUND', { retryable: false, details: { id: 'x' } }));
    const error = await caught(wa.sessions.get({ id: 'x' }));
    expect(error).toMatchObject({
      name: 'WaGateError',
      code: 'SESSION_NOT_FOUND',
      status: 404,
      message: 'A sentence about SESSION_NOT_FOUND.',
      requestId: 'req_1',
      isRetryable: false,
      details: { id: 'x' },
    });
  });

  test('say that something else has answered', async () => {
    const { wa } = clientOf(new Response('<html>', { status: 404 }));
    expect(await caught(wa.sessions.get({ id: 'x' }))).toMatchObject({ code: 'UNEXPECTED_ANSWER', status: 404 });
  });

  test('say that a page was answered where JSON was expected', async () => {
    const { wa } = clientOf(new Response('<h1>Maintenance</h1>', { headers: { 'content-type': 'text/html' } }));
    expect(await caught(wa.sessions.get({ id: 'x' }))).toMatchObject({ code: 'UNEXPECTED_ANSWER', status: 200 });
  });

  test('are not caught when the caller has ended the call', async () => {
    const { wa } = clientOf();
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(wa.sessions.get({ id: 'x' }, { signal })).rejects.toThrow('enough');
  });

  test('name the time limit', async () => {
    const endless = (_: unknown, { signal }: RequestInit) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
    const wa = createClient({ url: URL_OF, fetch: endless as typeof fetch, retries: 0, timeoutMs: 5 });
    expect(await caught(wa.sessions.get({ id: 'x' }))).toMatchObject({ code: 'TIMEOUT', status: undefined });
  });

  test('do not come of a time limit where there is none', async () => {
    const slow = (_: unknown, { signal }: RequestInit) =>
      new Promise((resolve, reject) => {
        setTimeout(() => resolve(success({})), 20);
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      });
    const wa = createClient({ url: URL_OF, fetch: slow as typeof fetch, timeoutMs: Number.POSITIVE_INFINITY });
    await expect(wa.sessions.get({ id: 'x' })).resolves.toEqual({});
  });
});

describe('repeats', () => {
  const send = (wa: ReturnType<typeof clientOf>['wa']) =>
    wa.messages.send({ id: 's', body: { to: '1', type: 'text', message: 'hi' } });

  test('a send whose answer was lost goes again under the same Idempotency-Key', async () => {
    const { wa, asked } = clientOf(brokenConnection(), new Response('bad gateway', { status: 502 }), success(SENT));
    await expect(send(wa)).resolves.toEqual(SENT);
    const keys = asked.map(({ headers }) => headers.get('idempotency-key'));
    expect(keys[0]).toMatch(/^[A-Za-z0-9._:-]{1,255}$/);
    expect(new Set(keys).size).toBe(1);
  });

  test('two sends have two keys, and a key of the caller is taken', async () => {
    const { wa, asked } = clientOf(success(SENT), success(SENT), success(SENT));
    await send(wa);
    await send(wa);
    await wa.session('s').sendText('1', 'hi', { idempotencyKey: 'order-7', replyTo: 'q' });
    const keys = asked.map(({ headers }) => headers.get('idempotency-key'));
    expect(new Set(keys).size).toBe(3);
    expect(keys[2]).toBe('order-7');
    expect(JSON.parse(asked[2]!.body as string)).toEqual({ to: '1', type: 'text', message: 'hi', replyTo: 'q' });
  });

  test.each<[string, Parameters<typeof answering>[0]]>([
    ['a lost answer', brokenConnection()],
    ['502', new Response('', { status: 502 })],
    ['500', refusal(500, 'INTERNAL')],
    ['503 of the database', refusal(503, 'DATABASE_UNAVAILABLE')],
  ])('never after %s of a POST that may have happened', async (_, answer) => {
    const { wa, asked } = clientOf(answer);
    await caught(wa.sessions.create({ body: { name: 'x' } }));
    expect(asked).toHaveLength(1);
  });

  test.each([
    ['429', refusal(429, 'RL_KEY', AT_ONCE)],
    ['503 before anything was done', refusal(503, 'NO_WORKER', AT_ONCE)],
  ])('also a POST after %s', async (_, answer) => {
    const { wa, asked } = clientOf(answer, success({}, { status: 201 }));
    await wa.sessions.create({ body: { name: 'x' } });
    expect(asked).toHaveLength(2);
  });

  test('end after two, and with the error of the last', async () => {
    const { wa, asked } = clientOf(brokenConnection(), brokenConnection(), refusal(503, 'SESSION_MOVING'));
    expect(await caught(wa.sessions.status({ id: 's' }))).toMatchObject({ code: 'SESSION_MOVING' });
    expect(asked).toHaveLength(3);
  });

  test('not when the pause would be longer than one wants to wait', async () => {
    const { wa, asked } = clientOf(refusal(429, 'TIER_MESSAGE_LIMIT', { retryAfter: 1_800 }));
    expect(await caught(send(wa))).toMatchObject({ code: 'TIER_MESSAGE_LIMIT', retryAfter: 1_800 });
    expect(asked).toHaveLength(1);
  });

  test('never where somebody else repeats', async () => {
    const { fetch, asked } = answering(refusal(503, 'NO_WORKER', AT_ONCE));
    await caught(createClient({ url: URL_OF, apiKey: 'k', fetch, retries: 0 }).sessions.list());
    expect(asked).toHaveLength(1);
  });

  test('after a pause that is no longer than the longest one wanted', async () => {
    const { fetch, asked } = answering(brokenConnection(), brokenConnection(), brokenConnection(), success({}));
    const wa = createClient({ url: URL_OF, apiKey: 'k', fetch, retries: 3, maxPauseMs: 2 });
    await wa.sessions.list();
    expect(asked).toHaveLength(4);
  });

  test('not of what is refused for good', async () => {
    const { wa, asked } = clientOf(refusal(400, 'VALIDATION', { retryable: false }));
    await caught(send(wa));
    expect(asked).toHaveLength(1);
  });
});

describe('lists', () => {
  const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
    const all: T[] = [];
    for await (const item of items) all.push(item);
    return all;
  };

  test('go through pages by number', async () => {
    const page = (number: number) =>
      success({ sessions: [{ id: `s${number}` }], pagination: { total: 2, page: number, limit: 1, totalPages: 2 } });
    const { wa, asked } = clientOf(page(1), page(2));
    expect((await collect(wa.sessions.list.all({ limit: 1 }))).map(({ id }) => id)).toEqual(['s1', 's2']);
    expect(asked.map(({ url }) => new URL(url).search)).toEqual(['?limit=1', '?limit=1&page=2']);
  });

  test('go through pages by cursor, with the filter', async () => {
    const page = (id: string, nextCursor: string | null) =>
      success({ messages: [{ id }], pagination: { nextCursor, hasMore: nextCursor !== null } });
    const { wa, asked } = clientOf(page('a', 'c1'), page('b', null));
    const messages = wa.session('s').messages({ direction: 'inbound' });
    expect((await collect(messages)).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(asked.map(({ url }) => new URL(url).search)).toEqual(['?direction=inbound', '?direction=inbound&cursor=c1']);
  });

  test('go through the log of events', async () => {
    const page = (id: string, hasMore: boolean) => success({ events: [{ id }], cursor: `after-${id}`, hasMore });
    const { wa, asked } = clientOf(page('1', true), page('2', false));
    expect((await collect(wa.events.list.all())).map(({ id }) => id)).toEqual(['1', '2']);
    expect(asked.map(({ url }) => new URL(url).search)).toEqual(['', '?after=after-1']);
  });

  test('fetch a page only when it is wanted', async () => {
    const pagination = { nextCursor: 'c', hasMore: true };
    const { wa, asked } = clientOf(success({ messages: [{ id: 'a' }], pagination }));
    for await (const { id } of wa.messages.listAll.all()) {
      expect(id).toBe('a');
      break;
    }
    expect(asked).toHaveLength(1);
  });
});

test('files and exports are answered as they are', async () => {
  const { wa, asked } = clientOf(new Response('a,b\n', { headers: { 'content-type': 'text/csv' } }));
  const answer = await wa.contacts.export();
  await expect(answer.text()).resolves.toBe('a,b\n');
  expect(asked[0]!.headers.get('accept')).toBe('*/*');
});

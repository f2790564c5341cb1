import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../app.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  // As its processes do not: a wrong schema shows itself here.
  sandbox = await startSandbox({ compileAtStart: true });
});
afterAll(() => sandbox.stop());

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  base = sandbox.url,
) {
  const response = await fetch(base + path, {
    method,
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text && response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text,
  };
}

const refusal = (status: number, code: string) => ({ status, body: { error: expect.stringMatching(/\.$/), code } });

describe('the control API', () => {
  test('says where clients connect', async () => {
    const { body } = await call('GET', '/');
    expect(body).toEqual({
      wsUrl: sandbox.wsUrl,
      mediaHost: sandbox.mediaHost,
      caPem: sandbox.caPem,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      noiseRoot: sandbox.noiseRoot.toString('base64'),
    });
    expect((await call('GET', '/health')).body).toMatchObject({ status: 'ok' });
  });

  test('describes every path of its contract', async () => {
    const { body } = await call('GET', '/docs/json');
    const paths = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(paths).toEqual(
      expect.arrayContaining([
        'GET /',
        'POST /phones',
        'GET /phones',
        'GET /phones/{number}',
        'PATCH /phones/{number}',
        'DELETE /phones/{number}',
        'POST /phones/{number}/scan',
        'POST /phones/{number}/enter-code',
        'GET /phones/{number}/devices',
        'DELETE /phones/{number}/devices/{id}',
        'POST /phones/{number}/messages',
        'GET /phones/{number}/messages',
        'POST /phones/{number}/receipts',
        'POST /groups',
        'GET /groups/{id}',
        'PATCH /groups/{id}',
        'POST /groups/{id}/participants',
        'POST /calls',
        'POST /faults',
        'GET /faults',
        'DELETE /faults/{id}',
        'GET /recorder/summary',
        'GET /recorder/logins',
        'GET /recorder/messages',
        'GET /recorder/acks',
        'GET /recorder/keys',
        'GET /recorder/undecryptable',
        'POST /reset',
      ]),
    );
    expect((await call('GET', '/docs/')).status).toBe(200);
  });

  test('creates phones, with and without a number, each number once', async () => {
    const named = await call('POST', '/phones', { number: '15550007777', name: 'Seven' });
    expect(named).toMatchObject({ status: 201, body: { number: '15550007777', name: 'Seven', devices: [] } });
    expect(await call('POST', '/phones', { number: '15550007777' })).toMatchObject(refusal(409, 'PHONE_EXISTS'));
    const first = await call('POST', '/phones', {});
    const second = await call('POST', '/phones');
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(first.body.number).not.toBe(second.body.number);
  });

  test('configures a phone and shows it as configured', async () => {
    await call('POST', '/phones', { number: '15550008888' });
    const change = { receipts: { deliveredMs: 5, readMs: 10 }, autoReply: 'got {text}', online: false, name: 'Eight' };
    await call('PATCH', '/phones/15550008888', change);
    const settings = {
      receipts: { deliveredMs: 5, readMs: 10 },
      autoReply: { text: 'got {text}', delayMs: 100 },
      online: false,
    };
    expect((await call('GET', '/phones/15550008888')).body).toMatchObject({ ...settings, name: 'Eight' });
    await call('PATCH', '/phones/15550008888', { receipts: 'off', autoReply: null });
    expect((await call('GET', '/phones/15550008888')).body).toMatchObject({
      receipts: 'off',
      autoReply: null,
      online: false,
    });
  });

  test.each([
    ['an unknown phone', 'GET', '/phones/15559999999', undefined, 404, 'PHONE_NOT_FOUND'],
    ['a number that is none', 'POST', '/phones', { number: 'abc' }, 400, 'INVALID_REQUEST'],
    ['a field nobody knows', 'POST', '/phones', { nmae: 'x' }, 400, 'INVALID_REQUEST'],
    ['broken JSON', 'POST', '/phones', '{"number":', 400, 'FST_ERR_CTP_INVALID_JSON_BODY'],
    ['a path nobody knows', 'GET', '/phone', undefined, 404, 'ROUTE_NOT_FOUND'],
    ['a QR code that is none', 'POST', '/phones/15550007777/scan', { qr: 'hello' }, 400, 'QR_INVALID'],
    ['a QR code nobody shows', 'POST', '/phones/15550007777/scan', { qr: 'a,b,c,d' }, 410, 'QR_EXPIRED'],
    [
      'a code nobody asked for',
      'POST',
      '/phones/15550007777/enter-code',
      { code: 'ABCD1234' },
      409,
      'NO_CODE_REQUESTED',
    ],
    ['an unknown device', 'DELETE', '/phones/15550007777/devices/9', undefined, 404, 'DEVICE_NOT_FOUND'],
    ['a message of no kind', 'POST', '/phones/15550007777/messages', { to: '1', type: 'x' }, 400, 'INVALID_REQUEST'],
    [
      'a text without text',
      'POST',
      '/phones/15550007777/messages',
      { to: '15550008888', type: 'text' },
      400,
      'INVALID_REQUEST',
    ],
    [
      'a message to nobody',
      'POST',
      '/phones/15550007777/messages',
      { to: '15559999999', type: 'text', text: 'x' },
      404,
      'RECIPIENT_NOT_FOUND',
    ],
    [
      'a reaction to nothing',
      'POST',
      '/phones/15550007777/messages',
      { to: '15550008888', type: 'reaction', target: 'NOPE', emoji: '👍' },
      404,
      'MESSAGE_NOT_FOUND',
    ],
    [
      'an empty file',
      'POST',
      '/phones/15550007777/messages',
      { to: '15550008888', type: 'image', data: '' },
      400,
      'EMPTY_FILE',
    ],
    [
      'a receipt for nothing',
      'POST',
      '/phones/15550007777/receipts',
      { ids: ['NOPE'], type: 'read' },
      404,
      'MESSAGE_NOT_FOUND',
    ],
    ['an unknown group', 'GET', '/groups/123@g.us', undefined, 404, 'GROUP_NOT_FOUND'],
    ['a fault of no kind', 'POST', '/faults', { kind: 'earthquake' }, 400, 'INVALID_REQUEST'],
    ['a fault for no device', 'POST', '/faults', { kind: 'cut', device: '15550007777:9' }, 404, 'DEVICE_NOT_FOUND'],
    ['an unknown fault', 'DELETE', '/faults/nope', undefined, 404, 'FAULT_NOT_FOUND'],
    ['an identity change of nobody', 'POST', '/faults', { kind: 'identity-change' }, 400, 'TARGET_MISSING'],
    [
      'an app-state action without chat',
      'POST',
      '/phones/15550007777/app-state',
      { action: 'mute' },
      400,
      'FIELD_MISSING',
    ],
  ] as const)('refuses %s with a sentence', async (_, method, path, body, status, code) => {
    expect(await call(method, path, body)).toMatchObject(refusal(status, code));
  });

  test('a mistake in a message is reported for the type that was meant', async () => {
    const { body } = await call('POST', '/phones/15550007777/messages', {
      to: '15550008888',
      type: 'poll',
      name: 'x',
      options: ['a'],
    });
    expect(body.error).toMatch(/options must NOT have fewer than 2 items/);
  });

  test('a reset forgets phones, groups, faults and what was recorded', async () => {
    const own = await startSandbox();
    const inOwn = (method: string, path: string, body?: unknown) => call(method, path, body, {}, own.url);
    for (const number of ['15550001111', '15550002222']) await inOwn('POST', '/phones', { number });
    await inOwn('POST', '/phones/15550001111/messages', { to: '15550002222', type: 'text', text: 'x' });
    await inOwn('POST', '/groups', { owner: '15550001111', subject: 'G', participants: ['15550002222'] });
    await inOwn('POST', '/faults', { kind: 'drop' });
    await inOwn('POST', '/reset', { scope: 'messages' });
    expect((await inOwn('GET', '/phones/15550002222/messages')).body.messages).toEqual([]);
    expect((await inOwn('GET', '/faults')).body.faults).toHaveLength(1);
    expect((await inOwn('POST', '/reset')).status).toBe(204);
    expect((await inOwn('GET', '/phones')).body.phones).toEqual([]);
    expect((await inOwn('GET', '/groups')).body.groups).toEqual([]);
    expect((await inOwn('GET', '/faults')).body.faults).toEqual([]);
    await own.stop();
  });
});

describe('with a token', () => {
  let guarded: Sandbox;
  beforeAll(async () => {
    guarded = await startSandbox({ token: 'a-secret-token' });
  });
  afterAll(() => guarded.stop());

  test('everything but health and documentation wants it', async () => {
    for (const path of ['/', '/phones', '/recorder/summary', '/nowhere']) {
      expect(await call('GET', path, undefined, {}, guarded.url)).toMatchObject(refusal(401, 'TOKEN_REQUIRED'));
    }
    const wrong = { authorization: 'Bearer a-secret-tokem' };
    expect((await call('GET', '/phones', undefined, wrong, guarded.url)).status).toBe(401);
    expect((await call('GET', '/health', undefined, {}, guarded.url)).status).toBe(200);
    expect((await call('GET', '/docs/json', undefined, {}, guarded.url)).status).toBe(200);
    expect(
      (await call('GET', '/phones', undefined, { authorization: 'Bearer a-secret-token' }, guarded.url)).status,
    ).toBe(200);
  });
});

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGatewayFixture, type GatewayFixture } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

/** What the sandbox was asked, and what it is going to answer. */
const asked: { method: string; url: string; token: string | undefined; body: string }[] = [];
let next = { status: 200, type: 'application/json', body: '{}' };
const sandbox = createServer((request, response) => {
  void read(request).then((body) => {
    const { method = '', url = '', headers } = request;
    asked.push({ method, url, token: headers.authorization, body });
    response.writeHead(next.status, { 'content-type': next.type }).end(next.body);
  });
});
async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

let fixture: GatewayFixture;
let admin: string;
const without = useGateway();

beforeAll(async () => {
  await new Promise<void>((resolve) => sandbox.listen(0, '127.0.0.1', resolve));
  const { port } = sandbox.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  fixture = await createGatewayFixture({ SANDBOX_PHONES_URL: url, SANDBOX_TOKEN: 'token-of-the-sandbox' });
  admin = await fixture.adminToken();
});
afterAll(async () => {
  await fixture.close();
  await new Promise((resolve) => sandbox.close(resolve));
});
beforeEach(() => {
  asked.length = 0;
  next = { status: 200, type: 'application/json', body: '{"phones":[]}' };
});

describe('the phones of a sandbox (MR-200)', () => {
  it('are driven by an administrator, with the token of the sandbox', async () => {
    next = { status: 201, type: 'application/json', body: '{"id":"A"}' };
    const body = { to: '62811', type: 'text', text: 'hi' };
    const sent = await fixture.call('POST', '/api/sandbox/phones/62812345678/messages', { as: admin, body });
    expect(sent).toMatchObject({ status: 200, body: { success: true, data: { id: 'A' } } });
    await fixture.call('GET', '/api/sandbox/phones/62812345678/messages?after=7&limit=50', { as: admin });
    const token = 'Bearer token-of-the-sandbox';
    expect(asked).toEqual([
      { method: 'POST', url: '/phones/62812345678/messages', token, body: JSON.stringify(body) },
      { method: 'GET', url: '/phones/62812345678/messages?after=7&limit=50', token, body: '' },
    ]);
  });

  it('are nobody else’s', async () => {
    const user = await fixture.register();
    for (const as of [user.token, user.apiKey]) {
      expect(await fixture.call('GET', '/api/sandbox/phones', { as })).toMatchObject({ status: 403 });
    }
    expect(await fixture.call('GET', '/api/sandbox/phones')).toMatchObject({ status: 401 });
    expect(asked).toEqual([]);
  });

  it.each([
    ['POST', 'reset'],
    ['GET', 'recorder/summary'],
    ['DELETE', 'phones/62812345678'],
    ['GET', 'docs/json'],
    ['GET', 'phones/62812345678/../../recorder/keys'],
    ['GET', 'phones/%2e%2e/recorder/keys'],
    ['POST', 'phones/62812345678/messages/A/media'],
  ] as const)('are all that is reached: not %s %s', async (method, path) => {
    const answer = await fixture.call(method, `/api/sandbox/${path}`, { as: admin });
    expect([404, 405]).toContain(answer.status);
    expect(asked).toEqual([]);
  });

  it('say why they refuse, and that the sandbox is away', async () => {
    next = {
      status: 409,
      type: 'application/json',
      body: '{"error":"The code is old; show another.","code":"QR_OLD"}',
    };
    const call = () => fixture.call('POST', '/api/sandbox/phones/62812345678/scan', { as: admin, body: { qr: 'x' } });
    expect(await call()).toMatchObject({
      status: 422,
      body: {
        code: 'SANDBOX_REFUSED',
        error: 'The code is old; show another.',
        details: { status: 409, code: 'QR_OLD' },
      },
    });
    next = { status: 500, type: 'text/html', body: 'oh' };
    expect(await call()).toMatchObject({ status: 503, body: { code: 'SANDBOX_UNAVAILABLE', retryable: true } });
  });

  it.each([
    ['image/png', 'image/png', 'inline'],
    ['image/svg+xml', 'application/octet-stream', 'attachment'],
    ['text/html', 'application/octet-stream', 'attachment'],
  ])('show files of %s as %s', async (type, shown, disposition) => {
    next = { status: 200, type, body: '<script>alert(1)</script>' };
    const { status, headers } = await fixture.call('GET', '/api/sandbox/phones/62812345678/messages/A-1/media', {
      as: admin,
    });
    expect({ status, type: headers['content-type'], disposition: headers['content-disposition'] }).toEqual({
      status: 200,
      type: shown,
      disposition,
    });
  });

  it('are not there where no sandbox is named', async () => {
    const as = await without.adminToken();
    expect(await without.call('GET', '/api/sandbox/phones', { as })).toMatchObject({
      status: 404,
      body: { code: 'ROUTE_NOT_FOUND' },
    });
  });
});

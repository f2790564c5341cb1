import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTestProxy, type TestProxy } from '@wa-gate/testkit';
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseProxy } from './proxy.ts';
import { createTunnel, type Tunnel } from './tunnel.ts';

/** For the connection to a proxy. */
const TIMEOUT_MS = 1_000;

let server: Server;
let port: number;
beforeAll(async () => {
  server = createServer(
    ({ url }, response) => void setTimeout(() => response.end('here'), url === '/slow' ? 3 * TIMEOUT_MS : 0),
  ).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => server?.close());

const open: { proxy?: TestProxy; tunnel?: Tunnel } = {};
afterEach(async () => {
  await open.tunnel?.close();
  await open.proxy?.stop();
});

const CREDENTIALS = { username: 'ann', password: 'p@ss:w/rd' };
async function begin(
  protocol: TestProxy['url'] extends string ? 'http' | 'socks5' : never,
  url?: string,
  allowPrivate = true,
) {
  open.proxy = await startTestProxy({ protocol, credentials: CREDENTIALS });
  open.tunnel = createTunnel(parseProxy(url?.replace('PORT', new URL(open.proxy.url).port) ?? open.proxy.url), {
    allowPrivate,
    timeoutMs: TIMEOUT_MS,
  });
  return { proxy: open.proxy, tunnel: open.tunnel };
}
const byAgent = (tunnel: Tunnel, host = '127.0.0.1', path = '/'): Promise<string> =>
  new Promise((resolve, reject) => {
    get({ host, port, path, agent: tunnel.agent }, (response) => {
      response.setEncoding('utf8').on('data', resolve);
    }).on('error', reject);
  });
const byDispatcher = async (tunnel: Tunnel, host = '127.0.0.1', path = '/') =>
  await (await request(`http://${host}:${port}${path}`, { dispatcher: tunnel.dispatcher })).body.text();

describe.each(['http', 'socks5'] as const)('through a proxy of the kind %s', (protocol) => {
  it('both clients reach the server, and the proxy gets names as names', async () => {
    const { proxy, tunnel } = await begin(protocol);
    expect(await byAgent(tunnel)).toBe('here');
    expect(await byDispatcher(tunnel, 'localhost')).toBe('here');
    expect(proxy.asked).toEqual([`127.0.0.1:${port}`, `localhost:${port}`]);
  });

  it('a connection may be idle for longer than it takes to be made', { timeout: 20_000 }, async () => {
    const { tunnel } = await begin(protocol);
    expect(await byAgent(tunnel, '127.0.0.1', '/slow')).toBe('here');
    expect(await byDispatcher(tunnel, '127.0.0.1', '/slow')).toBe('here');
  });

  it('says in words why it makes no connection, without the credentials', async () => {
    const wrong = await begin(protocol, `${protocol}://ann:wrong-secret@127.0.0.1:PORT`);
    await expect(byAgent(wrong.tunnel)).rejects.toThrow(/does not accept the user name and password/);
    await expect(byDispatcher(wrong.tunnel)).rejects.toThrow(/does not accept the user name and password/);
    await wrong.proxy.stop();
    await expect(byAgent(wrong.tunnel)).rejects.toMatchObject({
      code: 'WAG_PROXY',
      message: 'it refuses connections',
    });
  });

  it.each(['127.0.0.1', 'localhost'])('a proxy at %s is private, and refused where none is allowed', async (host) => {
    const { proxy, tunnel } = await begin(protocol, `${protocol}://ann:x@${host}:PORT`, false);
    await expect(byAgent(tunnel)).rejects.toThrow(/private address/);
    await expect(byDispatcher(tunnel)).rejects.toThrow(/private address/);
    expect(proxy.asked).toEqual([]);
  });
});

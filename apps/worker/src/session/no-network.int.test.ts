import { createServer, Agent as HttpAgent } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort, waitFor } from '@wa-gate/testkit';
import { Agent } from 'undici';
import { afterEach, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';
import { liveNetwork, type MediaAccess, type NetworkEndpoint, sandboxNetwork } from '../whatsapp/network.ts';

/** No test here fetches a file. */
const NO_FILES: MediaAccess = { host: '127.0.0.1:1', isMediaHost: () => false, dispatcher: new Agent() };

let world: World | undefined;
afterEach(async () => {
  await world?.stop();
  world = undefined;
});

/** The live network at another address: without certificates of its own. */
async function liveAt(address: (sandboxUrl: string) => Promise<string>): Promise<World> {
  world = await startWorld({
    network: (sandboxUrl) => {
      const live = liveNetwork();
      const wsUrl = address(sandboxUrl);
      return { ...live, endpoint: async () => ({ ...(await live.endpoint()), wsUrl: await wsUrl, media: NO_FILES }) };
    },
  });
  return world;
}

it('without a network the session says so, and keeps trying', async () => {
  const port = await freePort();
  const here = await liveAt(async () => `wss://127.0.0.1:${port}/ws/chat`);
  const sessionId = await here.createSession();
  await here.waitForState(sessionId, 'RECONNECTING');
  expect(await here.session(sessionId)).toMatchObject({
    code: '408/ECONNREFUSED',
    reason: expect.stringMatching(/no connection to WhatsApp at present.*keeps trying/),
  });
  await expect((await here.actor(sessionId)).qr(300)).rejects.toMatchObject({ code: 'QR_NOT_READY' });
});

it('a server that cannot prove who it is gets nothing: certificate checks are always on', async () => {
  const here = await liveAt(async (sandboxUrl) => {
    const { wsUrl } = (await (await fetch(sandboxUrl)).json()) as { wsUrl: string };
    return wsUrl;
  });
  const sessionId = await here.createSession();
  await here.waitForState(sessionId, 'RECONNECTING');
  expect(await here.session(sessionId)).toMatchObject({ code: expect.stringMatching(/^tls\//) });
  const { streams } = await here.sandbox.recorder<{ streams: unknown[] }>('logins');
  expect(streams).toEqual([]);
});

it('a proxy that answers 401 logs nobody out', async () => {
  const proxy = createServer((_, response) => response.writeHead(401).end());
  proxy.on('upgrade', (_, socket) => socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n'));
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const wsUrl = `ws://127.0.0.1:${(proxy.address() as AddressInfo).port}/ws/chat`;
  const barred: NetworkEndpoint = { wsUrl, agent: new HttpAgent(), media: NO_FILES };
  let isBarred = false;
  const here = await startWorld({
    network: (sandboxUrl) => {
      const sandbox = sandboxNetwork(sandboxUrl);
      return { ...sandbox, endpoint: async () => (isBarred ? barred : await sandbox.endpoint()) };
    },
  });
  world = here;
  const { sessionId, number } = await here.createPaired();
  isBarred = true;
  await here.sandbox.fault({ kind: 'cut', phone: number });
  await waitFor(async () => (await here.session(sessionId)).code === 'http/401', { what: 'the refusal' });
  expect(await here.session(sessionId)).toMatchObject({
    state: 'RECONNECTING',
    reason: expect.stringMatching(/proxies/),
  });
  isBarred = false;
  await here.waitForState(sessionId, 'CONNECTED');
  expect(await here.events(sessionId, 'session.loggedout')).toEqual([]);
  await new Promise((resolve) => proxy.close(resolve));
});

import { freePort } from '@wa-gate/testkit';
import { afterEach, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';
import type { NetworkEndpoint } from '../whatsapp/network.ts';

let world: World | undefined;
afterEach(async () => {
  await world?.stop();
  world = undefined;
});

/** A network as the live one: an address, and nothing else to say about certificates. */
async function liveAt(address: (world: { sandboxUrl: string }) => Promise<string>): Promise<World> {
  let endpoint: Promise<NetworkEndpoint> | undefined;
  const started = await startWorld({
    network: () => ({
      endpoint: () => (endpoint ??= address({ sandboxUrl: started?.sandbox.url ?? '' }).then((wsUrl) => ({ wsUrl }))),
      close: async () => undefined,
    }),
  });
  world = started;
  return started;
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
  const here = await liveAt(async ({ sandboxUrl }) => {
    const { wsUrl } = (await (await fetch(sandboxUrl)).json()) as { wsUrl: string };
    return wsUrl;
  });
  const sessionId = await here.createSession();
  await here.waitForState(sessionId, 'RECONNECTING');
  expect(await here.session(sessionId)).toMatchObject({ code: expect.stringMatching(/^tls\//) });
  const { streams } = await here.sandbox.recorder<{ streams: unknown[] }>('logins');
  expect(streams).toEqual([]);
});

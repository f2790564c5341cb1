import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BaileysClient } from '../testing/baileys-client.ts';
import { type TestPhone, World } from '../testing/world.ts';

const LATENCY_MS = 120;
let world: World;
let friend: TestPhone;
let client: BaileysClient;
beforeAll(async () => {
  world = await World.start({ latencyMs: LATENCY_MS });
  friend = await world.phone();
  client = await world.companion(await world.phone());
});
afterAll(() => world.close());

test('with a latency an answer takes the way there and back, and messages keep their order', async () => {
  const begun = performance.now();
  await client.socket.query({
    tag: 'iq',
    attrs: { to: '@s.whatsapp.net', type: 'get', xmlns: 'w:p' },
    content: [{ tag: 'ping', attrs: {} }],
  });
  expect(performance.now() - begun).toBeGreaterThanOrEqual(2 * LATENCY_MS - 5);
  const texts = ['one', 'two', 'three', 'four', 'five'];
  for (const text of texts) await client.socket.sendMessage(`${friend.number}@s.whatsapp.net`, { text });
  await friend.message('the last one', ({ text }) => text === 'five');
  expect((await friend.messages()).map(({ text }) => text)).toEqual(texts);
});

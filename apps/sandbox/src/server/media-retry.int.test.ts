import { downloadMediaMessage, type WAMessage } from '@whiskeysockets/baileys';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BaileysClient } from '../testing/baileys-client.ts';
import { type TestPhone, World } from '../testing/world.ts';

let world: World;
let alice: TestPhone;
let bob: TestPhone;
let client: BaileysClient;
beforeAll(async () => {
  world = await World.start();
  alice = await world.phone();
  bob = await world.phone();
  client = await world.companion(alice);
});
afterAll(() => world.close());

const picture = Buffer.from('a picture that is worth fetching twice');

async function received(): Promise<WAMessage> {
  const id = await bob.send({ to: alice.number, type: 'image', data: picture.toString('base64') });
  const { messages } = await client.event('messages.upsert', (batch) =>
    batch.messages.some(({ key }) => key.id === id),
  );
  return messages.find(({ key }) => key.id === id)!;
}

test('a file that is gone is uploaded again by the own phone, at another place', async () => {
  const message = await received();
  const before = message.message!.imageMessage!.directPath;
  const updated = await client.socket.updateMediaMessage(message);
  expect(updated.message!.imageMessage!.directPath).not.toBe(before);
  // Without a media connection Baileys would use the host of WhatsApp.
  const options = { ...client.download, host: world.sandbox.mediaHost };
  const file = await downloadMediaMessage(updated, 'buffer', options as never);
  expect(Buffer.compare(file as Buffer, picture)).toBe(0);
});

test('a message the phone does not have: the companion gets an error', async () => {
  const message = await received();
  await world.api.post('/reset', { scope: 'messages' });
  await expect(client.socket.updateMediaMessage(message)).rejects.toMatchObject({ output: { statusCode: 404 } });
});

test('a request that is not sealed with the media key is refused and noted', async () => {
  const message = await received();
  message.message!.imageMessage!.mediaKey = Buffer.alloc(32, 7);
  await expect(client.socket.updateMediaMessage(message)).rejects.toMatchObject({ output: { statusCode: 412 } });
  const { violations } = await world.api.get<{ violations: { byRule: Record<string, number> } }>('/recorder/summary');
  expect(violations.byRule).toEqual({ 'media-retry': 1 });
});

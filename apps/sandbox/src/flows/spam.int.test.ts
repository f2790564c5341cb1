import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BaileysClient } from '../testing/baileys-client.ts';
import { type TestPhone, World } from '../testing/world.ts';

let world: World;
let shop: TestPhone;
let friend: TestPhone;
let client: BaileysClient;
beforeAll(async () => {
  world = await World.start();
  [shop, friend] = [await world.phone(), await world.phone()];
  client = await world.companion(shop);
});
afterAll(() => world.close());

const report = () =>
  world.api.get<{ suspicion: number; strikes: number; isBanned: boolean }>(`/spam-detector/${shop.number}`);
async function toStranger(text: string): Promise<string> {
  const stranger = await world.phone();
  return (await client.socket.sendMessage(stranger.pn, { text }))!.key.id!;
}
const told = (mark: number, status: string) =>
  client.event('message-capping.update', ({ capping_status }) => String(capping_status) === status, mark);

test('the detector is off until it is switched on', async () => {
  await expect(report()).rejects.toThrow('SPAM_DETECTOR_OFF');
});

test('it warns, caps, refuses new chats alone, and bans: real clients are told as WhatsApp tells them', async () => {
  const assumptions = { firstWarning: 1.5, secondWarning: 2.5, restricted: 3.5 };
  await world.api.post('/spam-detector', { on: true, assumptions });
  await friend.send({ to: shop.number, type: 'text', text: 'hello' });
  await client.event('messages.upsert', ({ messages }) =>
    messages.some(({ message }) => message?.conversation === 'hello'),
  );
  const mark = client.events.length;
  await toStranger('one');
  await toStranger('two');
  await told(mark, 'FIRST_WARNING');
  await toStranger('three');
  await told(mark, 'SECOND_WARNING');
  await world.api.post('/spam-detector', { on: true, assumptions });
  const known = client.events.length;
  await friend.send({ to: shop.number, type: 'text', text: 'hello again' });
  for (const text of ['four', 'five', 'six', 'seven']) await toStranger(text);
  await told(known, 'CAPPED');
  expect(await client.refusal(await toStranger('refused'))).toContain('463');
  const sent = await client.socket.sendMessage(friend.pn, { text: 'you know me' });
  await friend.message('it', ({ id }) => id === sent!.key.id);
  expect(await report()).toMatchObject({ strikes: 1, isBanned: false });
});

test('who blocks an account gets nothing more of it, and a last strike is a ban', async () => {
  await world.api.post('/spam-detector', {
    on: true,
    assumptions: { restricted: 15, block: 10, capHours: 0, lockHours: 0 },
  });
  const mark = client.events.length;
  const enemies = await Promise.all(Array.from({ length: 6 }, () => world.phone()));
  for (const { number } of enemies) await world.api.post(`/phones/${number}/block`, { number: shop.number });
  expect(await report()).toMatchObject({ strikes: 3, isBanned: true });
  await client.closed(mark);
});

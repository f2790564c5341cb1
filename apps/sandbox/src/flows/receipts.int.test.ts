import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BaileysClient } from '../testing/baileys-client.ts';
import { until } from '../testing/wait.ts';
import { type TestPhone, World } from '../testing/world.ts';

let world: World;
let alice: TestPhone;
let client: BaileysClient;
beforeAll(async () => {
  world = await World.start();
  alice = await world.phone();
  client = await world.companion(alice);
});
afterAll(() => world.close());

describe('receipts', () => {
  test('a phone confirms: accepted, delivered, read, each once and in this order', async () => {
    await alice.configure({ receipts: { deliveredMs: 200, readMs: null } });
    expect(await world.api.get(alice.path)).toMatchObject({ receipts: { deliveredMs: 200, readMs: null } });
    // Seconds apart, because Baileys merges concurrent updates and keeps the last one.
    const bob = await world.phone({ receipts: { deliveredMs: 1_500, readMs: 3_500 } });
    const sent = await client.socket.sendMessage(bob.pn, { text: 'watch me' });
    const id = sent!.key.id!;
    await until('read', () => client.statuses(id).includes(4));
    expect(client.statuses(id)).toEqual([2, 3, 4]);
  });

  test('played, on request to the phone', async () => {
    const bob = await world.phone({ receipts: 'off' });
    const sent = await client.socket.sendMessage(bob.pn, {
      audio: Buffer.from('sound'),
      ptt: true,
      mimetype: 'audio/ogg',
    });
    const id = sent!.key.id!;
    await bob.message('the voice note', (entry) => entry.id === id);
    // What comes at the same time is merged, and the last word wins.
    await until('accepted', () => client.statuses(id).includes(2));
    await world.api.post(`${bob.path}/receipts`, { ids: [id], type: 'played' });
    await until('played', () => client.statuses(id).includes(5));
  });

  test('off: only the server and the own phone say something', async () => {
    const bob = await world.phone({ receipts: 'off' });
    const sent = await client.socket.sendMessage(bob.pn, { text: 'silence' });
    const id = sent!.key.id!;
    await bob.message('it', (entry) => entry.id === id);
    await until('accepted', () => client.statuses(id).includes(2));
    expect(client.statuses(id)).toEqual([2]);
  });

  test('a client confirms: delivered, read and played arrive at the phone that sent', async () => {
    const bob = await world.phone();
    await client.socket.sendPresenceUpdate('available');
    const id = await bob.send({ to: alice.number, type: 'text', text: 'did you get this?' });
    const upsert = await client.event('messages.upsert', (batch) =>
      batch.messages.some((entry) => entry.key.id === id),
    );
    const entry = () => bob.message('its own message', (message) => message.id === id);
    await until('delivered', async () => (await entry()).receipts.delivered.length > 0);
    expect((await entry()).receipts.read).toEqual([]);
    await client.socket.readMessages([upsert.messages.find((message) => message.key.id === id)!.key]);
    await until('read', async () => (await entry()).receipts.read.length > 0);
    await client.socket.sendReceipt(bob.pn, undefined, [id], 'played');
    await until('played', async () => (await entry()).receipts.played.length > 0);
  });
});

describe('retries', () => {
  test('a phone that cannot read asks again, and has the message once', async () => {
    const bob = await world.phone();
    await world.api.post('/faults', { kind: 'unreadable', phone: bob.number });
    const sent = await client.socket.sendMessage(bob.pn, { text: 'twice if need be' });
    const entry = await bob.message('it in the end', (message) => message.id === sent!.key.id);
    expect(entry).toMatchObject({ text: 'twice if need be' });
    const { undecryptable } = await world.api.get<{ undecryptable: { total: number; unrecovered: number } }>(
      '/recorder/summary',
    );
    expect(undecryptable).toMatchObject({ unrecovered: 0 });
    expect(undecryptable.total).toBeGreaterThan(0);
  });

  test('a client that cannot read asks again and gets it under the same id', async () => {
    const bob = await world.phone();
    await world.api.post('/faults', { kind: 'corrupt', phone: alice.number });
    const id = await bob.send({ to: alice.number, type: 'text', text: 'garbled at first' });
    // First a placeholder, then the message itself.
    const stub = await client.event('messages.upsert', (batch) => batch.messages.some((entry) => entry.key.id === id));
    expect(stub.messages[0]).toMatchObject({ messageStubType: 2 });
    await client.event('messages.upsert', (batch) =>
      batch.messages.some(({ key, message }) => key.id === id && message?.conversation === 'garbled at first'),
    );
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BaileysClient } from '../testing/baileys-client.ts';
import { until } from '../testing/wait.ts';
import { type TestPhone, World } from '../testing/world.ts';

let world: World;
let alice: TestPhone;
let bob: TestPhone;
let client: BaileysClient;
beforeAll(async () => {
  world = await World.start();
  [alice, bob] = [await world.phone(), await world.phone()];
  client = await world.companion(alice);
});
afterAll(() => world.close());

/** Every text received since an event position, with the type of its upsert. */
function texts(mark: number): { text: string; type: string }[] {
  return client.events.slice(mark).flatMap((event) => {
    if (event.name !== 'messages.upsert') return [];
    const { messages, type } = event.data as {
      type: string;
      messages: { message?: { conversation?: string | null } | null }[];
    };
    return messages.flatMap(({ message }) => (message?.conversation ? [{ text: message.conversation, type }] : []));
  });
}

describe('messages for a client that is away', () => {
  test('wait, come once in order at the next login, and never again', async () => {
    await client.socket.end(undefined);
    for (const text of ['one', 'two', 'three']) await bob.send({ to: alice.number, type: 'text', text });
    const mark = client.events.length;
    await client.open();
    await client.event('connection.update', (update) => update.receivedPendingNotifications === true, mark);
    await client.event(
      'messages.upsert',
      (batch) => batch.messages.some((entry) => entry.message?.conversation === 'three'),
      mark,
    );
    expect(texts(mark)).toEqual([
      { text: 'one', type: 'append' },
      { text: 'two', type: 'append' },
      { text: 'three', type: 'append' },
    ]);
    await client.socket.end(undefined);
    const again = client.events.length;
    await client.open();
    await client.event('connection.update', (update) => update.receivedPendingNotifications === true, again);
    await bob.send({ to: alice.number, type: 'text', text: 'live' });
    await client.event(
      'messages.upsert',
      (batch) => batch.messages.some((entry) => entry.message?.conversation === 'live'),
      again,
    );
    expect(texts(again).map((entry) => entry.text)).toEqual(['live']);
  });

  test('receipts wait too', async () => {
    const carol = await world.phone({ receipts: 'off' });
    const sent = await client.socket.sendMessage(carol.pn, { text: 'confirm later' });
    const id = sent!.key.id!;
    await carol.message('it', (entry) => entry.id === id);
    // Baileys merges concurrent updates and keeps the last one.
    await until('accepted', () => client.statuses(id).includes(2));
    await client.socket.end(undefined);
    await world.api.post(`${carol.path}/receipts`, { ids: [id], type: 'read' });
    const mark = client.events.length;
    await client.open();
    await client.event(
      'messages.update',
      (list) => list.some(({ key, update }) => key.id === id && update.status === 4),
      mark,
    );
  });

  test('a phone that is offline gets its messages when it is back', async () => {
    await bob.configure({ online: false });
    const sent = await client.socket.sendMessage(bob.pn, { text: 'for later' });
    await alice.message('own copy', (entry) => entry.id === sent!.key.id);
    expect((await bob.messages()).some((entry) => entry.id === sent!.key.id)).toBe(false);
    await bob.configure({ online: true });
    await bob.message('it', (entry) => entry.id === sent!.key.id);
  });
});

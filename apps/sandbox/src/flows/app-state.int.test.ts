import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BaileysClient } from '../testing/baileys-client.ts';
import { until } from '../testing/wait.ts';
import { type TestPhone, World } from '../testing/world.ts';

let world: World;
let alice: TestPhone;
let bob: TestPhone;
let one: BaileysClient;
let two: BaileysClient;
beforeAll(async () => {
  world = await World.start();
  [alice, bob] = [await world.phone(), await world.phone()];
  one = await world.companion(alice);
  two = await world.companion(alice);
  for (const client of [one, two]) {
    await client.event('creds.update', (update) => update.myAppStateKeyId !== undefined);
  }
});
afterAll(() => world.close());

describe('app state between companions', () => {
  test('push name', async () => {
    await one.socket.updateProfileName('Alice the Second');
    await two.event('creds.update', (update) => update.me?.name === 'Alice the Second');
  });

  test('pinned and archived chats, in both directions', async () => {
    await one.socket.chatModify({ pin: true }, bob.pn);
    await two.event('chats.update', (chats) =>
      chats.some((chat) => chat.id === bob.pn && typeof chat.pinned === 'number'),
    );
    const mark = one.events.length;
    await two.socket.chatModify({ mute: Date.now() + 3_600_000 }, bob.pn);
    await one.event('chats.update', (chats) => chats.some((chat) => chat.id === bob.pn && !!chat.muteEndTime), mark);
  });

  test('the server read every patch and found nothing wrong', async () => {
    const { violations } = await world.api.get<{ violations: { byRule: Record<string, number> } }>('/recorder/summary');
    expect(violations.byRule).toEqual({});
  });

  test('a companion that is linked later reads the whole log', async () => {
    const late = await world.companion(alice);
    const versions = (client: BaileysClient) =>
      ['regular_low', 'regular_high', 'critical_block'].map(
        (name) => (client.auth.keys.get(`app-state-sync-version:${name}`) as { version: number } | undefined)?.version,
      );
    const current = versions(two);
    expect(current.some((version) => version! > 0)).toBe(true);
    await until('the same versions', () => versions(late).join() === current.join());
    await late.event('creds.update', (update) => update.me?.name === 'Alice the Second');
  });

  test('the phone changes a setting: all companions have it', async () => {
    const mark = [one.events.length, two.events.length];
    await world.api.post(`${alice.path}/app-state`, { action: 'archive', chat: bob.number });
    for (const [index, client] of [one, two].entries()) {
      await client.event(
        'chats.update',
        (chats) => chats.some((chat) => chat.id === bob.pn && chat.archived === true),
        mark[index],
      );
    }
  });
});

import { afterAll, beforeAll, describe, test } from 'vitest';
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

const presence = (matches: (state: string | undefined) => boolean) =>
  client.event(
    'presence.update',
    ({ id, presences }) => id === bob.pn && Object.values(presences).some((entry) => matches(entry.lastKnownPresence)),
  );

describe('presence and typing', () => {
  test('a phone comes and goes, types and records', async () => {
    await client.socket.presenceSubscribe(bob.pn);
    for (const state of ['available', 'composing', 'recording', 'paused', 'unavailable']) {
      await world.api.post(`${bob.path}/presence`, { state, to: alice.number });
      // Baileys reports "paused" as "available": the typing stopped.
      await presence((known) => known === state || (state === 'paused' && known === 'available'));
    }
  });

  test('a client types: the phone sees it', async () => {
    await client.socket.sendPresenceUpdate('available');
    await client.socket.sendPresenceUpdate('composing', bob.pn);
    await until('typing', async () => {
      const { seen } = await world.api.get<{ seen?: { from: string; state: string }[] }>(`${bob.path}/presence`);
      return seen?.some((entry) => entry.state === 'composing');
    });
  });

  test('a client comes and goes: the phone that has opened the chat sees it', async () => {
    const shows = (state: string) =>
      until(state, async () => {
        const { seen } = await world.api.get<{ seen?: { from: string; state: string }[] }>(`${bob.path}/presence`);
        return seen?.some((entry) => entry.state === state);
      });
    await world.api.post(`${bob.path}/presence`, { state: 'subscribe', to: alice.number });
    await client.socket.sendPresenceUpdate('available');
    await shows('available');
    await client.socket.sendPresenceUpdate('unavailable');
    await shows('unavailable');
    await client.socket.sendPresenceUpdate('available');
  });
});

describe('calls', () => {
  test('a phone calls, the client rejects', async () => {
    const { id } = await world.api.post<{ id: string }>('/calls', { from: bob.number, to: alice.number });
    const [call] = await client.event('call', (calls) =>
      calls.some((entry) => entry.id === id && entry.status === 'offer'),
    );
    await client.socket.rejectCall(call!.id, call!.from);
    await until('rejected', async () => {
      const { calls } = await world.api.get<{ calls: { id: string; status: string }[] }>('/calls');
      return calls.some((entry) => entry.id === id && entry.status === 'rejected');
    });
  });

  test('nobody answers: it ends', async () => {
    const { id } = await world.api.post<{ id: string }>('/calls', {
      from: bob.number,
      to: alice.number,
      ringMs: 100,
      video: true,
    });
    await client.event('call', (calls) => calls.some((entry) => entry.id === id && entry.isVideo === true));
    await client.event('call', (calls) =>
      calls.some((entry) => entry.id === id && (entry.status === 'timeout' || entry.status === 'terminate')),
    );
  });
});

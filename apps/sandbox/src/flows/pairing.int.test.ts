import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../testing/wait.ts';
import { World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start({ fewPreKeys: false });
});
afterAll(() => world.close());

describe('linking', () => {
  test('by QR: 515, login, prekeys, key share and history', async () => {
    const phone = await world.phone();
    const client = world.client();
    await client.pair((qr) => phone.scan(qr));
    expect(client.me.pn).toBe(`${phone.number}:1@s.whatsapp.net`);
    expect(client.me.lid).toBe(`${phone.lid}:1@lid`);
    expect(await phone.devices()).toContain(1);
    const history = await client.event('messaging-history.set');
    expect(history.isLatest).not.toBe(false);
    await client.event('creds.update', (update) => update.myAppStateKeyId !== undefined);
    const preKeys = [...client.auth.keys.keys()].filter((name) => name.startsWith('pre-key:'));
    // The first message of the phone has used one.
    expect(preKeys.length).toBeGreaterThanOrEqual(810);
    expect([...client.auth.keys.keys()].some((name) => name.startsWith('app-state-sync-key:'))).toBe(true);
  });

  test('by code', async () => {
    const phone = await world.phone();
    const client = world.client();
    const socket = client.connect();
    await client.event('connection.update', (update) => update.qr !== undefined);
    const code = await socket.requestPairingCode(phone.number);
    const closed = client.closed();
    await world.api.post(`${phone.path}/enter-code`, { code });
    expect(await closed).toBe(515);
    await client.open();
    expect(client.me.pn).toBe(`${phone.number}:1@s.whatsapp.net`);
  });

  test('by a wrong code: refused, and the right one works afterwards', async () => {
    const phone = await world.phone();
    const client = world.client();
    const socket = client.connect();
    await client.event('connection.update', (update) => update.qr !== undefined);
    await socket.requestPairingCode(phone.number, 'ABCD1234');
    await expect(world.api.post(`${phone.path}/enter-code`, { code: 'ABCD1235' })).rejects.toMatchObject({
      status: 400,
    });
    expect(await phone.devices()).toEqual([]);
  });

  test('a code that was scanned, or whose client has gone, is expired', async () => {
    const phone = await world.phone();
    const client = world.client();
    client.connect();
    const { qr } = await client.event('connection.update', (update) => update.qr !== undefined);
    const closed = client.closed();
    await phone.scan(qr!);
    await closed;
    await expect(phone.scan(qr!)).rejects.toMatchObject({ status: 410 });
  });

  test('several companions of one account have devices of their own', async () => {
    const phone = await world.phone();
    const one = await world.companion(phone);
    const two = await world.companion(phone);
    expect([one.me.pn, two.me.pn].map((jid) => jid.split('@')[0])).toEqual([`${phone.number}:1`, `${phone.number}:2`]);
    expect(await phone.devices()).toEqual([1, 2]);
  });

  test('a client that logs in again needs no code', async () => {
    const phone = await world.phone();
    const client = await world.companion(phone);
    await client.socket.end(undefined);
    const mark = client.events.length;
    await client.open();
    expect(client.events.slice(mark).some((event) => event.name === 'messaging-history.set')).toBe(false);
  });

  test.each([
    ['request', ['passkey_prologue_request']],
    ['continuation', ['passkey_prologue_request', 'crsc_continuation']],
  ])('passkey, %s: the client is notified, the phone is refused, and links the next time', async (stage, types) => {
    const phone = await world.phone();
    await world.api.post('/faults', { kind: 'passkey', phone: phone.number, stage });
    const client = world.client();
    const socket = client.connect();
    const notified: string[] = [];
    socket.ws.on('CB:notification', (node: { attrs: Record<string, string> }) => notified.push(node.attrs.type!));
    const { qr } = await client.event('connection.update', (update) => update.qr !== undefined);
    await expect(phone.scan(qr!)).rejects.toMatchObject({ status: 409 });
    await until('the notifications', () => notified.length === types.length);
    expect(notified).toEqual(types);
    await socket.end(undefined);
    const next = world.client();
    await next.pair((code) => phone.scan(code));
    expect(await phone.devices()).toEqual([1]);
  });
});

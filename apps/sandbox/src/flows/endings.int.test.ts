import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cloneAuth } from '../testing/memory-auth.ts';
import { until } from '../testing/wait.ts';
import { World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world.close());

const linked = async () => {
  const phone = await world.phone();
  const client = await world.companion(phone);
  return { phone, client, device: `${phone.number}:1` };
};

describe('how a connection ends', () => {
  test('the same device logs in elsewhere: 440 for the older, and the recorder saw both', async () => {
    const { client, device } = await linked();
    const closed = client.closed();
    const other = world.client({ auth: cloneAuth(client.auth) });
    await other.open();
    expect(await closed).toBe(440);
    const { overlaps } = await world.api.get<{ overlaps: { device: string }[] }>(`/recorder/logins?device=${device}`);
    expect(overlaps).toHaveLength(1);
  });

  test('the phone unlinks it: 401, also at the next login', async () => {
    const { phone, client } = await linked();
    const closed = client.closed();
    await world.api.delete(`${phone.path}/devices/1`);
    expect(await closed).toBe(401);
    expect(await phone.devices()).toEqual([]);
    const mark = client.events.length;
    client.connect();
    expect(await client.closed(mark)).toBe(401);
  });

  test('the client logs out: the phone forgets it', async () => {
    const { phone, client } = await linked();
    await client.socket.logout();
    const mark = client.events.length;
    client.connect();
    expect(await client.closed(mark)).toBe(401);
    expect(await phone.devices()).toEqual([]);
  });

  test.each([403, 405, 503])('a login is refused with %i, the next one is not', async (code) => {
    const { client, device } = await linked();
    await client.socket.end(undefined);
    await world.api.post('/faults', { kind: 'login-failure', device, code });
    const mark = client.events.length;
    client.connect();
    expect(await client.closed(mark)).toBe(code);
    await client.open();
  });

  test('a ban: every login is refused with 403 until it is lifted', async () => {
    const { phone, client } = await linked();
    const closed = client.closed();
    const { id } = await world.api.post<{ id: string }>('/faults', { kind: 'ban', phone: phone.number });
    expect(await closed).toBe(403);
    const mark = client.events.length;
    client.connect();
    expect(await client.closed(mark)).toBe(403);
    await world.api.delete(`/faults/${id}`);
    await client.open();
  });

  test('a ban for a while: the companion is told why and for how long, and it is over by itself', async () => {
    const { phone, client } = await linked();
    const closed = client.closed();
    await world.api.post('/faults', { kind: 'ban', phone: phone.number, code: 402, cause: 104, expire: 2 });
    expect(await closed).toBe(402);
    await until('the end of the ban', async () => {
      const mark = client.events.length;
      client.connect();
      const ended = ({ connection }: { connection?: string }) => connection === 'open' || connection === 'close';
      return (await client.event('connection.update', ended, mark)).connection === 'open';
    });
  });

  test.each([
    ['stream-error', { code: 503 }, 503],
    ['end-stream', {}, 428],
    ['cut', {}, 428],
    ['replace', {}, 440],
  ] as const)('%s', async (kind, extra, code) => {
    const { client, device } = await linked();
    const closed = client.closed();
    await world.api.post('/faults', { kind, device, ...extra });
    expect(await closed).toBe(code);
    await client.open();
  });
});

import { PROXY_BOX, parseProxy, proxyAddress, sealProxy } from '@wa-gate/egress';
import { createSecretBox } from '@wa-gate/kit';
import { seedSession, startTestProxy, type TestProxy, type TestProxyOptions, waitFor } from '@wa-gate/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';

const CREDENTIALS = { username: 'ann', password: 'pass-of-the-proxy' };
const PINNED = '2.3000.1043857760';
const TRIED = '2.2000.1';
/** Accepted logins that would outvote one refusal. */
const EARLIER = 10;

let world: World;
const proxies: TestProxy[] = [];
beforeAll(async () => {
  world = await startWorld({ egress: { allowPrivate: true, device: { name: 'Office' } } });
});
afterAll(async () => {
  await world?.stop();
});
afterEach(async () => {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
});

async function proxyOf(protocol: TestProxyOptions['protocol']): Promise<TestProxy> {
  const proxy = await startTestProxy({ protocol, credentials: CREDENTIALS });
  proxies.push(proxy);
  return proxy;
}

/** As the API does. */
async function setProxy(sessionId: string, url: string | null): Promise<void> {
  const proxy = url === null ? null : parseProxy(url);
  const sealed = proxy && sealProxy(createSecretBox(world.masterKeys, PROXY_BOX), sessionId, proxy);
  await world.database.pool.query(
    `INSERT INTO session_connections (session_id, proxy, proxy_address) VALUES ($1, $2, $3)
     ON CONFLICT (session_id) DO UPDATE SET proxy = $2, proxy_address = $3`,
    [sessionId, sealed, proxy && proxyAddress(proxy)],
  );
  await (await world.actor(sessionId)).restart();
}

async function connection(sessionId: string) {
  const { rows } = await world.database.pool.query(
    `SELECT client_version AS version, refused_version AS refused, proxy_used_at IS NOT NULL AS used, proxy_error AS error,
       relink_number AS relink FROM session_connections WHERE session_id = $1`,
    [sessionId],
  );
  return rows[0];
}
/** Waits for a login through the proxy. */
const loggedIn = (sessionId: string) =>
  waitFor(async () => (await connection(sessionId))?.used, { timeoutMs: 20_000, what: 'a login through the proxy' });
const codes = async (number: string) => (await world.sandbox.devices(number)).map(({ device }) => device);

describe.each(['http', 'socks5'] as const)('a session with a proxy of the kind %s', (protocol) => {
  it('connects through it with the same device; away, it says so and comes back with it', {
    timeout: 90_000,
  }, async () => {
    const { sessionId, number } = await world.createPaired();
    const devices = await codes(number);
    const proxy = await proxyOf(protocol);
    await setProxy(sessionId, proxy.url);
    await loggedIn(sessionId);
    const { wsUrl } = await world.sandbox.get<{ wsUrl: string }>('/');
    expect(proxy.asked).toEqual([new URL(wsUrl).host]);
    expect(proxy.open).toBe(1);

    await proxy.stop();
    await waitFor(async () => (await world.session(sessionId)).code === 'proxy_unreachable', { what: 'the reason' });
    const { state, reason } = await world.session(sessionId);
    expect(state).toBe('RECONNECTING');
    expect(reason).toMatch(/proxy gives it no way to WhatsApp: it refuses connections\..*PUT .*proxy/);
    await waitFor(async () => (await connection(sessionId)).error === 'it refuses connections', { what: 'the error' });
    const told = await world.events(sessionId, 'session.status');
    expect(told.map(({ data }) => data.code)).toContain('proxy_unreachable');

    await proxy.start();
    await world.waitForState(sessionId, 'CONNECTED');
    await waitFor(async () => (await connection(sessionId)).error === null, { what: 'the end of the error' });
    expect(await codes(number)).toEqual(devices);
    const { rows } = await world.database.pool.query(
      'SELECT row_to_json(e)::text AS row FROM events e WHERE session_id = $1 UNION ALL SELECT row_to_json(c)::text FROM session_connections c',
      [sessionId],
    );
    expect(JSON.stringify(rows)).not.toContain(CREDENTIALS.password);
  });
});

it('files of a session come and go by its proxy (SOCKS5)', { timeout: 60_000 }, async () => {
  const { sessionId, number } = await world.createPaired();
  const proxy = await proxyOf('socks5');
  await setProxy(sessionId, proxy.url);
  await loggedIn(sessionId);
  const before = proxy.asked.length;
  const friend = await world.sandbox.createPhone();
  await world.sandbox.sendFrom(friend, {
    to: number,
    type: 'document',
    data: Buffer.from('a file').toString('base64'),
    fileName: 'a.txt',
  });
  await waitFor(
    async () => {
      const { rows } = await world.database.pool.query('SELECT status FROM media WHERE session_id = $1', [sessionId]);
      return rows[0]?.status === 'ready';
    },
    { what: 'the file' },
  );
  expect(proxy.asked.length).toBeGreaterThan(before);
});

it('a trial says what a proxy is good for, and changes nothing', { timeout: 60_000 }, async () => {
  const { sessionId } = await world.createPaired();
  const actor = await world.actor(sessionId);
  expect(await actor.tryProxy(undefined)).toBeNull();
  const proxy = await proxyOf('http');
  const address = proxyAddress(parseProxy(proxy.url));
  expect(await actor.tryProxy(parseProxy(proxy.url))).toEqual({ ok: true, latencyMs: expect.any(Number), address });
  const wrong = parseProxy(proxy.url, { username: 'ann', password: 'another' });
  expect(await actor.tryProxy(wrong)).toMatchObject({ ok: false, words: expect.stringMatching(/\(407\)/) });
  await proxy.stop();
  expect(await actor.tryProxy(parseProxy(proxy.url))).toMatchObject({ ok: false, words: 'it refuses connections' });
  expect((await world.session(sessionId)).state).toBe('CONNECTED');
});

describe('the name of the device', () => {
  const shown = async (number: string) => (await world.sandbox.devices(number))[0]?.shownAs;

  it('is that of the operator, and the phone shows it', async () => {
    const { number } = await world.createPaired();
    expect(await shown(number)).toBe('Chrome (Office)');
  });

  it('is that of the session where it has one, also with a pairing code', async () => {
    const sessionId = await world.createSession();
    await world.database.pool.query('UPDATE sessions SET settings = $2 WHERE id = $1', [
      sessionId,
      JSON.stringify({ device: { name: 'Front desk', browser: 'firefox' } }),
    ]);
    const actor = await world.actor(sessionId);
    await actor.restart();
    const number = await world.sandbox.createPhone();
    const { code } = await actor.pairingCode(number);
    await world.sandbox.enterCode(number, code);
    await world.waitForState(sessionId, 'CONNECTED');
    expect(await shown(number)).toBe('Firefox (Front desk)');
  });
});

describe('the version of WhatsApp Web', () => {
  const setVersions = (version: string | null, candidate: string | null = null, sessions: string[] = []) =>
    world.database.pool.query(
      `INSERT INTO whatsapp_versions (network, version, candidate, candidate_session_ids, candidate_since)
       VALUES ('SANDBOX', $1, $2, $3, now())
       ON CONFLICT (network) DO UPDATE SET version = $1, candidate = $2, candidate_session_ids = $3, candidate_since = now(),
         rolled_back = NULL`,
      [version, candidate, sessions],
    );
  const restart = async (sessionId: string) => (await world.actor(sessionId)).restart();
  afterEach(async () => {
    await world.sandbox.requireVersion(null);
    await setVersions(null);
  });

  it('refused with 405 it is said, and a newer one is taken without a restart of the worker', {
    timeout: 60_000,
  }, async () => {
    const { sessionId } = await world.createPaired();
    await setVersions(TRIED);
    await world.sandbox.requireVersion(PINNED);
    await restart(sessionId);
    await waitFor(async () => (await world.session(sessionId)).code === '405', { what: 'the refusal' });
    expect(await world.session(sessionId)).toMatchObject({ state: 'ERROR' });
    expect((await connection(sessionId)).refused).toBe(TRIED);
    await setVersions(PINNED);
    await restart(sessionId);
    await world.waitForState(sessionId, 'CONNECTED');
    await waitFor(async () => (await connection(sessionId)).version === PINNED, { what: 'the record of the version' });
  });

  it('a candidate that is refused is rolled back, whoever has logged in with it before its trial, and its session goes on', {
    timeout: 60_000,
  }, async () => {
    const [tries, stays] = [await world.createPaired(), await world.createPaired()];
    for (let n = 0; n < EARLIER; n += 1) {
      const earlier = await seedSession(world.database.pool, {});
      await world.database.pool.query(
        `INSERT INTO session_connections (session_id, client_version, opened_at) VALUES ($1, $2, now() - interval '1 hour')`,
        [earlier.sessionId, TRIED],
      );
    }
    await setVersions(PINNED, TRIED, [tries.sessionId]);
    await world.sandbox.requireVersion(PINNED);
    await Promise.all([restart(tries.sessionId), restart(stays.sessionId)]);
    await waitFor(
      async () => {
        const { rows } = await world.database.pool.query(
          'SELECT candidate, rolled_back AS back FROM whatsapp_versions',
        );
        return rows[0].candidate === null && rows[0].back === TRIED;
      },
      { what: 'the roll-back' },
    );
    for (const { sessionId } of [tries, stays]) await world.waitForState(sessionId, 'CONNECTED');
    expect((await world.events(tries.sessionId, 'session.status')).map(({ data }) => data.code)).toContain(
      '405/candidate',
    );
    expect((await world.events(stays.sessionId, 'session.status')).map(({ data }) => data.code)).not.toContain('405');
  });
});

describe('linking again', () => {
  const expectNumber = (sessionId: string, number: string) =>
    world.database.pool.query(
      `INSERT INTO session_connections (session_id, relink_number) VALUES ($1, $2)
       ON CONFLICT (session_id) DO UPDATE SET relink_number = $2`,
      [sessionId, number],
    );
  async function scan(sessionId: string, number: string): Promise<void> {
    const { qr } = await (await world.actor(sessionId)).qr(10_000);
    await world.sandbox.scan(number, qr);
  }

  it('takes the account of before, whose messages go out; another one is unlinked at once', {
    timeout: 90_000,
  }, async () => {
    const { sessionId, number } = await world.createPaired();
    const [other, friend] = [await world.sandbox.createPhone(), await world.sandbox.createPhone()];
    await world.sandbox.fault({ kind: 'cut', phone: number });
    const [device] = await world.sandbox.devices(number);
    await world.sandbox.unlink(number, device!.id);
    await world.waitForState(sessionId, 'LOGGED_OUT');
    await expectNumber(sessionId, number);
    await scan(sessionId, other);
    await waitFor(async () => (await world.session(sessionId)).code === 'relink/another_account', {
      what: 'the refusal',
    });
    expect(await world.session(sessionId)).toMatchObject({ state: 'LOGGED_OUT', phoneNumber: number });
    await waitFor(async () => (await world.sandbox.devices(other)).length === 0, {
      what: 'the other phone without a device',
    });

    await scan(sessionId, number);
    await world.waitForState(sessionId, 'CONNECTED');
    await waitFor(async () => (await connection(sessionId)).relink === null, { what: 'the end of linking again' });
    const { messageId } = await world.send(sessionId, friend);
    await world.waitForMessage(messageId, 'DELIVERED');
  });
});

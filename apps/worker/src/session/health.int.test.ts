import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({
    // A healthy connection is silent for seconds only on a busy machine.
    liveness: { sweepEveryMs: 50, keepAliveEveryMs: 400, marginMs: 700, probeDeadlineMs: 3_000 },
  });
});
afterAll(() => world?.stop());

const deviceOf = async (number: string) => (await world.sandbox.devices(number))[0]!.device;
const states = async (sessionId: string) =>
  (await world.events(sessionId, 'session.status')).map(({ data }) => data.state);

/** A linked session. `since` returns its events of one kind after this call. */
async function linked() {
  const { sessionId, number } = await world.createPaired();
  const before = (await world.events(sessionId)).length;
  const since = async (type: string) =>
    (await world.events(sessionId)).slice(before).filter((event) => event.type.startsWith(type));
  return { sessionId, number, device: await deviceOf(number), since };
}

describe('liveness by data', () => {
  it('measures the round trip of keep-alives', async () => {
    const { sessionId } = await linked();
    const actor = await world.actor(sessionId);
    await waitFor(() => actor.health.keepAliveMs !== null, { what: 'a keep-alive' });
    const { health } = actor;
    expect(health).toMatchObject({
      connectedSince: expect.stringMatching(/Z$/),
      lastFrameAt: expect.stringMatching(/Z$/),
      lastProbeAt: expect.stringMatching(/Z$/),
      recycles: 0,
    });
    expect(health.lastFrameAgeMs).toBeLessThan(5_000);
    expect(await world.host.metrics.instruments.registry.metrics()).toMatch(
      /wag_session_keepalive_seconds_count\{.*\} [1-9]/,
    );
  });

  it('notices a connection that is open and dead, reports it, and replaces it: nothing is lost, order holds', async () => {
    const { sessionId, device, since } = await linked();
    const ann = await world.sandbox.createPhone();
    await world.waitForMessage((await world.send(sessionId, ann, 'before')).messageId, 'DELIVERED');
    await world.sandbox.fault({ kind: 'freeze', device, ms: 600_000 });
    const sent = [];
    for (const text of ['into', 'the', 'void']) sent.push((await world.send(sessionId, ann, text)).messageId);
    await waitFor(async () => (await since('connection.open')).length === 1, { timeoutMs: 25_000, what: 'a new one' });
    expect((await since('connection.close'))[0]!.data).toMatchObject({ code: 'stale/silent', reconnects: true });
    const [stale, connected] = await since('session.status');
    expect(stale!.data).toMatchObject({
      status: 'reconnecting',
      state: 'stale',
      reason: expect.stringMatching(/nothing came/),
    });
    expect(connected!.data).toMatchObject({ state: 'connected' });
    for (const messageId of sent) await world.waitForMessage(messageId, 'DELIVERED');
    expect((await world.sandbox.inbox(ann)).map(({ text }) => text)).toEqual(['before', 'into', 'the', 'void']);
    expect((await world.actor(sessionId)).health.recycles).toBe(1);
    expect(await world.host.metrics.instruments.registry.metrics()).toMatch(
      /wag_session_recycles_total\{.*reason="silent".*\} [1-9]/,
    );
  });

  it('replaces a connection that took a message and gives no word on it', async () => {
    const { sessionId, since } = await linked();
    (await world.actor(sessionId)).dropConnection();
    await waitFor(async () => (await since('connection.open')).length === 1, { what: 'a new one' });
    expect((await since('connection.close'))[0]!.data).toMatchObject({ code: 'stale/unacknowledged' });
    expect((await since('session.status'))[0]!.data).toMatchObject({ state: 'stale' });
    expect(await world.host.metrics.instruments.registry.metrics()).toMatch(
      /wag_session_recycles_total\{.*reason="unacknowledged".*\} 1/,
    );
  });

  it('asks a connection that waits for its phone too, and it answers', async () => {
    const actor = await world.actor(await world.createSession());
    const { qr } = await actor.qr(10_000);
    await waitFor(() => actor.health.keepAliveMs !== null, { what: 'a keep-alive' });
    expect(actor.health).toMatchObject({ recycles: 0, connectedSince: null });
    expect((await actor.qr(0)).qr).toBe(qr);
  });

  it('leaves a connection alone on which queries are not answered and frames come', async () => {
    const { sessionId, number, device } = await linked();
    const ann = await world.sandbox.createPhone();
    await world.sandbox.fault({ kind: 'iq-silence', device, xmlns: 'w:p' });
    for (const text of ['1', '2', '3', '4', '5', '6']) {
      await world.sandbox.sendFrom(ann, { to: number, type: 'text', text });
      await waitFor(async () => {
        const { rows } = await world.database.pool.query(
          'SELECT 1 FROM messages WHERE session_id = $1 AND text = $2 AND NOT from_me',
          [sessionId, text],
        );
        return rows.length === 1;
      });
      // A silence shorter than the threshold.
      const actor = await world.actor(sessionId);
      await waitFor(() => (actor.health.lastFrameAgeMs ?? 0) > 1_000);
    }
    expect((await world.actor(sessionId)).health.recycles).toBe(0);
  });
});

describe('after each code with which WhatsApp refuses a login', () => {
  it.each([
    [{ code: 402, cause: 101 }, 'BANNED', '402/101'],
    [{ code: 403 }, 'BANNED', '403'],
    [{ code: 406 }, 'BANNED', '406'],
    [{ code: 405 }, 'ERROR', '405'],
    [{ code: 411 }, 'ERROR', '411'],
    [{ code: 429 }, 'RECONNECTING', '429'],
    [{ code: 463 }, 'RECONNECTING', '463'],
  ])('%j the session is %s and says why', async (refusal, state, code) => {
    const { sessionId, device } = await linked();
    await world.sandbox.fault({ kind: 'login-failure', device, ...refusal });
    await world.sandbox.fault({ kind: 'cut', device });
    await waitFor(async () => (await world.session(sessionId)).code === code, { what: `code ${code}` });
    const row = await world.session(sessionId);
    expect(row.state).toBe(state);
    expect(row.reason!.length).toBeGreaterThan(20);
    await (await world.actor(sessionId)).restart();
    await world.waitForState(sessionId, 'CONNECTED');
  });

  it.each([408, 428, 440, 500, 503, 515, 599])('%i the session comes back by itself', async (code) => {
    const { sessionId, device, since } = await linked();
    await world.sandbox.fault({ kind: 'login-failure', device, code });
    await world.sandbox.fault({ kind: 'cut', device });
    await waitFor(async () => (await since('connection.open')).length === 1, { what: 'a new connection' });
    await world.waitForState(sessionId, 'CONNECTED');
  });

  it('401 it asks once more: one that was wrong costs no QR code', async () => {
    const { sessionId, device, since } = await linked();
    await world.sandbox.fault({ kind: 'login-failure', device, code: 401 });
    await world.sandbox.fault({ kind: 'cut', device });
    await waitFor(async () => (await since('connection.open')).length === 1, { what: 'a new connection' });
    expect(await states(sessionId)).not.toContain('logged_out');
    expect(await since('session.loggedout')).toEqual([]);
  });

  it('401 twice in a row it is logged out, and a new code links it again', async () => {
    const { sessionId, number, device } = await linked();
    await world.sandbox.fault({ kind: 'login-failure', device, code: 401, count: 2 });
    await world.sandbox.fault({ kind: 'cut', device });
    await world.waitForState(sessionId, 'LOGGED_OUT');
    expect((await world.events(sessionId, 'session.loggedout'))[0]!.data).toMatchObject({ code: '401' });
    const { qr } = await (await world.actor(sessionId)).qr(10_000);
    await world.sandbox.scan(number, qr);
    await world.waitForState(sessionId, 'CONNECTED');
  });
});

describe('after each code with which WhatsApp ends a stream', () => {
  it.each([401, 428, 500, 503, 515])('%i the session comes back by itself', async (code) => {
    const { sessionId, device, since } = await linked();
    await world.sandbox.fault({ kind: 'stream-error', device, code });
    await waitFor(async () => (await since('connection.open')).length === 1, { what: 'a new connection' });
    expect((await since('connection.close'))[0]!.data).toMatchObject({ code: String(code), reconnects: true });
    await world.waitForState(sessionId, 'CONNECTED');
  });

  it.each([
    [403, 'BANNED'],
    [405, 'ERROR'],
    [411, 'ERROR'],
    [429, 'RECONNECTING'],
  ])('%i the session is %s', async (code, state) => {
    const { sessionId, device } = await linked();
    await world.sandbox.fault({ kind: 'stream-error', device, code });
    await waitFor(async () => (await world.session(sessionId)).code === String(code), { what: `code ${code}` });
    expect((await world.session(sessionId)).state).toBe(state);
  });

  it('515 again and again it backs off, and comes back', async () => {
    const { device, since } = await linked();
    await world.sandbox.fault({ kind: 'login-failure', device, code: 515, count: 4 });
    await world.sandbox.fault({ kind: 'cut', device });
    await waitFor(async () => (await since('connection.open')).length === 1, { what: 'a new connection' });
  });
});

describe('a passkey that WhatsApp wants before it links the device', () => {
  it.each([
    ['request', 'PASSKEY_REQUIRED', 'passkey'],
    ['continuation', 'PASSKEY_CONFIRMATION_REQUIRED', 'confirmation'],
  ])('(%s) is reported as %s; a new code links once it is not wanted any more', async (stage, state, step) => {
    const sessionId = await world.createSession();
    const number = await world.sandbox.createPhone();
    await world.sandbox.fault({ kind: 'passkey', phone: number, stage });
    const actor = await world.actor(sessionId);
    const { qr } = await actor.qr(10_000);
    await expect(world.sandbox.scan(number, qr)).rejects.toThrow('PASSKEY_REQUIRED');
    await world.waitForState(sessionId, state);
    expect((await world.session(sessionId)).reason).toMatch(/passkey/);
    expect((await world.events(sessionId, 'session.passkey_required')).at(-1)!.data).toMatchObject({ step });
    await expect(actor.qr(100)).rejects.toMatchObject({
      code: 'QR_NOT_READY',
      message: expect.stringMatching(/passkey/),
    });

    await expect(actor.pairingCode(number)).rejects.toMatchObject({ message: expect.stringMatching(/passkey/) });

    await actor.restart();
    await world.sandbox.scan(number, (await actor.qr(10_000)).qr);
    await world.waitForState(sessionId, 'CONNECTED');
  });
});

import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const deviceOf = async (number: string) => (await world.sandbox.devices(number))[0]!.device;
/** Longer than the time-locks of these tests. */
const PATIENCE = { timeoutMs: 20_000 };
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

async function limitsOf(sessionId: string) {
  const { rows } = await world.database.pool.query<{ until: Date | null; type: string | null; capping: unknown }>(
    `SELECT reachout_locked_until AS "until", reachout_lock_type AS type, message_capping AS capping
     FROM sessions WHERE id = $1`,
    [sessionId],
  );
  return rows[0]!;
}
const reported = async (sessionId: string, type: string) =>
  (await world.events(sessionId, type)).map(({ data }) => data);

describe("WhatsApp's time-lock", () => {
  it('is recorded and reported when it begins and when it is lifted, once each', async () => {
    const { sessionId, number } = await world.createPaired();
    const ends = inSeconds(3_600);
    const { id } = await world.sandbox.post<{ id: string }>('/faults', {
      kind: 'time-lock',
      device: await deviceOf(number),
      timeEnforcementEnds: ends,
    });
    await waitFor(async () => (await limitsOf(sessionId)).until !== null, { what: 'the lock' });
    const until = new Date(ends * 1000);
    expect(await limitsOf(sessionId)).toMatchObject({ until, type: 'DEFAULT' });
    const locked = { restricted: true, type: 'DEFAULT', until: until.toISOString() };
    expect(await reported(sessionId, 'session.restricted')).toEqual([locked]);

    await world.sandbox.cancelFault(id);
    await waitFor(async () => (await limitsOf(sessionId)).until === null, { what: 'the end of the lock' });
    expect(await reported(sessionId, 'session.restricted')).toEqual([
      locked,
      { restricted: false, type: null, until: null },
    ]);
    expect((await world.session(sessionId)).state).toBe('CONNECTED');
  });

  it('is queried when a message is refused and nothing was reported', async () => {
    const { sessionId, number } = await world.createPaired();
    const device = await deviceOf(number);
    await world.sandbox.fault({ kind: 'drop', device, stanza: 'notification' });
    await world.sandbox.fault({ kind: 'time-lock', device });
    const { messageId } = await world.send(sessionId, await world.sandbox.createPhone());
    expect((await world.waitForMessage(messageId, 'FAILED')).errorCode).toBe('WA_REACHOUT_TIMELOCK');
    await waitFor(async () => (await limitsOf(sessionId)).until !== null, { what: 'the lock' });
    expect(await reported(sessionId, 'session.restricted')).toMatchObject([{ restricted: true, type: 'DEFAULT' }]);
  });

  it('is not believed because of a refusal alone: the chat may want a token', async () => {
    const { sessionId, number } = await world.createPaired();
    await world.sandbox.fault({ kind: 'nack', device: await deviceOf(number), code: 463 });
    const { messageId } = await world.send(sessionId, await world.sandbox.createPhone());
    expect((await world.waitForMessage(messageId, 'FAILED')).errorCode).toBe('WA_CHAT_REFUSED');
    const other = await world.send(sessionId, await world.sandbox.createPhone());
    await world.waitForMessage(other.messageId, 'DELIVERED');
    expect(await reported(sessionId, 'session.restricted')).toEqual([]);
  });

  it('ends by the clock too, also under another owner', async () => {
    const { sessionId, number } = await world.createPaired();
    await world.sandbox.fault({ kind: 'time-lock', device: await deviceOf(number), timeEnforcementEnds: inSeconds(6) });
    await waitFor(async () => (await limitsOf(sessionId)).until !== null, { what: 'the lock' });
    await world.restartHost();
    await waitFor(async () => (await world.events(sessionId, 'connection.open')).length === 2, {
      what: 'the new owner',
    });
    const actor = await world.actor(sessionId);
    await waitFor(async () => {
      actor.review();
      return (await limitsOf(sessionId)).until === null;
    }, PATIENCE);
    expect(await reported(sessionId, 'session.restricted')).toMatchObject([
      { restricted: true },
      { restricted: false },
    ]);
  });
});

describe("WhatsApp's cap on new chats", () => {
  it('is recorded and reported, and not reported again when nothing has changed', async () => {
    const { sessionId, number } = await world.createPaired();
    const device = await deviceOf(number);
    const capping = { status: 'FIRST_WARNING', used: 40, total: 50, cycleEnds: 2_000_000_000 };
    const connectedAt = async () => {
      const { rows } = await world.database.pool.query('SELECT connected_at FROM sessions WHERE id = $1', [sessionId]);
      return rows[0].connected_at as Date;
    };
    const before = await connectedAt();
    const first = { status: 'first_warning', used: 40, total: 50, cycleEndsAt: '2033-05-18T03:33:20.000Z' };
    await world.sandbox.fault({ kind: 'capping', device, capping });
    await world.sandbox.fault({ kind: 'capping', device, capping });
    await world.sandbox.fault({ kind: 'capping', device, capping: { ...capping, status: 'CAPPED', used: 50 } });
    await waitFor(async () => (await reported(sessionId, 'session.capped')).length > 1, { what: 'the cap' });
    expect(await reported(sessionId, 'session.capped')).toEqual([first, { ...first, status: 'capped', used: 50 }]);
    expect((await limitsOf(sessionId)).capping).toEqual({ ...first, status: 'capped', used: 50 });
    expect(await connectedAt(), 'the connection is the same').toEqual(before);
  });

  it('goes with the link: what is linked next may be another account', async () => {
    const { sessionId, number } = await world.createPaired();
    const device = await deviceOf(number);
    await world.sandbox.fault({ kind: 'capping', device, capping: { status: 'CAPPED', used: 5, total: 5 } });
    await world.sandbox.fault({ kind: 'time-lock', device });
    await waitFor(async () => {
      const { until, capping } = await limitsOf(sessionId);
      return until !== null && capping !== null;
    });
    await (await world.actor(sessionId)).logout();
    expect(await limitsOf(sessionId)).toEqual({ until: null, type: null, capping: null });
  });
});

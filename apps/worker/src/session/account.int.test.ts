import { readGroup, storeGroups } from '@wa-gate/messaging';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unknownGroup } from '../groups/apply-notice.ts';
import { startWorld, type World } from '../testing/world.ts';

let world: World;
let linked: { sessionId: string; number: string };
beforeAll(async () => {
  world = await startWorld();
  linked = await world.createPaired();
});
afterAll(() => world?.stop());

const history = async (sessionId: string) =>
  (
    await world.database.pool.query(
      `SELECT attempt, status, scanned_at IS NOT NULL AS scanned FROM qr_history WHERE session_id = $1 ORDER BY id`,
      [sessionId],
    )
  ).rows;

describe('what the worker of a session knows of its account (MR-008)', () => {
  it('is everything that its status shows, while it is connected', async () => {
    const { account } = await world.actor(linked.sessionId);
    expect(account).toEqual({
      phoneNumber: `+${linked.number}`,
      pushName: null,
      connectedAt: expect.stringMatching(/Z$/),
      lastSeenAt: expect.stringMatching(/Z$/),
      restriction: null,
      messageCapping: null,
    });
    expect(Date.parse(account!.connectedAt!)).toBeLessThanOrEqual(Date.now());
  });

  it('is nothing while it is not', async () => {
    const actor = await world.actor(await world.createSession());
    expect(actor.account).toBeUndefined();
  });
});

describe('the history of QR codes (MR-139)', () => {
  it('reports that the code was shown, and that the phone has scanned it', async () => {
    expect((await history(linked.sessionId)).at(-1)).toEqual({ attempt: 1, status: 'SCANNED', scanned: true });
  });

  it('reports that a code was shown which nobody has scanned yet, and that it ended with the connection', async () => {
    const sessionId = await world.createSession();
    const actor = await world.actor(sessionId);
    await actor.qr(10_000);
    await world.waitForState(sessionId, 'QR_REQUIRED');
    expect(await history(sessionId)).toEqual([{ attempt: 1, status: 'SHOWN', scanned: false }]);
    await actor.logout();
    await world.waitForState(sessionId, 'LOGGED_OUT');
    expect(await history(sessionId)).toEqual([{ attempt: 1, status: 'EXPIRED', scanned: false }]);
  });
});

describe('a session that is linked again, maybe to another account', () => {
  it('takes no group for known that was described to the former account', async () => {
    const { sessionId } = await world.createPaired();
    const group = { ...unknownGroup('1203009@g.us'), subject: 'Orders' };
    const { owner } = await world.actor(sessionId);
    await storeGroups(world.database.pool, owner, [group]);
    const isStale = async () => (await readGroup(world.database.pool, sessionId, group.jid))?.isStale;
    expect(await isStale()).toBe(false);
    await (await world.actor(sessionId)).logout();
    await world.waitForState(sessionId, 'LOGGED_OUT');
    await world.link(sessionId, await world.sandbox.createPhone());
    expect(await isStale()).toBe(true);
  });
});

/** Runs `work` while nothing of the session can be written. */
async function whileHeld(sessionId: string, work: () => Promise<void>): Promise<void> {
  const client = await world.database.pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT FROM session_placements WHERE session_id = $1 FOR UPDATE', [sessionId]);
    await work();
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}
const waiting = (what: string, check: () => Promise<boolean>) => waitFor(check, { timeoutMs: 25_000, what });
/** Whether a statement with these words waits for the row that is held. */
const isWaiting = async (words: string): Promise<boolean> => {
  const { rows } = await world.database.pool.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1`,
    [`%${words}%`],
  );
  return rows.length > 0;
};

describe('groups of which WhatsApp says that they have changed, and not how (MR-014)', () => {
  const dirty = async (number: string) => (await world.sandbox.devices(number)).flatMap((device) => device.dirty);

  it('are confirmed when all of them are to be read anew, and WhatsApp says it at each login until then', async () => {
    const { sessionId, number } = await world.createPaired();
    const { database, sandbox } = world;
    const group = { ...unknownGroup('1203010@g.us'), subject: 'Orders' };
    await storeGroups(database.pool, (await world.actor(sessionId)).owner, [group], { isAll: true });
    const isStale = async () => (await readGroup(database.pool, sessionId, group.jid))?.isStale;
    await whileHeld(sessionId, async () => {
      await sandbox.post(`/phones/${number}/dirty`, { type: 'groups' });
      await waiting('the doubt to be written', () => isWaiting('doubted'));
      expect([await dirty(number), await isStale()]).toEqual([['groups'], false]);
      // The connection ends before it is written.
      await sandbox.fault({ kind: 'cut', phone: number });
      await waiting('the connection to end', async () => !(await sandbox.devices(number))[0]?.connected);
    });
    expect(await dirty(number)).toEqual(['groups']);
    await waiting('the confirmation', async () => (await dirty(number)).length === 0);
    expect(await isStale()).toBe(true);
    const { rows } = await database.pool.query('SELECT groups_read_at AS at FROM sessions WHERE id = $1', [sessionId]);
    expect(rows).toEqual([{ at: null }]);
  });
});

describe('what the account itself does to a person (MR-014)', () => {
  it('is done when its event is stored, and not before', async () => {
    const { sessionId, number } = await world.createPaired();
    const friend = await world.sandbox.createPhone();
    const actor = await world.actor(sessionId);
    const who = { jid: `${friend}@s.whatsapp.net` };
    // So that the names of the person are known.
    await actor.perform('blocklist.block', who);
    await actor.perform('blocklist.unblock', who);
    let isDone = false;
    let blocking: Promise<unknown> = Promise.resolve();
    await whileHeld(sessionId, async () => {
      blocking = actor.perform('blocklist.block', who).then(() => (isDone = true));
      const listed = async () =>
        (await world.sandbox.get<{ blocked: string[] }>(`/phones/${number}`)).blocked.includes(friend);
      await waiting('WhatsApp to do it', listed);
      // WhatsApp answers one query after the other.
      expect(await actor.perform('blocklist.get', {})).toMatchObject({ jids: [expect.any(String)] });
      expect(isDone).toBe(false);
    });
    await blocking;
    const events = (await world.events(sessionId, 'contact.')).filter(({ type }) => type.endsWith('blocked'));
    expect(events.map(({ type }) => type)).toEqual(['contact.blocked', 'contact.unblocked', 'contact.blocked']);
  });

  it('is told once, also when the call is made again because its answer was lost with a worker', async () => {
    const { sessionId } = await world.createPaired();
    const friend = await world.sandbox.createPhone();
    const actor = await world.actor(sessionId);
    const who = { jid: `${friend}@s.whatsapp.net` };
    for (const callId of ['call-1', 'call-1']) await actor.perform('blocklist.block', who, callId);
    await actor.perform('blocklist.unblock', who, 'call-2');
    await actor.perform('blocklist.block', who, 'call-3');
    const events = (await world.events(sessionId, 'contact.')).filter(({ type }) => type.endsWith('blocked'));
    expect(events.map(({ type }) => type)).toEqual(['contact.blocked', 'contact.unblocked', 'contact.blocked']);
  });
});

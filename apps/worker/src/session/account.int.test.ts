import { readGroup, storeGroups } from '@wa-gate/messaging';
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

import {
  type Ownership,
  placeSession,
  registerWorker,
  releaseSession,
  StaleEpochError,
  scaleTiming,
} from '@wa-gate/cluster';
import type { GroupFacts } from '@wa-gate/contracts';
import { createTestDatabase, seedSession, type TestDatabase, workerRegistration } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readGroup, storeGroupGone, storeGroups, type ToldGroup, tellOfGroup } from './groups.ts';

let database: TestDatabase;
let owner: Ownership;

beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
});
afterAll(() => database?.drop());
beforeEach(async () => {
  const { sessionId } = await seedSession(database.pool, { state: 'CONNECTED' });
  owner = { sessionId, epoch: (await placeSession(database.pool, sessionId))!.epoch };
  await database.pool.query(`UPDATE sessions SET phone_number = '+15550001', lid = '99@lid' WHERE id = $1`, [
    sessionId,
  ]);
});

const group = (jid: string, more: Partial<GroupFacts> = {}): GroupFacts => ({
  jid,
  subject: 'Orders',
  description: null,
  addressing: 'lid',
  onlyAdminsSend: false,
  onlyAdminsEdit: false,
  onlyAdminsAdd: false,
  joinApproval: false,
  disappearingSeconds: 0,
  isCommunity: false,
  isAnnouncements: false,
  size: 1,
  participants: [{ jid: '99@lid', role: 'admin' }],
  ...more,
});
const [A, B] = ['1203001@g.us', '1203002@g.us'] as const;

const told = (noticeId: string, more: Partial<ToldGroup> = {}): ToldGroup => ({
  facts: group(A, { subject: 'Tea' }),
  isMember: true,
  isStale: false,
  isWhole: false,
  noticeId,
  events: [
    {
      type: 'group.updated',
      data: { chat: A, subject: 'Tea', actor: null, timestamp: 1, changes: { subject: 'Tea' } },
    },
  ],
  ...more,
});
const row = (jid: string) => readGroup(database.pool, owner.sessionId, jid);
const roleOf = async (jid: string) =>
  (await database.pool.query('SELECT own_role FROM groups WHERE session_id = $1 AND jid = $2', [owner.sessionId, jid]))
    .rows[0]?.own_role;

describe('groups of a session', () => {
  it('are as WhatsApp has described them, and the account has its role there by either of its names', async () => {
    const byNumber = { participants: [{ jid: '15550001@s.whatsapp.net', role: 'superadmin' as const }] };
    await storeGroups(database.pool, owner, [group(A), group(B, byNumber)], { isAll: true });
    expect(await row(A)).toMatchObject({ facts: group(A), isMember: true, isStale: false, ageSeconds: 0 });
    expect([await roleOf(A), await roleOf(B)]).toEqual(['admin', 'superadmin']);
  });

  it('of a list that has one no more the account has left that one', async () => {
    await storeGroups(database.pool, owner, [group(A), group(B)], { isAll: true });
    await storeGroups(database.pool, owner, [group(B)], { isAll: true });
    expect([(await row(A))?.isMember, (await row(B))?.isMember]).toEqual([false, true]);
    await storeGroupGone(database.pool, owner, B);
    expect((await row(B))?.isMember).toBe(false);
  });

  it('I11 a notice that comes twice makes one event', async () => {
    await storeGroups(database.pool, owner, [group(A)]);
    const first = await tellOfGroup(database.pool, owner, told('N1'));
    const again = await tellOfGroup(database.pool, owner, told('N1', { facts: group(A, { subject: 'Lost' }) }));
    const other = await tellOfGroup(database.pool, owner, told('N2'));
    expect([first, again, other].map(({ events }) => events.length)).toEqual([1, 0, 1]);
    expect(await row(A)).toMatchObject({ facts: { subject: 'Tea' }, notices: ['N2', 'N1'] });
  });

  it('of which WhatsApp has only told are not shown as described', async () => {
    await tellOfGroup(database.pool, owner, told('N1', { isStale: true }));
    expect(await row(A)).toMatchObject({ readAt: null, isStale: true });
  });

  it('I2 a worker that does not own the session any more writes nothing', async () => {
    await storeGroups(database.pool, owner, [group(A)]);
    await releaseSession(database.pool, owner.sessionId, 'test');
    await expect(storeGroups(database.pool, owner, [group(B)])).rejects.toThrow(StaleEpochError);
    await expect(tellOfGroup(database.pool, owner, told('N1'))).rejects.toThrow(StaleEpochError);
    expect([(await row(A))?.facts.subject, await row(B)]).toEqual(['Orders', undefined]);
  });

  it('keep no character that PostgreSQL cannot store', async () => {
    await storeGroups(database.pool, owner, [group(A, { subject: 'a\u0000b', description: 'c\u0000d' })]);
    expect((await row(A))?.facts).toMatchObject({ subject: 'ab', description: 'cd' });
  });
});

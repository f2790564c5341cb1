import { type Ownership, placeSession, registerWorker, scaleTiming } from '@wa-gate/cluster';
import type { GroupFacts } from '@wa-gate/contracts';
import { createLogger, systemClock } from '@wa-gate/kit';
import { readGroup, readSettingsProgress, type SettingsPage } from '@wa-gate/messaging';
import { createTestDatabase, seedSession, type TestDatabase, workerRegistration } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ChatSettingsFeed } from '../chats/chat-settings-feed.ts';
import { unknownGroup } from '../groups/apply-notice.ts';
import { GroupFeed } from '../groups/group-feed.ts';
import { KeyedLock } from '../keyed-lock.ts';

let database: TestDatabase;
let slow: Ownership;
let other: Ownership;
let chats: ChatSettingsFeed;
let groups: GroupFeed;
let refused: number;

const newOwner = async (): Promise<Ownership> => {
  const { sessionId } = await seedSession(database.pool, { state: 'CONNECTED' });
  return { sessionId, epoch: (await placeSession(database.pool, sessionId))!.epoch };
};

beforeAll(async () => {
  database = await createTestDatabase({ max: 8 });
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
});
afterAll(() => database?.drop());
beforeEach(async () => {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const nothing = () => undefined;
  const { pool } = database;
  const writing = { pool, writeLock: new KeyedLock(), clock: systemClock, logger, announce: nothing, onStale: nothing };
  refused = 0;
  chats = new ChatSettingsFeed({ ...writing, onRefused: (count) => (refused += count) });
  groups = new GroupFeed(writing);
  [slow, other] = [await newOwner(), await newOwner()];
});

const page = (version: number, more: Partial<SettingsPage> = {}): SettingsPage => ({
  collection: 'regular',
  account: '15550001',
  version,
  settings: [],
  isFromStart: false,
  isSilent: false,
  ...more,
});
const group = (jid: string, subject = 'Orders'): GroupFacts => ({ ...unknownGroup(jid), subject });
const GROUP = '1203001@g.us';
const named = (id: string, subject: string) => ({
  id,
  jid: GROUP,
  at: 1_700_000_000,
  change: { kind: 'updated' as const, changes: { subject } },
});
const OWN = { jid: '15550001@s.whatsapp.net' };

/** Runs `work` while the rows of the slow session cannot be written. */
async function whileHeld(work: () => Promise<void>): Promise<void> {
  const client = await database.pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT FROM session_placements WHERE session_id = $1 FOR UPDATE', [slow.sessionId]);
    await work();
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}
const versionOf = async ({ sessionId }: Ownership) =>
  (await readSettingsProgress(database.pool, sessionId, '15550001')).get('regular');

describe('what is written of one session', () => {
  it('keeps no other session from storing its settings and its groups', async () => {
    let held: Promise<unknown> = Promise.resolve();
    await whileHeld(async () => {
      held = Promise.all([
        chats.store(slow, page(1)),
        groups.described(slow, [group(GROUP)], true),
        groups.noticed(slow, named('n1', 'Tea'), OWN),
      ]);
      await chats.store(other, page(1));
      await groups.described(other, [group(GROUP)], true);
      await groups.noticed(other, named('n1', 'Tea'), OWN);
      expect(await versionOf(other)).toBe(1);
      expect((await readGroup(database.pool, other.sessionId, GROUP))?.facts.subject).toBe('Tea');
      expect(await versionOf(slow)).toBeUndefined();
    });
    await held;
    expect(await versionOf(slow)).toBe(1);
  });

  it('is written in the order in which it came', async () => {
    await whileHeld(async () => {
      void groups.described(slow, [group(GROUP)], true);
      void groups.noticed(slow, named('n1', 'Tea'), OWN);
      void groups.described(slow, [group(GROUP, 'Coffee')], true);
      void groups.noticed(slow, named('n2', 'Water'), OWN);
      void chats.store(slow, page(1));
      void chats.store(slow, page(2));
    });
    await Promise.all([groups.flush(slow.sessionId), chats.flush(slow.sessionId)]);
    expect(await readGroup(database.pool, slow.sessionId, GROUP)).toMatchObject({
      facts: { subject: 'Water' },
      notices: ['n2', 'n1'],
    });
    expect(await versionOf(slow)).toBe(2);
  });
});

describe('settings that PostgreSQL does not take', () => {
  const label = (labelId: string, name: string) =>
    ({ kind: 'label', labelId, name, color: 1, isDeleted: false }) as const;
  const labels = async () => new Map((await chats.labels(other)).map(({ labelId, name }) => [labelId, name]));

  it('are stored without a NUL character', async () => {
    await chats.store(other, page(1, { settings: [label('1', 'New\u0000 orders'), label('2', '\ud800')] }));
    expect(await labels()).toEqual(
      new Map([
        ['1', 'New orders'],
        ['2', '\ufffd'],
      ]),
    );
    expect(refused).toBe(0);
  });

  it.each([false, true])(
    'are left out and told, and the collection goes on behind them (from its start: %s)',
    async (isFromStart) => {
      const bad = { ...label('3', 'Three'), color: 1e12 };
      const settings = [label('1', 'One'), bad, label('2', 'Two'), label('1', 'First'), bad];
      await chats.store(other, page(7, { settings, isFromStart, isSilent: isFromStart }));
      expect(await versionOf(other)).toBe(7);
      expect(await labels()).toEqual(
        new Map([
          ['1', 'First'],
          ['2', 'Two'],
        ]),
      );
      expect(refused).toBe(2);
      const { rows } = await database.pool.query(
        `SELECT type, data->>'name' AS name FROM events WHERE session_id = $1 ORDER BY seq`,
        [other.sessionId],
      );
      expect(rows.map(({ name }) => name)).toEqual(isFromStart ? [] : ['One', 'Two', 'First']);
    },
  );
});

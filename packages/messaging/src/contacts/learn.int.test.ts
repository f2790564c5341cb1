import { type Ownership, placeSession, registerWorker, scaleTiming } from '@wa-gate/cluster';
import { inTransaction, isDatabaseUnavailable } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import {
  createTestDatabase,
  type SeededSession,
  seedSession,
  type TestDatabase,
  workerRegistration,
} from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ContactFact } from './contact-fact.ts';
import { identityOf, namesOf } from './identity-sql.ts';
import { learnContacts, lockContacts, touchContacts, UNDER_LOCK } from './learn.ts';

import { findContactMerges, publishContactMerges } from './merges.ts';

const NUMBER = '15550001@s.whatsapp.net';
const LID = '200001@lid';

let database: TestDatabase;
let session: SeededSession;
let owner: Ownership;

beforeAll(async () => {
  database = await createTestDatabase({ max: 12 });
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
});
afterAll(() => database?.drop());
beforeEach(async () => {
  session = await seedSession(database.pool, { state: 'CONNECTED' });
  owner = { sessionId: session.sessionId, epoch: (await placeSession(database.pool, session.sessionId))!.epoch };
});

/** A second session of the same workspace. */
async function otherSession(): Promise<Ownership> {
  const other = await seedSession(database.pool, { state: 'CONNECTED' });
  await query('UPDATE sessions SET workspace_id = $1 WHERE id = $2', [session.workspaceId, other.sessionId]);
  return { sessionId: other.sessionId, epoch: (await placeSession(database.pool, other.sessionId))!.epoch };
}

const query = async <T extends object = Record<string, unknown>>(text: string, values: unknown[] = []) =>
  (await database.pool.query<T>(text, values)).rows;
const fact = (overrides: Partial<ContactFact> & { jid: string }): ContactFact => ({
  sessionId: session.sessionId,
  at: new Date(),
  ...overrides,
});
const learn = (...facts: ContactFact[]) => learnContacts(database.pool, facts);
const identity = async (jid: string) =>
  (
    await query<{ of: { contactId: string } }>(`SELECT ${identityOf('$1::uuid', '$2::text')} AS of`, [
      session.workspaceId,
      jid,
    ])
  )[0]!.of;
const eventsOf = async ({ sessionId }: { sessionId: string }) =>
  query<{ type: string; data: Record<string, unknown> }>(
    'SELECT type, data FROM events WHERE session_id = $1 ORDER BY seq',
    [sessionId],
  );

describe('who somebody is (MR-136)', () => {
  it('of nobody: what the jid itself says', async () => {
    expect(await identity(NUMBER)).toEqual({
      contactId: null,
      phoneNumber: '+15550001',
      lid: null,
      jid: NUMBER,
      name: null,
    });
    expect(await identity(LID)).toMatchObject({ phoneNumber: null, lid: LID });
    expect(await identity('120363@g.us')).toMatchObject({ contactId: null, phoneNumber: null, lid: null });
  });

  it('a number and its LID are one contact with all names, whichever stands in the message', async () => {
    await learn(fact({ jid: LID, altJid: NUMBER, names: { push: 'Ann' } }));
    const byNumber = await identity(NUMBER);
    expect(byNumber).toEqual({
      contactId: expect.any(String),
      phoneNumber: '+15550001',
      lid: LID,
      jid: NUMBER,
      name: 'Ann',
    });
    expect(await identity(LID)).toEqual({ ...byNumber, jid: LID });
    const [names] = await query<{ jids: string[] }>(
      `SELECT array_agg(jid ORDER BY jid) AS jids FROM ${namesOf('$1::uuid', '$2::text')} AS n(jid)`,
      [session.workspaceId, LID],
    );
    expect(names!.jids).toEqual([NUMBER, LID]);
  });

  it('the name that a user saved comes before all others, and a name that is taken back is gone', async () => {
    await learn(
      fact({ jid: NUMBER, names: { push: 'Ann' } }),
      fact({ jid: NUMBER, names: { book: 'Ann of the shop' } }),
    );
    expect(await identity(NUMBER)).toMatchObject({ name: 'Ann of the shop' });
    await learn(fact({ jid: NUMBER, names: { saved: 'Dear Ann' } }));
    expect(await identity(NUMBER)).toMatchObject({ name: 'Dear Ann' });
    await learn(fact({ jid: NUMBER, names: { saved: null, book: null }, at: new Date(Date.now() + 1) }));
    expect(await identity(NUMBER)).toMatchObject({ name: 'Ann' });
  });

  it('is a matter of one workspace', async () => {
    const stranger = await seedSession(database.pool, { state: 'CONNECTED' });
    await learn(
      fact({ jid: NUMBER, names: { push: 'Ann' } }),
      fact({ jid: NUMBER, sessionId: stranger.sessionId, names: { push: 'Somebody' } }),
    );
    const found = await query<{ workspace_id: string; name: string }>(
      'SELECT workspace_id, name FROM contacts WHERE workspace_id = ANY($1) ORDER BY name',
      [[session.workspaceId, stranger.workspaceId]],
    );
    expect(found).toEqual([
      { workspace_id: session.workspaceId, name: 'Ann' },
      { workspace_id: stranger.workspaceId, name: 'Somebody' },
    ]);
  });

  it('a group, and a session that is gone, make no contact', async () => {
    await learn(fact({ jid: '120363@g.us' }), fact({ jid: NUMBER, sessionId: newId() }));
    expect(await query('SELECT id FROM contacts WHERE workspace_id = $1', [session.workspaceId])).toEqual([]);
  });

  it('a mapping alone makes no contact of a stranger, and joins the names of somebody who is known', async () => {
    await learn(fact({ jid: NUMBER, altJid: LID, ofKnownOnly: true }));
    expect(await identity(NUMBER)).toMatchObject({ contactId: null });
    await learn(fact({ jid: LID }));
    expect(await identity(LID)).toMatchObject({ phoneNumber: '+15550001' });
    expect(await query('SELECT FROM contact_mappings WHERE workspace_id = $1', [session.workspaceId])).toEqual([]);
  });

  it('mappings of strangers are kept, the latest word of a number, and join each other to whom somebody meets', async () => {
    const at = (seconds: number) => new Date(Date.now() + seconds * 1_000);
    const [other, number2] = ['200009@lid', '15550009@s.whatsapp.net'];
    await learn(fact({ jid: NUMBER, altJid: LID, ofKnownOnly: true, at: at(1) }));
    await learn(fact({ jid: NUMBER, altJid: other, ofKnownOnly: true, at: at(2) }));
    await learn(fact({ jid: NUMBER, altJid: LID, ofKnownOnly: true, at: at(3) }));
    await learn(fact({ jid: number2, altJid: LID, ofKnownOnly: true, at: at(4) }));
    await learn(fact({ jid: number2, at: at(5) }));
    const { contactId } = (await identity(LID)) as { contactId: string };
    expect(contactId).not.toBeNull();
    expect(await identity(NUMBER)).toMatchObject({ contactId });
    expect(await identity(number2)).toMatchObject({ contactId });
    // The number was once another one's.
    expect(await identity(other)).not.toMatchObject({ contactId });
  });

  it('a mapping of a stranger that is told again writes nothing', async () => {
    const mapping = fact({ jid: NUMBER, altJid: LID, ofKnownOnly: true });
    await learn(mapping);
    const version = () =>
      query('SELECT xmin::text FROM contact_mappings WHERE workspace_id = $1', [session.workspaceId]);
    const before = await version();
    expect(before).toHaveLength(1);
    await learn({ ...mapping, at: new Date(Date.now() + 1_000) });
    expect(await version()).toEqual(before);
  });

  it('what is known already writes nothing', async () => {
    const facts = [fact({ jid: LID, altJid: NUMBER, names: { push: 'Ann' } })];
    await learn(...facts);
    const version = () =>
      query('SELECT xmin::text, ctid::text FROM contacts WHERE workspace_id = $1', [session.workspaceId]);
    const before = await version();
    await learn(...facts);
    expect(await version()).toEqual(before);
  });

  it('the last time that somebody was seen is written for any of the names', async () => {
    await learn(fact({ jid: LID, altJid: NUMBER, at: new Date(0) }));
    await touchContacts(database.pool, [{ sessionId: session.sessionId, jid: NUMBER }]);
    const [row] = await query<{ first: Date; last: Date }>(
      'SELECT first_seen_at AS first, last_seen_at AS last FROM contacts WHERE workspace_id = $1',
      [session.workspaceId],
    );
    expect(row!.first).toEqual(new Date(0));
    expect(row!.last.getTime()).toBeGreaterThan(Date.now() - 60_000);
  });
});

it('whoever has the lock of the workspace and stands still loses it, and the others go on (MR-136)', async () => {
  let hasLock = () => {};
  let goOn = () => {};
  const isLocked = new Promise<void>((resolve) => {
    hasLock = resolve;
  });
  const isOver = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const stopped = inTransaction(
    database.pool,
    async (client) => {
      await lockContacts(client, [session.workspaceId]);
      hasLock();
      await isOver;
      await client.query('SELECT 1');
    },
    UNDER_LOCK,
  );
  await isLocked;
  await learn(fact({ jid: NUMBER }));
  expect(await identity(NUMBER)).toMatchObject({ contactId: expect.any(String) });
  goOn();
  const error = await stopped.catch((thrown: unknown) => thrown);
  expect(isDatabaseUnavailable(error)).toBe(true);
});

describe('contacts that turn out to be one (MR-136)', () => {
  it('keep the older id, the other one still finds it, and each session that knew them is told once', async () => {
    const other = await otherSession();
    const stranger = await otherSession();
    await learn(fact({ jid: NUMBER, names: { push: 'Ann' } }));
    const { contactId: older } = await identity(NUMBER);
    await learn(fact({ jid: LID, sessionId: other.sessionId }));
    const { contactId: younger } = await identity(LID);
    expect(younger).not.toBe(older);

    const { concerned } = await learn(fact({ jid: LID, altJid: NUMBER, sessionId: stranger.sessionId }));
    expect(concerned.toSorted()).toEqual([owner.sessionId, other.sessionId].toSorted());
    expect(await identity(LID)).toMatchObject({ contactId: older, name: 'Ann', phoneNumber: '+15550001', lid: LID });
    expect(await query('SELECT merged_into AS into FROM contacts WHERE id = $1', [younger])).toEqual([{ into: older }]);

    const all = [owner, other, stranger];
    const waiting = await findContactMerges(
      database.pool,
      all.map(({ sessionId }) => sessionId),
    );
    expect(waiting.toSorted()).toEqual(concerned.toSorted());
    const published = await publishContactMerges(database.pool, all);
    expect(published).toMatchObject({ hasMore: false, stale: [] });
    expect(await publishContactMerges(database.pool, all)).toMatchObject({ events: [] });
    const told = {
      type: 'contact.merged',
      data: {
        contactId: older,
        mergedContactIds: [younger],
        phoneNumber: '+15550001',
        lid: LID,
        name: 'Ann',
        jids: [NUMBER, LID],
      },
    };
    expect(await eventsOf(owner)).toEqual([told]);
    expect(await eventsOf(other)).toEqual([told]);
    expect(await eventsOf(stranger)).toEqual([]);
  });

  it('a number that is learnt for a LID is told, with nobody merged', async () => {
    await learn(fact({ jid: LID }));
    await learn(fact({ jid: LID, altJid: NUMBER }));
    await publishContactMerges(database.pool, [owner]);
    expect(await eventsOf(owner)).toMatchObject([
      { type: 'contact.merged', data: { mergedContactIds: [], phoneNumber: '+15550001', lid: LID } },
    ]);
  });

  it('a stale owner tells nothing; the next one does (I2)', async () => {
    await learn(fact({ jid: LID }));
    await learn(fact({ jid: LID, altJid: NUMBER }));
    const stale = await publishContactMerges(database.pool, [{ ...owner, epoch: owner.epoch - 1 }]);
    expect(stale).toMatchObject({ events: [], stale: [owner.sessionId] });
    expect((await publishContactMerges(database.pool, [owner])).events).toHaveLength(1);
  });

  it('are found by an id of three merges ago', async () => {
    const other = '15550009@s.whatsapp.net';
    await learn(fact({ jid: NUMBER }));
    const { contactId: first } = await identity(NUMBER);
    await learn(fact({ jid: other }));
    const { contactId: second } = await identity(other);
    await learn(fact({ jid: LID }));
    const { contactId: third } = await identity(LID);
    await learn(fact({ jid: other, altJid: LID }));
    await learn(fact({ jid: NUMBER, spellings: [other] }));
    await learn(fact({ jid: NUMBER, altJid: LID }));
    const aliases = await query('SELECT id, merged_into AS into FROM contacts WHERE workspace_id = $1 ORDER BY id', [
      session.workspaceId,
    ]);
    expect(aliases).toEqual([
      { id: first, into: null },
      { id: second, into: first },
      { id: third, into: first },
    ]);
  });

  it('from many sides at once: no deadlock, one contact for each person, ids that stay (MR-136)', {
    timeout: 60_000,
  }, async () => {
    const people = Array.from({ length: 60 }, (_, n) => ({
      number: `1666000${n}@s.whatsapp.net`,
      lid: `30000${n}@lid`,
    }));
    const sessions = [owner, await otherSession(), await otherSession()];
    const seen = people.flatMap(({ number, lid }) => [{ jid: number }, { jid: lid }]);
    await learn(...seen.map((it) => fact(it)));
    const idsBefore = new Set(
      (await query<{ id: string }>('SELECT id FROM contacts WHERE workspace_id = $1', [session.workspaceId])).map(
        ({ id }) => id,
      ),
    );
    const rounds = Array.from({ length: 24 }, (_, n) => {
      const some = people.toSorted(() => Math.random() - 0.5).slice(0, 25);
      return some.map(({ number, lid }) => {
        const pair = n % 2 ? { jid: number, altJid: lid } : { jid: lid, altJid: number };
        return fact({ ...pair, sessionId: sessions[n % 3]!.sessionId, names: { push: `name ${n}` } });
      });
    });
    rounds.push(people.map(({ number, lid }) => fact({ jid: number, altJid: lid })));
    await Promise.all(rounds.map((facts) => learnContacts(database.pool, facts)));

    const contacts = await query<{ id: string; into: string | null }>(
      'SELECT id, merged_into AS into FROM contacts WHERE workspace_id = $1',
      [session.workspaceId],
    );
    expect(new Set(contacts.map(({ id }) => id))).toEqual(idsBefore);
    expect(contacts.filter(({ into }) => into === null)).toHaveLength(people.length);
    const events: unknown[] = [];
    for (let hasMore = true; hasMore; ) {
      const published = await publishContactMerges(database.pool, sessions);
      events.push(...published.events.filter(({ sessionId }) => sessionId === owner.sessionId));
      hasMore = published.hasMore;
    }
    expect(events).toHaveLength(people.length);
  });
});

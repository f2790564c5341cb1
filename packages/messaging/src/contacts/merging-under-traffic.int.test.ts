/**
 * Contacts merge while two workers store messages of the same people: nothing waits for ever, nothing is lost, and
 * every id goes on meaning the same person. `apps/e2e/load/merges` does it with whole processes and 10 000 people.
 */
import { type Ownership, placeSession, registerWorker, scaleTiming } from '@wa-gate/cluster';
import { newId } from '@wa-gate/kit';
import { createTestDatabase, seedSession, type TestDatabase, workerRegistration } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type InboundMessage, storeInbound } from '../inbound/inbound.ts';
import { findViolations } from '../invariants/invariants.ts';
import type { ContactFact } from './contact-fact.ts';
import { learnContacts } from './learn.ts';
import { findContactMerges, publishContactMerges } from './merges.ts';

const WORKERS = 2;
const SESSIONS_EACH = 2;
const PEOPLE = 150;
const BATCH = 20;

let database: TestDatabase;
/** Of each worker. */
const owners: Ownership[][] = [];
let workspaceId: string;

beforeAll(async () => {
  database = await createTestDatabase({ max: 12 });
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
  for (let worker = 0; worker < WORKERS; worker += 1) {
    const own: Ownership[] = [];
    for (let n = 0; n < SESSIONS_EACH; n += 1) {
      const seeded = await seedSession(database.pool, { state: 'CONNECTED' });
      workspaceId ??= seeded.workspaceId;
      const values = [workspaceId, seeded.sessionId];
      await database.pool.query('UPDATE sessions SET workspace_id = $1 WHERE id = $2', values);
      await database.pool.query(
        "INSERT INTO session_keys (session_id, kind, key_id, value) VALUES ($1, 'creds', 'creds', 'x')",
        [seeded.sessionId],
      );
      own.push({
        sessionId: seeded.sessionId,
        epoch: (await placeSession(database.pool, seeded.sessionId))!.epoch,
      });
    }
    owners.push(own);
  }
});
afterAll(() => database?.drop());

const numberOf = (person: number) => `1666${String(person).padStart(5, '0')}@s.whatsapp.net`;
const lidOf = (person: number) => `3000${String(person).padStart(5, '0')}@lid`;

interface Arrival {
  owner: Ownership;
  fact: ContactFact;
  message: InboundMessage;
}

function arrival(
  owner: Ownership,
  person: number,
  name: 'number' | 'lid',
  more: { id: string; tells?: boolean },
): Arrival {
  const [chatJid, other] = name === 'lid' ? [lidOf(person), numberOf(person)] : [numberOf(person), lidOf(person)];
  const fact = { sessionId: owner.sessionId, jid: chatJid, at: new Date(), ...(more.tells && { altJid: other }) };
  const common = { ...owner, id: newId(), waMessageId: more.id, chatJid, fromJid: chatJid, fromMe: false };
  return { owner, fact, message: { ...common, type: 'text', text: 'hello', waTimestamp: new Date() } };
}

const shuffled = <T>(items: readonly T[]) => items.toSorted(() => Math.random() - 0.5);
const query = async <T extends object>(text: string, values: unknown[]) =>
  (await database.pool.query<T>(text, values)).rows;

/** One worker: facts before messages, batch after batch; it looks for changes that others have found out. */
async function work(own: readonly Ownership[], arrivals: readonly Arrival[], onEvents: (types: string[]) => void) {
  const publish = async () => {
    const sessionIds = own.map(({ sessionId }) => sessionId);
    if ((await findContactMerges(database.pool, sessionIds)).length === 0) return;
    for (let hasMore = true; hasMore; ) {
      const published = await publishContactMerges(database.pool, own);
      onEvents(published.events.map(({ sessionId, data }) => `${sessionId} ${String(data.contactId)}`));
      hasMore = published.hasMore;
    }
  };
  for (let n = 0; n < arrivals.length; n += BATCH) {
    const batch = arrivals.slice(n, n + BATCH);
    await learnContacts(
      database.pool,
      batch.map(({ fact }) => fact),
    );
    const messages = batch.map(({ message }) => message);
    const { held } = await storeInbound(database.pool, messages);
    // Copies in one batch are stored one by one, as the projector does in a transaction.
    if (held.length > 0)
      for (const message of messages) await storeInbound(database.pool, [message], [], { mayHold: false });
    await publish();
  }
  return publish;
}

it('two workers, many people: no deadlock, no event lost or told twice, ids stay, one row per message (MR-136)', async () => {
  const people = Array.from({ length: PEOPLE }, (_, person) => person);
  const told: string[] = [];
  const run = (arrivalsOf: (own: readonly Ownership[]) => Arrival[]) =>
    Promise.all(owners.map((own) => work(own, arrivalsOf(own), (events) => told.push(...events))));

  // Half of the sessions of each worker meet everybody by the number, half by the LID: two contacts each.
  await run((own) =>
    shuffled(
      people.flatMap((person) =>
        own.map((owner, n) => arrival(owner, person, n % 2 ? 'lid' : 'number', { id: `F${person}` })),
      ),
    ),
  );
  const before = await query<{ id: string }>('SELECT id FROM contacts WHERE workspace_id = $1', [workspaceId]);
  expect(before).toHaveLength(2 * PEOPLE);

  // Each worker hears from half of them who they are, while copies and new messages come under both names to both.
  const publishers = await run((own) => {
    const worker = owners.indexOf(own as Ownership[]);
    return shuffled(
      people.flatMap((person) =>
        own.flatMap((owner, n) => [
          arrival(owner, person, n % 2 ? 'number' : 'lid', { id: `F${person}` }),
          arrival(owner, person, 'lid', { id: `S${person}`, tells: person % 2 === worker }),
        ]),
      ),
    );
  });
  for (const publish of publishers) await publish();

  const after = await query<{ id: string; into: string | null }>(
    'SELECT id, merged_into AS into FROM contacts WHERE workspace_id = $1',
    [workspaceId],
  );
  expect(new Set(after.map(({ id }) => id))).toEqual(new Set(before.map(({ id }) => id)));
  const alive = after.filter(({ into }) => into === null);
  expect(alive).toHaveLength(PEOPLE);
  // The older of the two stays.
  for (const { id, into } of after) if (into !== null) expect(into < id).toBe(true);

  const sessionIds = owners.flat().map(({ sessionId }) => sessionId);
  const expected = alive.flatMap(({ id }) => sessionIds.map((sessionId) => `${sessionId} ${id}`)).sort();
  expect(told.sort()).toEqual(expected);
  const events = await query<{ count: number }>(
    `SELECT count(*) AS count FROM events WHERE session_id = ANY($1) AND type = 'contact.merged'`,
    [sessionIds],
  );
  expect(events[0]!.count).toBe(expected.length);
  const rows = await query<{ count: number; ids: number }>(
    'SELECT count(*) AS count, count(DISTINCT session_id || wa_message_id) AS ids FROM messages WHERE session_id = ANY($1)',
    [sessionIds],
  );
  expect(rows).toEqual([{ count: 2 * PEOPLE * sessionIds.length, ids: 2 * PEOPLE * sessionIds.length }]);
  expect(await findViolations(database.pool)).toEqual([]);
}, 120_000);

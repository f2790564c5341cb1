/**
 * Whatever the order in which facts about people and copies of their messages come, to whichever session, each person
 * is one contact, and each message one row of its session.
 */
import { type Ownership, placeSession, registerWorker, scaleTiming } from '@wa-gate/cluster';
import { newId } from '@wa-gate/kit';
import { createTestDatabase, seedSession, type TestDatabase, workerRegistration } from '@wa-gate/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { storeInbound } from '../inbound/inbound.ts';
import { findViolations } from '../invariants/invariants.ts';
import type { ContactFact } from './contact-fact.ts';
import { identityOf } from './identity-sql.ts';
import { learnContacts } from './learn.ts';
import { publishContactMerges } from './merges.ts';

const PEOPLE = 3;
const MESSAGES = 2;
const SESSIONS = 2;
const RUNS = 10;

let database: TestDatabase;
let runs = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
});
afterAll(() => database?.drop());

type Name = 'number' | 'spelling' | 'lid';
type Step =
  | { kind: 'mapping'; person: number; session: number; isTurned: boolean }
  | { kind: 'spelling'; person: number; session: number }
  | { kind: 'copy'; person: number; session: number; message: number; name: Name; isStub: boolean }
  | { kind: 'publish'; session: number };

const session = fc.nat(SESSIONS - 1);
const copy = fc.record({
  kind: fc.constant('copy' as const),
  person: fc.nat(PEOPLE - 1),
  session,
  message: fc.nat(MESSAGES - 1),
  name: fc.constantFrom<Name>('number', 'spelling', 'lid'),
  isStub: fc.boolean(),
});
const told = Array.from({ length: PEOPLE }, (_, person) => [
  fc.record({ kind: fc.constant('mapping' as const), person: fc.constant(person), session, isTurned: fc.boolean() }),
  fc.record({ kind: fc.constant('spelling' as const), person: fc.constant(person), session }),
]).flat();
/** All that is told of each person, among copies of messages and events, in any order. */
const steps: fc.Arbitrary<Step[]> = fc
  .tuple(
    fc.tuple(...told),
    fc.array(copy, { minLength: 4, maxLength: 14 }),
    fc.array(fc.record({ kind: fc.constant('publish' as const), session }), { maxLength: 6 }),
  )
  .map((parts): Step[] => parts.flat())
  .chain((all) => fc.shuffledSubarray(all, { minLength: all.length }));

it('any order of the same facts and messages gives the same people, chats and rows (MR-136)', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      runs += 1;
      const nameOf = (person: number, name: Name) =>
        name === 'lid' ? `2${runs}00${person}@lid` : `${name === 'number' ? 1 : 3}555${runs}0${person}@s.whatsapp.net`;
      const first = await seedSession(database.pool, { state: 'CONNECTED' });
      const owners: Ownership[] = [];
      for (let n = 0; n < SESSIONS; n += 1) {
        const { sessionId } = n === 0 ? first : await seedSession(database.pool, { state: 'CONNECTED' });
        const values = [first.workspaceId, sessionId];
        await database.pool.query('UPDATE sessions SET workspace_id = $1 WHERE id = $2', values);
        await database.pool.query(
          "INSERT INTO session_keys (session_id, kind, key_id, value) VALUES ($1, 'creds', 'creds', 'x')",
          [sessionId],
        );
        owners.push({ sessionId, epoch: (await placeSession(database.pool, sessionId))!.epoch });
      }
      const learn = (of: number, fact: Omit<ContactFact, 'sessionId' | 'at'>) =>
        learnContacts(database.pool, [{ ...fact, sessionId: owners[of]!.sessionId, at: new Date() }]);

      for (const step of list) {
        const owner = owners[step.session]!;
        if (step.kind === 'publish') {
          await publishContactMerges(database.pool, [owner]);
          continue;
        }
        const [number, lid] = [nameOf(step.person, 'number'), nameOf(step.person, 'lid')];
        if (step.kind === 'mapping') {
          await learn(step.session, step.isTurned ? { jid: lid, altJid: number } : { jid: number, altJid: lid });
        } else if (step.kind === 'spelling') {
          await learn(step.session, { jid: number, spellings: [nameOf(step.person, 'spelling')] });
        } else {
          const chatJid = nameOf(step.person, step.name);
          const content = step.isStub ? { type: 'unknown', isStub: true } : { type: 'text', text: 'hello' };
          const waMessageId = `${step.person}-${step.message}`;
          const message = { ...owner, id: newId(), waMessageId, chatJid, fromJid: chatJid, fromMe: false };
          await learn(step.session, { jid: chatJid });
          await storeInbound(database.pool, [{ ...message, ...content, waTimestamp: new Date() } as never]);
        }
      }
      for (const owner of owners) await publishContactMerges(database.pool, [owner]);

      const contactOf = async (jid: string) => {
        const { rows } = await database.pool.query<{ of: { contactId: string } }>(
          `SELECT ${identityOf('$1::uuid', '$2::text')} AS of`,
          [first.workspaceId, jid],
        );
        return rows[0]!.of.contactId;
      };
      const ids: string[] = [];
      for (let person = 0; person < PEOPLE; person += 1) {
        const names = (['number', 'spelling', 'lid'] as const).map((name) => contactOf(nameOf(person, name)));
        const [one, ...others] = await Promise.all(names);
        expect(others).toEqual([one, one]);
        ids.push(one!);
      }
      expect(new Set(ids).size).toBe(PEOPLE);

      const copies = list.filter((step) => step.kind === 'copy');
      const expected = new Map<string, boolean>();
      for (const { session: of, person, message, isStub } of copies) {
        const key = `${owners[of]!.sessionId} ${person}-${message}`;
        expected.set(key, (expected.get(key) ?? true) && isStub);
      }
      const { rows } = await database.pool.query<{ key: string; isStub: boolean; events: number }>(
        `SELECT m.session_id || ' ' || m.wa_message_id AS key, m.is_stub AS "isStub",
           (SELECT count(*) FROM events e WHERE e.session_id = m.session_id AND e.data->>'messageId' = m.id::text
             AND e.type IN ('message.received', 'message.recovered')) AS events
         FROM messages m WHERE m.session_id = ANY($1)`,
        [owners.map(({ sessionId }) => sessionId)],
      );
      expect(rows.map(({ key }) => key).sort()).toEqual([...expected.keys()].sort());
      // Told once as something that can be read, if ever it could.
      for (const { key, isStub, events } of rows) {
        expect([key, isStub, events]).toEqual([key, expected.get(key), isStub ? 0 : 1]);
      }
    }),
    { numRuns: RUNS },
  );
  expect(await findViolations(database.pool)).toEqual([]);
}, 60_000);

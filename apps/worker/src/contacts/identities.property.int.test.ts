/**
 * Whatever the order in which sessions on several workers learn which numbers and LIDs belong together, and however
 * often these workers begin with an empty memory: who is met is one contact.
 */
import { placeSession, registerWorker, scaleTiming } from '@wa-gate/cluster';
import { createLogger, systemClock } from '@wa-gate/kit';
import { identityOf } from '@wa-gate/messaging';
import { createTestDatabase, seedSession, type TestDatabase, workerRegistration } from '@wa-gate/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { KeyedLock } from '../keyed-lock.ts';
import { ContactFeed } from './contact-feed.ts';
import { factsOfMapping } from './facts.ts';

const PEOPLE = 4;
const SESSIONS = 3;
const RUNS = 15;
const OWN = { jid: '1000@s.whatsapp.net', lid: '77@lid' };

let database: TestDatabase;
let runs = 0;
beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
});
afterAll(() => database?.drop());

type Step =
  | { kind: 'mapping' | 'met'; person: number; session: number; name: 'number' | 'lid' }
  | { kind: 'restart'; session: number };

const session = fc.nat(SESSIONS - 1);
const told = (person: number, kind: 'mapping' | 'met', name: 'number' | 'lid') =>
  fc.record({ kind: fc.constant(kind), person: fc.constant(person), session, name: fc.constant(name) });
/** Of the last person only the mapping is told: nobody meets it. */
const facts = Array.from({ length: PEOPLE }, (_, person) => [
  told(person, 'mapping', 'number'),
  ...(person === PEOPLE - 1 ? [] : [told(person, 'met', 'number'), told(person, 'met', 'lid')]),
]).flat();
const steps: fc.Arbitrary<Step[]> = fc
  .tuple(
    fc.tuple(...facts),
    fc.array(fc.record({ kind: fc.constant('restart' as const), session }), { maxLength: 6 }),
    // Some facts come again.
    fc.array(fc.oneof(...facts.slice(0, -1)), { maxLength: 6 }),
  )
  .map((parts): Step[] => parts.flat())
  .chain((all) => fc.shuffledSubarray(all, { minLength: all.length }));

it('any order of the same facts over several sessions, with restarts between, gives the same people (MR-136)', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (list, isTogether) => {
      runs += 1;
      const nameOf = (person: number, name: 'number' | 'lid') =>
        name === 'lid' ? `9${runs}00${person}@lid` : `1555${runs}0${person}@s.whatsapp.net`;
      const first = await seedSession(database.pool, { state: 'CONNECTED' });
      const owners: { sessionId: string; epoch: number }[] = [];
      for (let n = 0; n < SESSIONS; n += 1) {
        const { sessionId } = n === 0 ? first : await seedSession(database.pool, { state: 'CONNECTED' });
        await database.pool.query('UPDATE sessions SET workspace_id = $1 WHERE id = $2', [
          first.workspaceId,
          sessionId,
        ]);
        owners.push({ sessionId, epoch: (await placeSession(database.pool, sessionId))!.epoch });
      }
      const newFeed = (of: number) =>
        new ContactFeed({
          pool: database.pool,
          writeLock: new KeyedLock(),
          clock: systemClock,
          logger: createLogger({ service: 'test', level: 'silent' }),
          announce: () => undefined,
          onStale: () => undefined,
          owners: () => [owners[of]!],
        });
      const feeds = owners.map((_, of) => newFeed(of));
      const factsOf = (step: Exclude<Step, { kind: 'restart' }>) => {
        const pair = { pn: nameOf(step.person, 'number'), lid: nameOf(step.person, 'lid') };
        const found =
          step.kind === 'mapping'
            ? factsOfMapping(pair, OWN, new Date())
            : [{ jid: nameOf(step.person, step.name), at: new Date() }];
        return found.map((fact) => ({ ...fact, ...owners[step.session]! }));
      };
      const waiting: ReturnType<typeof factsOf>[] = owners.map(() => []);
      const learn = async (of: number) => {
        const these = waiting[of]!.splice(0);
        if (these.length > 0) await feeds[of]!.learn(these);
      };
      for (const step of list) {
        if (step.kind === 'restart') {
          await learn(step.session);
          feeds[step.session] = newFeed(step.session);
          continue;
        }
        waiting[step.session]!.push(...factsOf(step));
        if (!isTogether) await learn(step.session);
      }
      // In batches of several sessions at the same time: each worker writes for itself.
      await Promise.all(owners.map((_, of) => learn(of)));

      const contactOf = async (jid: string) => {
        const { rows } = await database.pool.query<{ of: { contactId: string | null } }>(
          `SELECT ${identityOf('$1::uuid', '$2::text')} AS of`,
          [first.workspaceId, jid],
        );
        return rows[0]!.of.contactId;
      };
      const ids: (string | null)[] = [];
      for (let person = 0; person < PEOPLE; person += 1) {
        const [byNumber, byLid] = [await contactOf(nameOf(person, 'number')), await contactOf(nameOf(person, 'lid'))];
        expect(byLid).toBe(byNumber);
        ids.push(byNumber);
      }
      expect(ids.at(-1)).toBeNull();
      expect(new Set(ids).size).toBe(PEOPLE);
      const { rows } = await database.pool.query('SELECT lid FROM contact_mappings WHERE workspace_id = $1', [
        first.workspaceId,
      ]);
      // What is not needed any more is not kept.
      expect(rows).toEqual([{ lid: nameOf(PEOPLE - 1, 'lid') }]);
    }),
    { numRuns: RUNS },
  );
}, 60_000);

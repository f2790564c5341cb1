/** Whatever the order in which a message and what was done to it arrive, it ends in the same state, votes included. */
import { placeSession, registerWorker, scaleTiming } from '@wa-gate/cluster';
import { inTransaction } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { createTestDatabase, seedSession, type TestDatabase, workerRegistration } from '@wa-gate/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyChanges, type InboundChange, takeWaitingChanges } from './changes.ts';
import { storeInbound } from './inbound.ts';

const GROUP = '120363@g.us';
const PEOPLE = [
  { fromJid: '91@lid', fromAltJid: '15550001@s.whatsapp.net' },
  { fromJid: '92@lid', fromAltJid: '15550002@s.whatsapp.net' },
];
const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000);

let database: TestDatabase;
let owner: { sessionId: string; epoch: number };
let counter = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 10 }), scaleTiming(60));
  const { sessionId } = await seedSession(database.pool, { state: 'CONNECTED' });
  owner = { sessionId, epoch: (await placeSession(database.pool, sessionId))!.epoch };
});
afterAll(() => database?.drop());

/** What was done, in the order of WhatsApp's time. */
type Fact =
  | { kind: 'edit'; text: string }
  | { kind: 'revoke' }
  | { kind: 'reaction'; by: number; emoji: string; byLid: boolean }
  | { kind: 'vote'; by: number; options: string[]; byLid: boolean };

const OPTIONS = ['Yes', 'No', 'Later'];

const fact: fc.Arbitrary<Fact> = fc.oneof(
  fc.record({ kind: fc.constant('edit' as const), text: fc.constantFrom('second', 'third', 'fourth') }),
  fc.record({
    kind: fc.constant('reaction' as const),
    by: fc.constantFrom(0, 1),
    emoji: fc.constantFrom('👍', '❤️', ''),
    byLid: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('vote' as const),
    by: fc.constantFrom(0, 1),
    options: fc.subarray(OPTIONS),
    byLid: fc.boolean(),
  }),
);
/** At most one deletion, at the end: nobody changes what is deleted. */
const facts = fc
  .tuple(fc.array(fact, { minLength: 1, maxLength: 5 }), fc.boolean())
  .map(([list, isDeleted]): Fact[] => (isDeleted ? [...list, { kind: 'revoke' }] : list));

function expected(list: readonly Fact[]) {
  const edits = list.flatMap((each) => (each.kind === 'edit' ? [each.text] : []));
  const isDeleted = list.some(({ kind }) => kind === 'revoke');
  const reactions = PEOPLE.map((_, by) => list.findLast((each) => each.kind === 'reaction' && each.by === by));
  const votes = PEOPLE.map((_, by) => list.findLast((each) => each.kind === 'vote' && each.by === by));
  return {
    votes: votes.flatMap((each) => (each?.kind === 'vote' ? each.options : [])).sort(),
    text: isDeleted ? null : (edits.at(-1) ?? 'first'),
    isDeleted,
    reactions: reactions.flatMap((each) => (each?.kind === 'reaction' && each.emoji ? [each.emoji] : [])).sort(),
  };
}

function dataOf(each: Fact): Record<string, unknown> {
  if (each.kind === 'edit') return { type: 'text', text: each.text };
  if (each.kind === 'reaction') return { emoji: each.emoji };
  return each.kind === 'vote' ? { options: each.options } : {};
}

function changeOf(waMessageId: string, each: Fact, seconds: number): InboundChange {
  const person = PEOPLE['by' in each ? each.by : 0]!;
  const names = 'byLid' in each && !each.byLid ? { fromJid: person.fromAltJid, fromAltJid: person.fromJid } : person;
  const common = { chatJid: GROUP, fromMe: false, byAdmin: false, target: { waMessageId, fromMe: false } };
  return {
    ...owner,
    ...common,
    ...names,
    id: newId(),
    waMessageId: `C${++counter}`,
    kind: each.kind,
    data: dataOf(each),
    waTimestamp: at(seconds),
  };
}

/** Stores the message, with what waits for it, as a worker does. */
async function store(id: string, waMessageId: string): Promise<void> {
  const message = { ...owner, ...PEOPLE[0]!, id, waMessageId, chatJid: GROUP, fromMe: false, waTimestamp: at(0) };
  const messages = [{ ...message, type: 'text' as const, text: 'first' }];
  if ((await storeInbound(database.pool, messages)).held.length === 0) return;
  await inTransaction(database.pool, async (db) => {
    await storeInbound(db, messages, [], { mayHold: false });
    for (const each of await takeWaitingChanges(db, messages)) await applyChanges(db, [each]);
  });
}

it('a message ends in the same state, and a poll with the same votes, in whatever order it and its changes arrive (MR-060)', async () => {
  const orders = facts.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray([...list.keys(), -1], { minLength: list.length + 1 })),
  );
  await fc.assert(
    fc.asyncProperty(orders, async ([list, order]) => {
      const [id, waMessageId] = [newId(), `M${++counter}`];
      const changes = list.map((each, index) => changeOf(waMessageId, each, index + 1));
      for (const index of order) {
        if (index === -1) await store(id, waMessageId);
        else await applyChanges(database.pool, [changes[index]!]);
      }
      const { rows } = await database.pool.query(
        `SELECT text, revoked_at IS NOT NULL AS "isDeleted", coalesce((SELECT array_agg(data->>'emoji') FROM message_changes c
            WHERE c.message_id = m.id AND c.kind = 'reaction' AND c.is_current AND c.data->>'emoji' <> ''), '{}') AS reactions,
            coalesce((SELECT array_agg(o.name) FROM message_changes c CROSS JOIN LATERAL jsonb_array_elements_text(c.data->'options') AS o(name)
              WHERE c.message_id = m.id AND c.kind = 'vote' AND c.is_current), '{}') AS votes
          FROM messages m WHERE id = $1`,
        [id],
      );
      const { reactions, votes, ...state } = rows[0]! as { reactions: string[]; votes: string[] };
      expect({ ...state, reactions: reactions.sort(), votes: votes.sort() }).toEqual(expected(list));
    }),
    { numRuns: 60 },
  );
});

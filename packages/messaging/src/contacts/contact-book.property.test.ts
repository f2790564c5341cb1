import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ContactBook } from './contact-book.ts';
import type { ContactFact } from './contact-fact.ts';

const number = (n: number) => `1555000${n}@s.whatsapp.net`;
const spelling = (n: number) => `99${n}@s.whatsapp.net`;
const lid = (n: number) => `20000${n}@lid`;
const PEOPLE = 4;

const person = fc.nat(PEOPLE - 1);
const at = fc.integer({ min: 1, max: 1_000_000 }).map((ms) => new Date(ms));
const name = fc.constantFrom('Ann', 'Ben', 'Cleo', null);

/** What can be told of people of whom each has one number, two spellings of it, and one LID. */
const fact: fc.Arbitrary<ContactFact> = fc.oneof(
  fc.record({ jid: person.map(number), at }),
  fc.record({ jid: person.map(spelling), at }),
  fc.record({ jid: person.map(lid), at, names: fc.record({ push: name }) }),
  fc.record({
    jid: person.map(number),
    at,
    names: fc.record({ saved: name, verified: name }),
    isBusiness: fc.boolean(),
  }),
  fc.tuple(person, at, fc.boolean()).map(([n, time, isTurned]) => ({
    jid: isTurned ? lid(n) : number(n),
    altJid: isTurned ? number(n) : lid(n),
    at: time,
  })),
  fc.tuple(person, at).map(([n, time]) => ({ jid: number(n), spellings: [spelling(n)], at: time })),
);

/** A number that has changed hands. */
const move: fc.Arbitrary<ContactFact> = fc
  .tuple(person, person, at)
  .map(([n, to, time]) => ({ jid: number(n), altJid: lid(to), at: time }));

/** The same as after a restart: each batch begins with what the one before has stored. */
function identitiesAfter(batches: readonly (readonly ContactFact[])[]) {
  let ids = 0;
  const newId = () => `id-${String(ids++).padStart(6, '0')}`;
  let book = new ContactBook([], [], newId);
  const contacts = new Map<string, Parameters<typeof asRow>[0]>();
  const identities = new Map<string, ReturnType<ContactBook['changes']>['identities'][number]>();
  const aliases = new Map<string, string>();
  for (const batch of batches) {
    book = new ContactBook([...contacts.values()].map(asRow), [...identities.values()], newId);
    for (const it of batch) book.apply(it);
    const changes = book.changes();
    for (const contact of changes.contacts) contacts.set(contact.id, contact);
    for (const row of changes.identities) identities.set(row.jid, row);
    for (const { id, into } of changes.merged) {
      contacts.delete(id);
      aliases.set(id, into);
    }
  }
  return { views: book.views(), contacts, identities, aliases };
}
const asRow = ({
  id,
  names,
  isBusiness,
  firstSeenAt,
  lastSeenAt,
}: ReturnType<ContactBook['changes']>['contacts'][number]) => ({
  id,
  names,
  isBusiness,
  firstSeenAt,
  lastSeenAt,
});

const whole = ({ views }: ReturnType<typeof identitiesAfter>) =>
  views.map(({ contact, jids }) => ({ ...contact, id: undefined, jids })).sort(byJids);
const names = ({ views }: ReturnType<typeof identitiesAfter>) =>
  views.map(({ contact: { phoneNumber, lid: of }, jids }) => ({ phoneNumber, lid: of, jids })).sort(byJids);
const byJids = (a: { jids: string[] }, b: { jids: string[] }) => (a.jids.join() < b.jids.join() ? -1 : 1);

/** The facts in two orders, cut into batches in two ways. */
const twice = (facts: fc.Arbitrary<ContactFact[]>) =>
  facts.chain((all) =>
    fc.record({
      one: fc.shuffledSubarray(all, { minLength: all.length }),
      other: fc.shuffledSubarray(all, { minLength: all.length }),
      cut: fc.integer({ min: 1, max: 5 }),
    }),
  );
const cut = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));

it('the same facts in any order, at once or one by one, give the same people with all names (MR-136)', () => {
  fc.assert(
    fc.property(twice(fc.array(fact, { maxLength: 25 })), ({ one, other, cut: size }) => {
      expect(whole(identitiesAfter(cut(one, size)))).toEqual(whole(identitiesAfter([other])));
    }),
    { numRuns: 400 },
  );
});

it('a number that changes hands ends with whom WhatsApp named last, whatever is heard first (MR-136)', () => {
  fc.assert(
    fc.property(twice(fc.array(fc.oneof(fact, move), { maxLength: 25 })), ({ one, other, cut: size }) => {
      expect(names(identitiesAfter(cut(one, size)))).toEqual(names(identitiesAfter([other])));
    }),
    { numRuns: 400 },
  );
});

it('each id that was ever stored still means somebody, and no person has two LIDs (MR-136)', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fact, move), { maxLength: 30 }), (facts) => {
      const { contacts, identities, aliases } = identitiesAfter(cut(facts, 3));
      for (let id of aliases.keys()) {
        while (aliases.has(id)) id = aliases.get(id)!;
        expect(contacts.has(id)).toBe(true);
      }
      for (const { contactId } of identities.values()) expect(contacts.has(contactId)).toBe(true);
      const lids = [...identities.values()].filter(({ jid }) => jid.endsWith('@lid')).map(({ contactId }) => contactId);
      expect(new Set(lids).size).toBe(lids.length);
    }),
    { numRuns: 300 },
  );
});

it('the older id stays when two contacts turn out to be one, and says so (MR-136)', () => {
  const time = new Date(5);
  const book = new ContactBook(
    [
      { id: 'b', names: { push: { value: 'Ann', at: 2 } }, isBusiness: false, firstSeenAt: 2, lastSeenAt: 2 },
      { id: 'a', names: {}, isBusiness: false, firstSeenAt: 1, lastSeenAt: 1 },
    ],
    [
      { jid: number(1), contactId: 'b', spellingOf: null, mappedAt: null },
      { jid: lid(1), contactId: 'a', spellingOf: null, mappedAt: null },
    ],
    () => 'new',
  );
  book.apply({ jid: lid(1), altJid: number(1), at: time });
  expect(book.changes()).toMatchObject({
    merged: [{ id: 'b', into: 'a' }],
    changes: [
      {
        contact: { id: 'a', name: 'Ann', phoneNumber: '+15550001', lid: lid(1), firstSeenAt: 1 },
        merged: ['b'],
        jids: [number(1), lid(1)],
      },
    ],
  });
});

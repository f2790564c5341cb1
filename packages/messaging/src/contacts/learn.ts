import { inTransaction, type Pool, type PoolClient, type Queryable, type TransactionLimits } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { type BookChanges, ContactBook, type ContactRow, type ContactView, type IdentityRow } from './contact-book.ts';
import { type ContactFact, isLidJid, isNumberJid, isPersonJid, NAME_KINDS } from './contact-fact.ts';

/**
 * The facts that tell something new, by their position, with their workspace. What is known costs this one statement,
 * which locks nothing. A fact of a session or workspace that does not exist is left out. A mapping of people whom
 * nobody has met is known when it is stored, and no later word about the number is.
 */
const NEWS = {
  name: 'news-of-contacts',
  text: `SELECT f.ord::int AS ord, w.id AS "workspaceId"
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::bool[], $8::bool[])
      WITH ORDINALITY
      AS f(session_id, workspace_id, jid, alt_jid, spellings, names, is_business, of_known_only, ord)
    LEFT JOIN sessions s ON s.id = f.session_id
    JOIN workspaces w ON w.id = coalesce(f.workspace_id, s.workspace_id)
    LEFT JOIN contact_identities i ON i.workspace_id = w.id AND i.jid = f.jid
    LEFT JOIN contacts c ON c.id = i.contact_id
    WHERE (f.session_id IS NULL OR s.id IS NOT NULL)
      AND (NOT f.of_known_only OR i.jid IS NOT NULL
        OR EXISTS (SELECT 1 FROM contact_identities a WHERE a.workspace_id = w.id AND a.jid = f.alt_jid)
        OR f.alt_jid <> '' AND NOT EXISTS (SELECT 1 FROM contact_mappings u WHERE u.workspace_id = w.id AND u.number_jid IN (f.jid, f.alt_jid)
          AND u.lid IN (f.jid, f.alt_jid) AND NOT EXISTS (SELECT 1 FROM contact_mappings v WHERE v.workspace_id = u.workspace_id
            AND v.number_jid = u.number_jid AND v.lid <> u.lid AND v.mapped_at >= u.mapped_at)))
      AND NOT coalesce(
      c.id IS NOT NULL
      AND (f.session_id IS NULL OR f.of_known_only OR EXISTS (SELECT 1 FROM session_contacts k WHERE k.session_id = f.session_id AND k.jid = f.jid))
      AND NOT EXISTS (SELECT 1 FROM unnest(string_to_array(f.alt_jid, ' ') || string_to_array(f.spellings, ' ')) AS o(jid)
        LEFT JOIN contact_identities k ON k.workspace_id = w.id AND k.jid = o.jid WHERE k.contact_id IS DISTINCT FROM c.id)
      AND (NOT f.is_business OR c.is_business)
      AND NOT EXISTS (SELECT 1 FROM jsonb_each_text(f.names) AS d(kind, value)
        WHERE d.value IS DISTINCT FROM CASE d.kind WHEN 'saved' THEN c.saved_name WHEN 'book' THEN c.book_name WHEN 'push' THEN c.push_name
          WHEN 'business' THEN c.business_name ELSE c.verified_name END), false)
    ORDER BY f.ord`,
};

/**
 * Whoever has the lock of a workspace and stands still (a process that is stopped, a line that is cut) makes all others
 * wait with their messages. So it loses the lock soon, and the others give up later than that.
 */
export const UNDER_LOCK: TransactionLimits = { idleMs: 3_000, lockMs: 5_000 };

/**
 * One lock for each workspace, until the transaction ends: what learns of contacts in a workspace runs one after the
 * other, so that no two merges meet on the rows of a person. Locked in the order of the keys, so that two batches over
 * several workspaces cannot deadlock.
 */
const LOCK = {
  name: 'lock-contacts',
  text: `SELECT pg_advisory_xact_lock(k.key)
    FROM (SELECT hashtextextended('contacts ' || w, 0) AS key FROM unnest($1::text[]) AS w ORDER BY key) AS k`,
};

/**
 * Everything about the contacts that have one of these names, or one that a mapping joins to them; and these mappings.
 * One row of two lists, so that a new person costs no further statement.
 */
const LOAD = {
  name: 'load-contacts',
  text: `WITH RECURSIVE reached AS (
      SELECT * FROM unnest($1::uuid[], $2::text[]) AS n(workspace_id, jid)
      UNION
      SELECT r.workspace_id, o.jid FROM reached r CROSS JOIN LATERAL (
        SELECT m.lid AS jid FROM contact_mappings m WHERE m.workspace_id = r.workspace_id AND m.number_jid = r.jid
        UNION ALL SELECT m.number_jid FROM contact_mappings m WHERE m.workspace_id = r.workspace_id AND m.lid = r.jid) o
    ), named AS (
      SELECT DISTINCT i.contact_id FROM reached JOIN contact_identities i USING (workspace_id, jid)
    ), found AS (
    SELECT c.id, c.workspace_id AS "workspaceId", c.is_business AS "isBusiness",
      json_build_object('saved', c.saved_name, 'book', c.book_name, 'push', c.push_name, 'business', c.business_name,
        'verified', c.verified_name) AS values, c.names_at AS "namesAt",
      (extract(epoch FROM c.first_seen_at) * 1000)::bigint AS "firstSeenAt",
      (extract(epoch FROM c.last_seen_at) * 1000)::bigint AS "lastSeenAt",
      (SELECT json_agg(json_build_object('jid', i.jid, 'contactId', i.contact_id, 'spellingOf', i.spelling_of,
          'mappedAt', (extract(epoch FROM i.mapped_at) * 1000)::bigint))
        FROM contact_identities i WHERE i.contact_id = c.id) AS identities
    FROM named JOIN contacts c ON c.id = named.contact_id)
    SELECT (SELECT coalesce(json_agg(found), '[]') FROM found) AS contacts,
      (SELECT coalesce(json_agg(json_build_object('workspaceId', m.workspace_id, 'number', m.number_jid, 'lid', m.lid,
          'at', (extract(epoch FROM m.mapped_at) * 1000)::bigint)), '[]')
        FROM reached r JOIN contact_mappings m ON m.workspace_id = r.workspace_id AND m.number_jid = r.jid) AS mappings`,
};

/**
 * The contacts and their names; those that are merged point to who they are now. A session that had met one of the
 * names before is to be told. A mapping is stored while nobody has met its person, and goes with the meeting.
 */
const STORE = {
  name: 'store-contacts',
  text: `WITH stored AS (
      INSERT INTO contacts AS c (id, workspace_id, name, phone_number, lid, saved_name, book_name, push_name, business_name, verified_name,
        names_at, is_business, first_seen_at, last_seen_at)
      SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
        $10::text[], $11::jsonb[], $12::bool[], $13::timestamptz[], $14::timestamptz[])
      ON CONFLICT (id) DO UPDATE SET name = excluded.name, phone_number = excluded.phone_number, lid = excluded.lid,
        saved_name = excluded.saved_name, book_name = excluded.book_name, push_name = excluded.push_name, business_name = excluded.business_name,
        verified_name = excluded.verified_name, names_at = excluded.names_at,
        is_business = excluded.is_business, first_seen_at = excluded.first_seen_at,
        last_seen_at = greatest(c.last_seen_at, excluded.last_seen_at)
    ), named AS (
      INSERT INTO contact_identities AS i (workspace_id, jid, contact_id, spelling_of, mapped_at)
      SELECT * FROM unnest($15::uuid[], $16::text[], $17::uuid[], $18::text[], $19::timestamptz[])
      ON CONFLICT (workspace_id, jid) DO UPDATE SET contact_id = excluded.contact_id, spelling_of = excluded.spelling_of,
        mapped_at = excluded.mapped_at
    ), merged AS (
      UPDATE contacts c SET merged_into = m.into_id, name = NULL, phone_number = NULL, lid = NULL, saved_name = NULL, book_name = NULL, push_name = NULL,
        business_name = NULL, verified_name = NULL, names_at = '{}'
      FROM unnest($20::uuid[], $21::uuid[]) AS m(id, into_id) WHERE c.id = m.id
    ), forwarded AS (
      UPDATE contacts c SET merged_into = m.into_id
      FROM unnest($20::uuid[], $21::uuid[]) AS m(id, into_id) WHERE c.merged_into = m.id
    ), met AS (
      INSERT INTO session_contacts (session_id, jid)
      SELECT DISTINCT k.session_id, k.jid FROM unnest($22::uuid[], $23::text[]) AS k(session_id, jid) JOIN sessions s ON s.id = k.session_id
      ON CONFLICT DO NOTHING
    ), waiting AS (
      INSERT INTO contact_mappings AS m (workspace_id, number_jid, lid, mapped_at)
      SELECT workspace_id, number_jid, lid, max(mapped_at) FROM unnest($27::uuid[], $28::text[], $29::text[], $30::timestamptz[])
        AS w(workspace_id, number_jid, lid, mapped_at) GROUP BY 1, 2, 3
      ON CONFLICT (workspace_id, number_jid, lid) DO UPDATE SET mapped_at = greatest(m.mapped_at, excluded.mapped_at)
    ), met_at_last AS (
      DELETE FROM contact_mappings m USING unnest($31::uuid[], $32::text[], $33::text[]) AS a(workspace_id, number_jid, lid)
      WHERE m.workspace_id = a.workspace_id AND m.number_jid = a.number_jid AND m.lid = a.lid
    ), concerned AS (
      INSERT INTO contact_merges (session_id, data)
      SELECT s.id, n.data FROM unnest($24::uuid[], $25::jsonb[], $26::jsonb[]) WITH ORDINALITY AS n(workspace_id, jids, data, ord)
      JOIN sessions s ON s.workspace_id = n.workspace_id
      WHERE EXISTS (SELECT 1 FROM session_contacts k WHERE k.session_id = s.id AND k.jid IN (SELECT jsonb_array_elements_text(n.jids)))
      ORDER BY n.ord
      RETURNING session_id
    )
    SELECT coalesce(json_agg(DISTINCT session_id), '[]') AS concerned FROM concerned`,
};

interface LoadedContact extends Omit<ContactRow, 'names'> {
  workspaceId: string;
  values: Record<string, string | null>;
  namesAt: Record<string, number>;
  identities: IdentityRow[] | null;
}

type PlacedFact = ContactFact & { workspaceId: string };

/** WhatsApp says that the LID has the number. */
interface Mapping {
  workspaceId: string;
  /** A jid, as `lid` is. */
  number: string;
  lid: string;
  /** Milliseconds since 1970. */
  at: number;
}

export interface Learnt {
  /** Sessions to which a change is to be told: their owners publish it ({@link publishContactMerges}). */
  concerned: string[];
}

const NOTHING: Learnt = { concerned: [] };

/** Characters of a name that are kept. */
const MAX_NAME = 200;

/**
 * Takes facts about persons into the contacts of their workspaces. What is known already costs one statement that locks
 * nothing; the rest is one transaction. Facts may come again and in any order.
 */
export async function learnContacts(pool: Pool, facts: readonly ContactFact[]): Promise<Learnt> {
  const news = await newsOf(pool, facts.filter(({ jid }) => isPersonJid(jid)).map(shortened));
  if (news.length === 0) return NOTHING;
  return await inTransaction(pool, (client) => learnInTransaction(client, news), UNDER_LOCK);
}

/** The same inside a transaction of the caller, without the look before. */
export async function learnInTransaction(client: PoolClient, news: readonly PlacedFact[]): Promise<Learnt> {
  const workspaces = byWorkspace(news);
  await lockContacts(client, [...workspaces.keys()]);
  const { contacts: found, mappings } = await load(client, news);
  const loaded = byWorkspace(found);
  const stored = byWorkspace(mappings);
  const books = [...workspaces].map(([workspaceId, itsFacts]) => {
    const contacts = loaded.get(workspaceId) ?? [];
    const identities = contacts.flatMap(({ identities: its }) => its ?? []);
    const book = new ContactBook(contacts.map(rowOf), identities, newId);
    for (const fact of itsFacts) if (!fact.ofKnownOnly) book.apply(fact);
    const told = itsFacts.filter(({ ofKnownOnly }) => ofKnownOnly);
    const remembered = (stored.get(workspaceId) ?? []).map(factOf);
    const strangers = applyToKnown(book, [...told, ...remembered]);
    return {
      workspaceId,
      ...book.changes(),
      waiting: told.filter((fact) => strangers.has(fact)).flatMap(mappingOf),
      applied: remembered.filter((fact) => !strangers.has(fact)).flatMap(mappingOf),
    };
  });
  const { rows } = await client.query<Learnt>({ ...STORE, values: storeValues(books, news) });
  return rows[0]!;
}

function mappingOf({ workspaceId, jid, altJid, at }: PlacedFact): Mapping[] {
  if (altJid === undefined) return [];
  const [number, lid] = isLidJid(jid) ? [altJid, jid] : [jid, altJid];
  return isNumberJid(number) && isLidJid(lid) ? [{ workspaceId, number, lid, at: at.getTime() }] : [];
}

const factOf = ({ workspaceId, number, lid, at }: Mapping): PlacedFact => ({
  workspaceId,
  jid: number,
  altJid: lid,
  ofKnownOnly: true,
  at: new Date(at),
});

/** Applies facts about people whom somebody has met, or whom another fact joins to these. Returns the others. */
function applyToKnown(book: ContactBook, facts: readonly PlacedFact[]): Set<PlacedFact> {
  const strangers = new Set(facts);
  for (let before = 0; before !== strangers.size; ) {
    before = strangers.size;
    for (const fact of strangers) {
      if (!book.knows(fact.jid) && !(fact.altJid !== undefined && book.knows(fact.altJid))) continue;
      book.apply(fact);
      strangers.delete(fact);
    }
  }
  return strangers;
}

/** Keeps everybody else from changing which contacts there are in these workspaces, until the transaction ends. */
export async function lockContacts(client: Queryable, workspaceIds: readonly string[]): Promise<void> {
  await client.query({ ...LOCK, values: [workspaceIds] });
}

function byWorkspace<T extends { workspaceId: string }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.workspaceId);
    if (group) group.push(item);
    else groups.set(item.workspaceId, [item]);
  }
  return groups;
}

function shortened(fact: ContactFact): ContactFact {
  if (!fact.names) return fact;
  const names = Object.entries(fact.names).map(([kind, value]) => [
    kind,
    value ? Array.from(value).slice(0, MAX_NAME).join('') : null,
  ]);
  return { ...fact, names: Object.fromEntries(names) };
}

async function newsOf(db: Queryable, facts: readonly ContactFact[]): Promise<PlacedFact[]> {
  if (facts.length === 0) return [];
  const column = <T>(read: (fact: ContactFact) => T) => facts.map(read);
  const { rows } = await db.query<{ ord: number; workspaceId: string }>({
    ...NEWS,
    values: [
      column(({ sessionId }) => sessionId ?? null),
      column(({ workspaceId }) => workspaceId ?? null),
      column(({ jid }) => jid),
      column(({ altJid }) => altJid ?? ''),
      column(({ spellings }) => spellings?.join(' ') ?? ''),
      column(({ names }) => JSON.stringify(names ?? {})),
      column(({ isBusiness }) => isBusiness ?? false),
      column(({ ofKnownOnly }) => ofKnownOnly ?? false),
    ],
  });
  return rows.map(({ ord, workspaceId }) => ({ ...facts[ord - 1]!, workspaceId }));
}

async function load(
  client: Queryable,
  facts: readonly PlacedFact[],
): Promise<{ contacts: LoadedContact[]; mappings: Mapping[] }> {
  const named = facts.flatMap((fact) => jidsOf(fact).map((jid) => ({ workspaceId: fact.workspaceId, jid })));
  const values = [named.map(({ workspaceId }) => workspaceId), named.map(({ jid }) => jid)];
  const { rows } = await client.query<{ contacts: LoadedContact[]; mappings: Mapping[] }>({ ...LOAD, values });
  return rows[0]!;
}

const jidsOf = ({ jid, altJid, spellings = [] }: ContactFact): string[] => [
  jid,
  ...(altJid === undefined ? [] : [altJid]),
  ...spellings,
];

const rowOf = ({ values, namesAt, ...contact }: LoadedContact): ContactRow => ({
  id: contact.id,
  isBusiness: contact.isBusiness,
  firstSeenAt: contact.firstSeenAt,
  lastSeenAt: contact.lastSeenAt,
  names: Object.fromEntries(
    NAME_KINDS.flatMap((kind) => {
      const at = namesAt[kind];
      return at === undefined ? [] : [[kind, { value: values[kind] ?? null, at }]];
    }),
  ),
});

type Changed = BookChanges & { workspaceId: string; waiting: readonly Mapping[]; applied: readonly Mapping[] };

function storeValues(books: readonly Changed[], facts: readonly PlacedFact[]): unknown[] {
  const contacts = books.flatMap(({ workspaceId, contacts: its }) => its.map((contact) => ({ workspaceId, contact })));
  const identities = books.flatMap(({ workspaceId, identities: its }) => its.map((row) => ({ workspaceId, ...row })));
  const merged = books.flatMap(({ merged: its }) => its);
  const changes = books.flatMap(({ workspaceId, changes: its }) => its.map((change) => ({ workspaceId, ...change })));
  const met = facts.flatMap((fact) =>
    fact.sessionId === undefined || fact.ofKnownOnly
      ? []
      : jidsOf(fact).map((jid) => ({ sessionId: fact.sessionId, jid })),
  );
  const waiting = books.flatMap(({ waiting: its }) => its);
  const applied = books.flatMap(({ applied: its }) => its);
  const ofContact = <T>(read: (contact: ContactView) => T) => contacts.map(({ contact }) => read(contact));
  const named = (kind: (typeof NAME_KINDS)[number]) => ofContact(({ names }) => names[kind]?.value ?? null);
  return [
    ofContact(({ id }) => id),
    contacts.map(({ workspaceId }) => workspaceId),
    ofContact(({ name }) => name),
    ofContact(({ phoneNumber }) => phoneNumber),
    ofContact(({ lid }) => lid),
    named('saved'),
    named('book'),
    named('push'),
    named('business'),
    named('verified'),
    ofContact(({ names }) =>
      JSON.stringify(Object.fromEntries(Object.entries(names).map(([kind, { at }]) => [kind, at]))),
    ),
    ofContact(({ isBusiness }) => isBusiness),
    ofContact(({ firstSeenAt }) => new Date(firstSeenAt)),
    ofContact(({ lastSeenAt }) => new Date(lastSeenAt)),
    identities.map(({ workspaceId }) => workspaceId),
    identities.map(({ jid }) => jid),
    identities.map(({ contactId }) => contactId),
    identities.map(({ spellingOf }) => spellingOf),
    identities.map(({ mappedAt }) => (mappedAt === null ? null : new Date(mappedAt))),
    merged.map(({ id }) => id),
    merged.map(({ into }) => into),
    met.map(({ sessionId }) => sessionId),
    met.map(({ jid }) => jid),
    changes.map(({ workspaceId }) => workspaceId),
    changes.map(({ jids }) => JSON.stringify(jids)),
    changes.map(({ contact, merged: mergedIds, jids }) =>
      JSON.stringify({
        contactId: contact.id,
        mergedContactIds: mergedIds,
        phoneNumber: contact.phoneNumber,
        lid: contact.lid,
        name: contact.name,
        jids,
      }),
    ),
    waiting.map(({ workspaceId }) => workspaceId),
    waiting.map(({ number }) => number),
    waiting.map(({ lid }) => lid),
    waiting.map(({ at }) => new Date(at)),
    applied.map(({ workspaceId }) => workspaceId),
    applied.map(({ number }) => number),
    applied.map(({ lid }) => lid),
  ];
}

/**
 * The last time at which the contacts of these names were seen. It waits for nobody: a contact that is being changed at
 * this moment is left out.
 */
const TOUCH = {
  name: 'touch-contacts',
  text: `UPDATE contacts c SET last_seen_at = greatest(c.last_seen_at, now())
    FROM (SELECT c.id FROM unnest($1::uuid[], $2::text[]) AS f(session_id, jid) JOIN sessions s ON s.id = f.session_id
      JOIN contact_identities i ON i.workspace_id = s.workspace_id AND i.jid = f.jid JOIN contacts c ON c.id = i.contact_id
      FOR NO KEY UPDATE OF c SKIP LOCKED) AS seen
    WHERE c.id = seen.id`,
};

/** Writes that these sessions have just heard of these persons. */
export async function touchContacts(db: Queryable, seen: readonly { sessionId: string; jid: string }[]): Promise<void> {
  await db.query({ ...TOUCH, values: [seen.map(({ sessionId }) => sessionId), seen.map(({ jid }) => jid)] });
}

import type { Contact } from '@wa-gate/contracts';
import { likeAnywhere, type Queryable } from '@wa-gate/db';
import type { Reach } from '../sessions/index.ts';

/** A contact as its row and its names say. */
export type ContactRecord = Omit<Contact, 'firstSeenAt' | 'lastSeenAt'> & { firstSeenAt: Date; lastSeenAt: Date };

export interface ContactsRepository {
  list(reach: Reach, search: string | undefined, page: { limit: number; offset: number }): Promise<ContactRecord[]>;
  count(reach: Reach, search: string | undefined): Promise<number>;
  /** By its id, or by an id that was merged into it. */
  findById(reach: Reach, id: string): Promise<ContactRecord | null>;
  /** The contact that has the first of these names that anybody has. */
  findByJids(reach: Reach, jids: readonly string[]): Promise<ContactRecord | null>;
  /** Which of these names somebody has. */
  knownJids(workspaceId: string, jids: readonly string[]): Promise<Set<string>>;
  /** Contacts by their ids, from the one behind `after` on. */
  after(reach: Reach, after: string | null, limit: number): Promise<ContactRecord[]>;
}

const COLUMNS = `c.id AS "contactId", c.name, json_build_object('saved', c.saved_name, 'book', c.book_name, 'push', c.push_name,
    'business', c.business_name, 'verified', c.verified_name) AS names, c.phone_number AS "phoneNumber", c.lid,
  coalesce((SELECT json_agg(i.jid ORDER BY i.jid) FROM contact_identities i WHERE i.contact_id = c.id), '[]') AS jids,
  c.is_business AS "isBusiness",
  (SELECT json_build_object('url', p.picture_url, 'checkedAt', to_char(p.checked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    FROM contact_identities i JOIN contact_profiles p ON p.workspace_id = i.workspace_id AND p.jid = i.jid
    WHERE i.contact_id = c.id AND p.picture_url IS NOT NULL ORDER BY p.checked_at DESC LIMIT 1) AS picture,
  coalesce((SELECT json_agg(DISTINCT l.label ORDER BY l.label) FROM contact_labels l
    WHERE l.contact_id = c.id OR l.contact_id IN (SELECT m.id FROM contacts m WHERE m.merged_into = c.id)), '[]') AS labels,
  coalesce((SELECT json_agg(m.id ORDER BY m.id) FROM contacts m WHERE m.merged_into = c.id), '[]') AS "mergedContactIds",
  c.first_seen_at AS "firstSeenAt", c.last_seen_at AS "lastSeenAt"`;

/** What the caller may see: all contacts of the workspace, or those that its session has met. */
const OF_REACH = `c.workspace_id = $1 AND c.merged_into IS NULL AND ($2::uuid IS NULL OR EXISTS (
    SELECT 1 FROM contact_identities i JOIN session_contacts k ON k.session_id = $2 AND k.jid = i.jid WHERE i.contact_id = c.id))`;

/** $3: a part of a name; $4: a part of a number or LID. */
const MATCHES = `($3::text IS NULL OR concat_ws(E'\\n', c.saved_name, c.book_name, c.push_name, c.business_name, c.verified_name) ILIKE $3
    OR ($4::text IS NOT NULL AND EXISTS (SELECT 1 FROM contact_identities i WHERE i.contact_id = c.id AND i.jid LIKE $4)))`;

const LIST = {
  name: 'list-contacts',
  text: `SELECT ${COLUMNS} FROM contacts c WHERE ${OF_REACH} AND ${MATCHES}
    ORDER BY lower(c.name) NULLS LAST, c.id LIMIT $5 OFFSET $6`,
};
const COUNT = {
  name: 'count-contacts',
  text: `SELECT count(*) AS total FROM contacts c WHERE ${OF_REACH} AND ${MATCHES}`,
};
const BY_ID = {
  name: 'find-contact',
  text: `SELECT ${COLUMNS} FROM contacts given JOIN contacts c ON c.id = coalesce(given.merged_into, given.id)
    WHERE given.id = $3 AND given.workspace_id = $1 AND ${OF_REACH}`,
};
const BY_JIDS = {
  name: 'find-contact-by-jids',
  text: `SELECT ${COLUMNS} FROM contact_identities n JOIN contacts c ON c.id = n.contact_id
    WHERE n.workspace_id = $1 AND n.jid = ANY($3::text[]) AND ${OF_REACH} ORDER BY array_position($3::text[], n.jid) LIMIT 1`,
};
const KNOWN = {
  name: 'known-contact-names',
  text: 'SELECT jid FROM contact_identities WHERE workspace_id = $1 AND jid = ANY($2::text[])',
};
const AFTER = {
  name: 'contacts-after',
  text: `SELECT ${COLUMNS} FROM contacts c WHERE ${OF_REACH} AND ($3::uuid IS NULL OR c.id > $3) ORDER BY c.id LIMIT $4`,
};

/** The patterns of a search: numbers are found in any spelling of blanks and dashes. */
function patternsOf(search: string | undefined): [names: string | null, jids: string | null] {
  if (search === undefined) return [null, null];
  const digits = search.replaceAll(/[\s()+./-]/g, '');
  return [likeAnywhere(search), /^\d{2,}$/.test(digits) ? likeAnywhere(digits) : null];
}

export function createContactsRepository(db: Queryable): ContactsRepository {
  const read = async (query: { name: string; text: string }, values: unknown[]) =>
    (await db.query<ContactRecord>({ ...query, values })).rows;
  const scope = ({ workspaceId, sessionId }: Reach) => [workspaceId, sessionId ?? null];
  return {
    list: (reach, search, { limit, offset }) => read(LIST, [...scope(reach), ...patternsOf(search), limit, offset]),
    async count(reach, search) {
      const { rows } = await db.query<{ total: number }>({
        ...COUNT,
        values: [...scope(reach), ...patternsOf(search)],
      });
      return rows[0]!.total;
    },
    findById: async (reach, id) => (await read(BY_ID, [...scope(reach), id]))[0] ?? null,
    findByJids: async (reach, jids) => (await read(BY_JIDS, [...scope(reach), jids]))[0] ?? null,
    async knownJids(workspaceId, jids) {
      const { rows } = await db.query<{ jid: string }>({ ...KNOWN, values: [workspaceId, jids] });
      return new Set(rows.map(({ jid }) => jid));
    },
    after: (reach, after, limit) => read(AFTER, [...scope(reach), after, limit]),
  };
}

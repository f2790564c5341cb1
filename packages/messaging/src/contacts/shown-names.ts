import type { Queryable } from '@wa-gate/db';

const NAMES = {
  name: 'names-of-people',
  text: `SELECT g.session_id AS "sessionId", g.jid, c.name
    FROM unnest($1::uuid[], $2::text[]) AS g(session_id, jid) JOIN sessions s ON s.id = g.session_id
    JOIN contact_identities i ON i.workspace_id = s.workspace_id AND i.jid = g.jid JOIN contacts c ON c.id = i.contact_id`,
};

/** The shown names of those who are contacts, by `<session> <jid>`. */
export async function readShownNames(
  db: Queryable,
  people: readonly { sessionId?: string | undefined; jid: string }[],
): Promise<Map<string, string | null>> {
  const known = people.filter(({ sessionId }) => sessionId !== undefined);
  if (known.length === 0) return new Map();
  const { rows } = await db.query<{ sessionId: string; jid: string; name: string | null }>({
    ...NAMES,
    values: [known.map(({ sessionId }) => sessionId), known.map(({ jid }) => jid)],
  });
  return new Map(rows.map(({ sessionId, jid, name }) => [`${sessionId} ${jid}`, name]));
}

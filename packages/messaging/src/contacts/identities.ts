import type { Identity } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { identityOf } from './identity-sql.ts';

/** Names of one person, as WhatsApp tells them together. */
export interface ToldNames {
  jid: string;
  altJid?: string | undefined;
}

const OF_WORKSPACE = {
  name: 'identities-of-jids',
  text: `SELECT n.jid, ${identityOf('$1::uuid', 'n.jid')} AS identity FROM unnest($2::text[]) AS n(jid)`,
};
const OF_SESSION = {
  name: 'identities-of-jids-of-session',
  text: `SELECT n.jid, ${identityOf('s.workspace_id', 'n.jid')} AS identity
    FROM sessions s CROSS JOIN unnest($2::text[]) AS n(jid) WHERE s.id = $1::uuid`,
};

/**
 * Who these people are, in their order. What the contacts do not know, the other name tells.
 *
 * @param of the workspace, or a session of it
 */
export async function readIdentities(
  db: Queryable,
  of: { workspaceId: string } | { sessionId: string },
  people: readonly ToldNames[],
): Promise<Identity[]> {
  if (people.length === 0) return [];
  const [statement, id] = 'sessionId' in of ? [OF_SESSION, of.sessionId] : [OF_WORKSPACE, of.workspaceId];
  const jids = [...new Set(people.flatMap(({ jid, altJid }) => (altJid ? [jid, altJid] : [jid])))];
  const { rows } = await db.query<{ jid: string; identity: Identity }>({ ...statement, values: [id, jids] });
  const known = new Map(rows.map(({ jid, identity }) => [jid, identity]));
  return people.map(({ jid, altJid }) => {
    const [own, other] = [known.get(jid), altJid === undefined ? undefined : known.get(altJid)];
    return {
      contactId: own?.contactId ?? other?.contactId ?? null,
      phoneNumber: own?.phoneNumber ?? other?.phoneNumber ?? null,
      lid: own?.lid ?? other?.lid ?? null,
      jid,
      name: own?.name ?? other?.name ?? null,
    };
  });
}

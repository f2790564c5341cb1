import type { Queryable } from '@wa-gate/db';
import { spellingsOf } from './contact-names.ts';

/** Who is behind the jid of a recipient. */
export interface Person {
  /** What makes two recipients the same: the contact, else one of the spellings of the number. */
  key: string;
  /** Other keys that meant the same person before contacts were merged. */
  formerKeys: string[];
  /** All names of the person that are known, and all spellings of its number. */
  jids: string[];
  /** The chat: the name with which WhatsApp has answered for the number, else the given one. */
  chatJid: string;
  name: string | null;
  phoneNumber: string | null;
}

interface Known {
  jid: string;
  contactId: string;
  spellingOf: string | null;
  name: string | null;
  phoneNumber: string | null;
  names: string[];
  merged: string[] | null;
}

const READ = {
  name: 'people-of-jids',
  text: `SELECT i.jid, i.contact_id AS "contactId", i.spelling_of AS "spellingOf", c.name, c.phone_number AS "phoneNumber",
      (SELECT json_agg(o.jid) FROM contact_identities o WHERE o.contact_id = i.contact_id) AS names,
      (SELECT json_agg(m.id) FROM contacts m WHERE m.merged_into = i.contact_id) AS merged
    FROM contact_identities i JOIN contacts c ON c.id = i.contact_id WHERE i.workspace_id = $1 AND i.jid = ANY($2::text[])`,
};

/** Who these recipients are, as the contacts of the workspace say now. */
export async function readPeople(
  db: Queryable,
  workspaceId: string,
  jids: readonly string[],
): Promise<Map<string, Person>> {
  const spellings = new Map(jids.map((jid) => [jid, spellingsOf(jid)]));
  const { rows } = await db.query<Known>({
    ...READ,
    values: [workspaceId, [...new Set([...spellings.values()].flat())]],
  });
  const known = new Map(rows.map((row) => [row.jid, row]));
  return new Map(
    [...spellings].map(([jid, written]) => {
      const found = written.map((name) => known.get(name)).find((row) => row !== undefined);
      const unknownKey = [...written].sort()[0]!;
      return [
        jid,
        {
          key: found?.contactId ?? unknownKey,
          formerKeys: found ? [unknownKey, ...(found.merged ?? [])] : [],
          jids: [...new Set([...written, ...(found?.names ?? [])])],
          chatJid: known.get(jid)?.spellingOf ?? jid,
          name: found?.name ?? null,
          phoneNumber: found?.phoneNumber ?? null,
        },
      ];
    }),
  );
}

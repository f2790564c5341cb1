import type { GroupFacts } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';

/** A group as lists show it. */
export interface GroupRecord {
  /** Without the participants. */
  facts: GroupFacts;
  isMember: boolean;
  /** What the account is there, by its number or LID. */
  role: GroupFacts['participants'][number]['role'] | null;
  readAt: Date;
  ageSeconds: number;
}

export interface GroupFilter {
  search?: string | undefined;
  community?: string | undefined;
  /** Groups that the account has left, too. */
  isAll: boolean;
}

/** When all groups of a session were read. */
export interface ListAge {
  readAt: Date | null;
  ageSeconds: number;
  /** There is something to show: `readAt` is null, too, when WhatsApp has said since that groups have changed. */
  isKnown: boolean;
}

export interface GroupsRepository {
  list(
    sessionId: string,
    filter: GroupFilter,
    page: { limit: number; offset: number },
  ): Promise<{ groups: GroupRecord[]; total: number }>;
  /** With all participants. `isStale`: something has happened that the row does not show. */
  find(sessionId: string, jid: string): Promise<(GroupRecord & { isStale: boolean }) | undefined>;
  listAge(sessionId: string): Promise<ListAge>;
}

const AGE = (at: string) => `coalesce(greatest(0, extract(epoch FROM now() - ${at})), 0)::int AS "ageSeconds"`;
const FACTS = `g.facts || jsonb_build_object('jid', g.jid, 'subject', g.subject, 'size', g.participant_count`;

const MATCHING = `g.session_id = $1 AND g.read_at IS NOT NULL AND (g.is_member OR $4)
  AND ($2::text IS NULL OR strpos(lower(g.subject), lower($2)) > 0) AND ($3::text IS NULL OR g.facts->>'community' = $3)`;

const LIST = {
  name: 'list-groups',
  text: `WITH page AS (
      SELECT g.jid FROM groups g WHERE ${MATCHING} ORDER BY lower(g.subject), g.jid LIMIT $5 OFFSET $6
    ) SELECT ${FACTS}, 'participants', '[]'::jsonb) AS facts, g.is_member AS "isMember", g.own_role AS role, g.read_at AS "readAt",
      ${AGE('g.read_at')}
    FROM page JOIN groups g ON g.session_id = $1 AND g.jid = page.jid ORDER BY lower(g.subject), g.jid`,
};
const COUNT = { name: 'count-groups', text: `SELECT count(*)::int AS total FROM groups g WHERE ${MATCHING}` };
const FIND = {
  name: 'find-group',
  text: `SELECT ${FACTS}, 'participants', g.participants) AS facts, g.is_member AS "isMember", g.is_stale AS "isStale", g.own_role AS role,
      g.read_at AS "readAt", ${AGE('g.read_at')}
    FROM groups g WHERE g.session_id = $1 AND g.jid = $2 AND g.read_at IS NOT NULL`,
};
const LIST_AGE = {
  name: 'age-of-groups',
  text: `SELECT s.groups_read_at AS "readAt", ${AGE('s.groups_read_at')},
      s.groups_read_at IS NOT NULL OR EXISTS (SELECT FROM groups g WHERE g.session_id = s.id AND g.read_at IS NOT NULL) AS "isKnown"
    FROM sessions s WHERE s.id = $1`,
};

export function createGroupsRepository(db: Queryable): GroupsRepository {
  return {
    async list(sessionId, { search, community, isAll }, { limit, offset }) {
      const which = [sessionId, search ?? null, community ?? null, isAll];
      const [groups, count] = await Promise.all([
        db.query<GroupRecord>({ ...LIST, values: [...which, limit, offset] }),
        db.query<{ total: number }>({ ...COUNT, values: which }),
      ]);
      return { groups: groups.rows, total: count.rows[0]?.total ?? 0 };
    },
    async find(sessionId, jid) {
      const { rows } = await db.query<GroupRecord & { isStale: boolean }>({ ...FIND, values: [sessionId, jid] });
      return rows[0];
    },
    async listAge(sessionId) {
      const { rows } = await db.query<ListAge>({ ...LIST_AGE, values: [sessionId] });
      return rows[0] ?? { readAt: null, ageSeconds: 0, isKnown: false };
    },
  };
}

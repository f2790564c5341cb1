import type { AdminSession, AdminSessionDetail, ListAdminSessionsQuery } from '@wa-gate/contracts';
import type { DesiredState, PlacementState, Queryable, UserTier } from '@wa-gate/db';
import { firstIdAt } from '@wa-gate/kit';
import { presentSession, type SessionRecord, statesOf } from '../sessions/index.ts';

interface SessionRow extends SessionRecord {
  workspaceId: string;
  workspaceName: string;
  ownerId: string;
  ownerEmail: string;
  ownerTier: UserTier;
  ownerIsActive: boolean;
}

interface DetailRow extends SessionRow {
  desiredState: DesiredState;
  pairedAt: Date | null;
  placementState: PlacementState;
  epoch: number;
  placementReason: string;
  placedAt: Date;
  messagesToday: number;
  queued: number;
  apiKeys: number;
}

/** Sessions of all tenants. */
export interface AllSessions {
  list(
    filter: ListAdminSessionsQuery,
    page: { offset: number; limit: number },
  ): Promise<{ sessions: AdminSession[]; total: number }>;
  find(id: string): Promise<AdminSessionDetail | null>;
}

const COLUMNS = `s.id, s.slug, s.name, s.network, s.state, s.state_reason AS "stateReason", s.state_code AS "stateCode",
  s.phone_number AS "phoneNumber", s.push_name AS "pushName", s.connected_at AS "connectedAt", s.last_seen_at AS "lastSeenAt",
  s.reachout_locked_until AS "reachoutLockedUntil", s.reachout_lock_type AS "reachoutLockType",
  s.message_capping AS "messageCapping", s.settings, w.default_session_id IS NOT DISTINCT FROM s.id AS "isDefault",
  s.created_at AS "createdAt", p.worker_id AS "workerId", w.id AS "workspaceId", w.name AS "workspaceName",
  o.id AS "ownerId", o.email AS "ownerEmail", o.tier AS "ownerTier", o.is_active AS "ownerIsActive",
  CASE WHEN r.assessed_at IS NOT NULL THEN json_build_object('score', r.score, 'level', r.level) END AS risk`;
const TABLES = `sessions s JOIN workspaces w ON w.id = s.workspace_id JOIN users o ON o.id = w.owner_user_id
  LEFT JOIN session_placements p ON p.session_id = s.id LEFT JOIN session_risk r ON r.session_id = s.id`;

/** `strpos` takes the search as it is: no character of it is a wildcard. Numbers are stored without the plus. */
const MATCHING = `FROM ${TABLES} WHERE ($1::text IS NULL OR strpos(lower(s.slug), lower($1)) > 0
    OR strpos(lower(s.name), lower($1)) > 0 OR strpos(s.phone_number, ltrim($1, '+')) > 0 OR strpos(lower(o.email), lower($1)) > 0)
  AND ($2::text[] IS NULL OR s.state::text = ANY($2)) AND ($3::text IS NULL OR p.worker_id = $3)
  AND ($4::uuid IS NULL OR o.id = $4)`;

const LIST = {
  name: 'admin-list-sessions',
  text: `SELECT ${COLUMNS} ${MATCHING} ORDER BY s.id DESC OFFSET $5 LIMIT $6`,
};
const COUNT = { name: 'admin-count-sessions', text: `SELECT count(*) AS total ${MATCHING}` };
const FIND = {
  name: 'admin-find-session',
  text: `SELECT ${COLUMNS}, s.desired_state AS "desiredState", s.paired_at AS "pairedAt", p.state AS "placementState", p.epoch,
      p.reason AS "placementReason", p.changed_at AS "placedAt",
      (SELECT count(*) FROM messages m WHERE m.session_id = s.id AND m.id >= $2) AS "messagesToday",
      (SELECT count(*) FROM outbox q WHERE q.session_id = s.id AND q.state IN ('HELD', 'QUEUED', 'SENDING')) AS queued,
      (SELECT count(*) FROM api_keys k WHERE k.session_id = s.id AND k.is_active
        AND (k.expires_at IS NULL OR k.expires_at > now())) AS "apiKeys"
    FROM ${TABLES} WHERE s.id = $1`,
};

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

const present = (row: SessionRow): AdminSession => ({
  ...presentSession(row),
  id: row.id,
  workspace: { id: row.workspaceId, name: row.workspaceName },
  owner: {
    id: row.ownerId,
    email: row.ownerEmail,
    tier: row.ownerTier.toLowerCase() as Lowercase<UserTier>,
    isActive: row.ownerIsActive,
  },
});

const presentDetail = (row: DetailRow): AdminSessionDetail => ({
  ...present(row),
  desiredState: row.desiredState.toLowerCase() as Lowercase<DesiredState>,
  stateCode: row.stateCode,
  connectedAt: iso(row.connectedAt),
  pairedAt: iso(row.pairedAt),
  placement: {
    state: row.placementState.toLowerCase() as Lowercase<PlacementState>,
    epoch: row.epoch,
    workerId: row.workerId,
    reason: row.placementReason,
    changedAt: row.placedAt.toISOString(),
  },
  counts: { messagesToday: row.messagesToday, queued: row.queued, apiKeys: row.apiKeys },
});

/** Midnight in UTC. */
const today = (): Date => new Date(Math.floor(Date.now() / 86_400_000) * 86_400_000);

export function createAllSessions(db: Queryable): AllSessions {
  return {
    async list({ search, status, worker, user }, { offset, limit }) {
      const filter = [search ?? null, status ? statesOf(status) : null, worker ?? null, user ?? null];
      const [found, counted] = await Promise.all([
        db.query<SessionRow>({ ...LIST, values: [...filter, offset, limit] }),
        db.query<{ total: number }>({ ...COUNT, values: filter }),
      ]);
      return { sessions: found.rows.map(present), total: counted.rows[0]!.total };
    },
    async find(id) {
      const { rows } = await db.query<DetailRow>({ ...FIND, values: [id, firstIdAt(today())] });
      return rows[0] ? presentDetail(rows[0]) : null;
    },
  };
}

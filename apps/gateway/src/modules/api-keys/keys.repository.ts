import type { Permission } from '@wa-gate/contracts';
import type { ApiKeyScope, Network, Queryable, WorkspaceRole } from '@wa-gate/db';

/** A key as it is stored, with the fields that the API shows beside it. */
export interface KeyRecord {
  id: string;
  workspaceId: string;
  sessionId: string | null;
  /** Of its session. */
  slug: string | null;
  network: Network | null;
  scope: ApiKeyScope;
  role: WorkspaceRole;
  permissions: Permission[];
  allowedIps: string[];
  name: string;
  prefix: string;
  isPrimary: boolean;
  isActive: boolean;
  isExpired: boolean;
  revokedAt: Date | null;
  rotatedToId: string | null;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  createdAt: Date;
  userId: string;
  email: string;
}

export interface KeyFilter {
  workspaceId: string;
  /** Whether keys of the administration are shown. */
  isAdministrator: boolean;
  sessionId?: string | undefined;
  scope?: ApiKeyScope | undefined;
  includeEnded: boolean;
}

const FROM = `FROM api_keys k JOIN users u ON u.id = k.user_id LEFT JOIN sessions s ON s.id = k.session_id`;
const COLUMNS = `k.id, k.workspace_id AS "workspaceId", k.session_id AS "sessionId", s.slug, s.network, k.scope, k.role, k.permissions,
  k.allowed_ips AS "allowedIps", k.name, k.prefix, k.is_primary AS "isPrimary", k.is_active AS "isActive",
  COALESCE(k.expires_at <= now(), false) AS "isExpired", k.revoked_at AS "revokedAt", k.rotated_to_id AS "rotatedToId",
  k.expires_at AS "expiresAt", k.last_used_at AS "lastUsedAt", k.created_at AS "createdAt", k.user_id AS "userId", u.email`;
/** Keys of the administration are not there for others. */
const VISIBLE = `k.workspace_id = $1 AND ($2 OR k.scope <> 'ADMIN')`;

/** What a list shows. */
const FILTER = `${VISIBLE} AND ($3::uuid IS NULL OR k.session_id = $3) AND ($4::"ApiKeyScope" IS NULL OR k.scope = $4)
  AND ($5 OR (k.is_active AND (k.expires_at IS NULL OR k.expires_at > now())))`;

export interface KeysRepository {
  list(filter: KeyFilter, page: { limit: number; offset: number }): Promise<{ rows: KeyRecord[]; total: number }>;
  /** `lock`: locks the row until the end of the transaction. */
  find(
    db: Queryable,
    key: { id: string; workspaceId: string; isAdministrator: boolean },
    options?: { lock: boolean },
  ): Promise<KeyRecord | null>;
}

export function createKeysRepository(db: Queryable): KeysRepository {
  return {
    async list({ workspaceId, isAdministrator, sessionId = null, scope = null, includeEnded }, { limit, offset }) {
      const values = [workspaceId, isAdministrator, sessionId, scope, includeEnded];
      const [{ rows }, counted] = await Promise.all([
        db.query<KeyRecord>({
          name: 'list-api-keys',
          text: `SELECT ${COLUMNS} ${FROM} WHERE ${FILTER} ORDER BY k.id DESC LIMIT $6 OFFSET $7`,
          values: [...values, limit, offset],
        }),
        db.query<{ total: number }>({
          name: 'count-api-keys',
          text: `SELECT count(*) AS total FROM api_keys k WHERE ${FILTER}`,
          values,
        }),
      ]);
      return { rows, total: counted.rows[0]!.total };
    },
    async find(tx, { id, workspaceId, isAdministrator }, { lock } = { lock: false }) {
      const { rows } = await tx.query<KeyRecord>({
        name: lock ? 'lock-api-key' : 'get-api-key',
        text: `SELECT ${COLUMNS} ${FROM} WHERE ${VISIBLE} AND k.id = $3 ${lock ? 'FOR UPDATE OF k' : ''}`,
        values: [workspaceId, isAdministrator, id],
      });
      return rows[0] ?? null;
    },
  };
}

import type { AuditEntry as ShownEntry } from '@wa-gate/contracts';
import type { Pool, Queryable } from '@wa-gate/db';
import { type LogPage, type Period, readLogPage } from '../../http/log-page.ts';
import { isUuid } from '../../http/uuid.ts';
import { type Actor, type AuditEntry, writeAudit } from './write-audit.ts';

export interface AuditFilter extends Period {
  /** Only what belongs to this workspace; without it everything. */
  workspaceId?: string | undefined;
  /** An action, or `resource.*`. */
  action?: string | undefined;
  /** Id of a user or key, or a name. */
  actor?: string | undefined;
  /** A type, or `type:id`. */
  resource?: string | undefined;
  cursor?: string | undefined;
  limit: number;
}

/** Who changed what. */
export interface AuditLog {
  /**
   * Writes an entry on its own, before an action elsewhere, such as at a worker, begins. Changes of rows write their
   * entry in their own transaction (`writeAudit`).
   */
  record(actor: Actor, entry: AuditEntry): Promise<void>;
  /** Newest first. */
  list(filter: AuditFilter): Promise<LogPage<ShownEntry>>;
}

interface Row {
  id: string;
  createdAt: Date;
  action: string;
  actorKind: ShownEntry['actor']['kind'];
  actorUserId: string | null;
  actorKeyId: string | null;
  actorName: string | null;
  resourceType: string;
  resourceId: string | null;
  workspaceId: string | null;
  ip: string | null;
  requestId: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

const COLUMNS = `id, created_at AS "createdAt", action, actor_kind AS "actorKind", actor_user_id AS "actorUserId",
  actor_key_id AS "actorKeyId", actor_name AS "actorName", resource_type AS "resourceType", resource_id AS "resourceId",
  workspace_id AS "workspaceId", ip, request_id AS "requestId", before, after`;

const present = (row: Row): ShownEntry => ({
  id: row.id,
  createdAt: row.createdAt.toISOString(),
  action: row.action,
  actor: { kind: row.actorKind, userId: row.actorUserId, keyId: row.actorKeyId, name: row.actorName },
  resource: { type: row.resourceType, id: row.resourceId },
  workspaceId: row.workspaceId,
  ip: row.ip,
  requestId: row.requestId,
  before: row.before,
  after: row.after,
});

/** The conditions of a filter besides period and cursor. */
function conditionsOf({ workspaceId, action, actor, resource }: AuditFilter): [sql: string, value: unknown][] {
  const conditions: [string, unknown][] = [];
  if (workspaceId) conditions.push(['workspace_id = ?::uuid', workspaceId]);
  if (action?.endsWith('.*')) conditions.push([`split_part(action, '.', 1) = ?`, action.slice(0, -2)]);
  else if (action) conditions.push(['action = ?', action]);
  if (actor && isUuid(actor)) conditions.push(['(actor_user_id = ?::uuid OR actor_key_id = ?::uuid)', actor]);
  else if (actor) conditions.push(['actor_name = ?', actor]);
  if (resource) {
    const [type = '', ...id] = resource.split(':');
    conditions.push(['resource_type = ?', type]);
    if (id.length > 0) conditions.push(['resource_id = ?', id.join(':')]);
  }
  return conditions;
}

export function createAuditLog({ pool }: { pool: Pool }): AuditLog {
  const db: Queryable = pool;
  return {
    record: (actor, entry) => writeAudit(db, actor, entry),
    async list(filter) {
      const page = await readLogPage<Row>(db, {
        ...filter,
        columns: COLUMNS,
        table: 'audit_logs',
        conditions: conditionsOf(filter),
      });
      return { ...page, entries: page.entries.map(present) };
    },
  };
}

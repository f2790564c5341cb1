import type { Queryable } from '@wa-gate/db';
import { createCensor, newId } from '@wa-gate/kit';
import type { FastifyRequest } from 'fastify';

/** Who did it, and from where. */
export interface Actor {
  kind: 'user' | 'key' | 'worker' | 'system' | 'anonymous';
  userId: string | null;
  keyId: string | null;
  /** E-mail or name at that time. */
  name: string | null;
  ip: string | null;
  requestId: string | null;
  /** The workspace that the actor works in. */
  workspaceId: string | null;
}

export interface AuditEntry {
  /** Such as `session.created`: the resource, and what became of it. */
  action: string;
  resourceType: string;
  resourceId?: string | undefined;
  /** Whose log it is in. @default the workspace of the actor; null for changes of the platform */
  workspaceId?: string | null;
  /** What it was and what it is: of a change only the fields that changed. Secrets in them are masked. */
  before?: Record<string, unknown> | undefined;
  after?: Record<string, unknown> | undefined;
}

/** A process of wa-gate, or a command of the operator. */
export const SYSTEM_ACTOR: Actor = {
  kind: 'system',
  userId: null,
  keyId: null,
  name: null,
  ip: null,
  requestId: null,
  workspaceId: null,
};

/** The caller of a request; `anonymous` without a valid credential. */
export function actorOf(request: FastifyRequest): Actor {
  const { principal, ip, id: requestId } = request;
  if (!principal) return { ...SYSTEM_ACTOR, kind: 'anonymous', ip, requestId };
  return {
    kind: principal.kind,
    userId: principal.userId,
    keyId: principal.kind === 'key' ? principal.keyId : null,
    name: principal.kind === 'key' ? principal.name : principal.email,
    ip,
    requestId,
    workspaceId: principal.workspaceId,
  };
}

const MASK = '[masked]';
const SECRET = /password|secret|token|api_?key|hash|authorization|cookie|creds/i;
const MAX_DEPTH = 6;

/** The same object, with the values of all fields masked whose names suggest secrets. */
export function maskSecrets(value: unknown, depth = 0): unknown {
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null) return value;
  if (Buffer.isBuffer(value) || depth >= MAX_DEPTH) return MASK;
  if (Array.isArray(value)) return value.map((item) => maskSecrets(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      SECRET.test(name) && item !== null && item !== undefined ? MASK : maskSecrets(item, depth + 1),
    ]),
  );
}

const INSERT = {
  name: 'write-audit',
  text: `INSERT INTO audit_logs (id, workspace_id, actor_kind, actor_user_id, actor_key_id, actor_name, ip, request_id,
      action, resource_type, resource_id, before, after)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
};

/** Secrets inside of texts, such as the query of a URL. */
const censor = createCensor();

const toJson = (value: Record<string, unknown> | undefined): string | null =>
  value === undefined ? null : censor(JSON.stringify(maskSecrets(value)));

/** Writes an entry in the transaction of its change: no change without an entry, and no entry without its change. */
export async function writeAudit(tx: Queryable, actor: Actor, entry: AuditEntry): Promise<void> {
  const { action, resourceType, resourceId = null, workspaceId = actor.workspaceId, before, after } = entry;
  await tx.query({
    ...INSERT,
    values: [
      newId(),
      workspaceId,
      actor.kind,
      actor.userId,
      actor.keyId,
      actor.name,
      actor.ip,
      actor.requestId,
      action,
      resourceType,
      resourceId,
      toJson(before),
      toJson(after),
    ],
  });
}

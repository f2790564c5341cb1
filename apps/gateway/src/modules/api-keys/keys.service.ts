import {
  type CreateKeyRequest,
  KEY_OVERLAP_SECONDS,
  type Key,
  type RotateKeyRequest,
  type UpdateKeyRequest,
} from '@wa-gate/contracts';
import type { ApiKeyScope, Network, PoolClient, Queryable, WorkspaceRole } from '@wa-gate/db';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
import type { Principal, SessionRef } from '../../principal.ts';
import type { Revocations, Revoke } from '../../revocations/revocations.ts';
import { type Actor, changedFields, writeAudit } from '../audit/index.ts';
import { assertWithin, type KeyPowers, powersOf, readPowers } from './key-powers.ts';
import type { KeyRecord, KeysRepository } from './keys.repository.ts';
import { mintKey } from './mint-key.ts';
import { auditKey, isEnded, presentKey } from './present-key.ts';

export interface KeysDependencies {
  db: Queryable;
  keys: KeysRepository;
  revocations: Pick<Revocations, 'inTransaction'>;
  /** Of keys that are for no session. */
  defaultNetwork: Network;
}

export interface CreatedKey {
  key: Key;
  apiKey: string;
}

/** API keys as people manage them. Every change is in force on every gateway within a second. */
export interface KeysService {
  list(
    principal: Principal,
    filter: { session?: SessionRef; scope?: ApiKeyScope; includeEnded: boolean; page: number; limit: number },
  ): Promise<{ keys: Key[]; total: number }>;
  get(principal: Principal, id: string): Promise<Key>;
  create(
    actor: Actor,
    principal: Principal,
    session: SessionRef | null,
    request: Omit<CreateKeyRequest, 'sessionId'>,
  ): Promise<CreatedKey>;
  update(actor: Actor, principal: Principal, id: string, request: UpdateKeyRequest): Promise<Key>;
  /** A new token in place of the old one, which works on for the overlap. */
  rotate(
    actor: Actor,
    principal: Principal,
    id: string,
    request: RotateKeyRequest,
  ): Promise<CreatedKey & { previous: Key }>;
  revoke(actor: Actor, principal: Principal, id: string): Promise<Key>;
}

const stored = ({ role, permissions, allowedIps, expiresAt }: KeyPowers) => ({
  role: role.toUpperCase() as WorkspaceRole,
  permissions,
  allowedIps,
  expiresAt,
});

const powersOfRecord = ({ role, permissions, allowedIps, expiresAt }: KeyRecord): KeyPowers => ({
  role: role.toLowerCase() as KeyPowers['role'],
  permissions,
  allowedIps,
  expiresAt,
});

/** As long as the old one was meant to live, from now on. */
function renewedExpiry({ expiresAt, createdAt }: KeyRecord, now: Date): Date | null {
  return expiresAt && new Date(now.getTime() + (expiresAt.getTime() - createdAt.getTime()));
}

function scopeOf(asked: CreateKeyRequest['scope'], session: SessionRef | null, isAdministrator: boolean): ApiKeyScope {
  const scope = asked ?? (session ? 'session' : 'workspace');
  if ((scope === 'session') !== (session !== null)) {
    const message = session ? 'must be session, as there is a sessionId' : 'session needs a sessionId';
    const details = { issues: [{ path: 'body.scope', message }] };
    throw new ApiError('VALIDATION', { message: `The request is not valid: body.scope ${message}.`, details });
  }
  if (scope === 'admin' && !isAdministrator) {
    throw new ApiError('FORBIDDEN', { message: 'Only administrators make keys of the scope admin.' });
  }
  return scope.toUpperCase() as ApiKeyScope;
}

export function createKeysService({ db, keys, revocations, defaultNetwork }: KeysDependencies): KeysService {
  async function find(tx: Queryable, { workspaceId, isAdministrator }: Principal, id: string, lock = false) {
    const found = isUuid(id) ? await keys.find(tx, { id, workspaceId, isAdministrator }, { lock }) : null;
    if (!found) throw new ApiError('KEY_NOT_FOUND');
    return found;
  }

  /** Reads a key, changes it and has everybody forget it, in one transaction. */
  const change = <T>(
    principal: Principal,
    id: string,
    work: (tx: PoolClient, key: KeyRecord, revoke: Revoke) => Promise<T>,
  ): Promise<T> =>
    revocations.inTransaction(async (tx, revoke) => {
      const key = await find(tx, principal, id, true);
      await revoke('key', key.id);
      return work(tx, key, revoke);
    });

  return {
    async list({ workspaceId, isAdministrator }, { session, page, limit, ...filter }) {
      const { rows, total } = await keys.list(
        { workspaceId, isAdministrator, sessionId: session?.id, ...filter },
        { limit, offset: (page - 1) * limit },
      );
      return { keys: rows.map(presentKey), total };
    },
    get: async (principal, id) => presentKey(await find(db, principal, id)),

    async create(actor, principal, session, { name, scope: asked, ...request }) {
      const scope = scopeOf(asked, session, principal.isAdministrator);
      const maker = powersOf(principal);
      const powers = readPowers(request, maker);
      assertWithin(maker, powers);
      return revocations.inTransaction(async (tx) => {
        const { id, token } = await mintKey(tx, {
          ...stored(powers),
          userId: principal.userId,
          workspaceId: principal.workspaceId,
          sessionId: session?.id ?? null,
          scope,
          name,
          isPrimary: false,
          network: session?.network ?? defaultNetwork,
        });
        const made = await find(tx, principal, id);
        await writeAudit(tx, actor, {
          action: 'key.created',
          resourceType: 'key',
          resourceId: id,
          after: auditKey(made),
        });
        return { key: presentKey(made), apiKey: token };
      });
    },

    update: (actor, principal, id, { name, ...request }) =>
      change(principal, id, async (tx, before) => {
        if (isEnded(before) || before.rotatedToId) throw new ApiError('KEY_ENDED');
        const powers = readPowers(request, powersOfRecord(before));
        // A change of the name alone needs no powers.
        if (Object.keys(request).length > 0) assertWithin(powersOf(principal), powers);
        const { role, permissions, allowedIps, expiresAt } = stored(powers);
        await tx.query({
          name: 'update-api-key',
          text: 'UPDATE api_keys SET name = $2, role = $3, permissions = $4, allowed_ips = $5, expires_at = $6 WHERE id = $1',
          values: [before.id, name ?? before.name, role, permissions, allowedIps, expiresAt],
        });
        const after = await find(tx, principal, before.id);
        const changes = changedFields(auditKey(before), auditKey(after));
        if (Object.keys(changes.after).length > 0) {
          const entry = { action: 'key.updated', resourceType: 'key', resourceId: before.id };
          await writeAudit(tx, actor, { ...entry, ...changes });
        }
        return presentKey(after);
      }),

    rotate: (actor, principal, id, { overlapSeconds = KEY_OVERLAP_SECONDS, expiresAt }) =>
      change(principal, id, async (tx, before) => {
        if (isEnded(before) || before.rotatedToId) throw new ApiError('KEY_ENDED');
        const now = new Date();
        const present = { ...powersOfRecord(before), expiresAt: renewedExpiry(before, now) };
        const powers = readPowers(expiresAt === undefined ? {} : { expiresAt }, present, now);
        // The caller gets the new key, so it must not have more powers than the caller.
        assertWithin(powersOf(principal), powers);
        const { id: newKeyId, token } = await mintKey(tx, {
          ...stored(powers),
          userId: principal.userId,
          workspaceId: before.workspaceId,
          sessionId: before.sessionId,
          scope: before.scope,
          name: before.name,
          isPrimary: false,
          network: before.network ?? defaultNetwork,
        });
        await tx.query({
          name: 'retire-api-key',
          text: `UPDATE api_keys SET is_primary = false, rotated_to_id = $2,
              is_active = $3::int > 0, revoked_at = CASE WHEN $3::int = 0 THEN now() END,
              expires_at = LEAST(expires_at, now() + make_interval(secs => $3::int)) WHERE id = $1`,
          values: [before.id, newKeyId, overlapSeconds],
        });
        // Only now: there is one primary key at a time.
        if (before.isPrimary) await tx.query('UPDATE api_keys SET is_primary = true WHERE id = $1', [newKeyId]);
        const [previous, made] = [await find(tx, principal, before.id), await find(tx, principal, newKeyId)];
        await writeAudit(tx, actor, {
          action: 'key.rotated',
          resourceType: 'key',
          resourceId: before.id,
          before: auditKey(before),
          after: { ...auditKey(made), rotatedToId: newKeyId, overlapSeconds },
        });
        return { key: presentKey(made), apiKey: token, previous: presentKey(previous) };
      }),

    revoke: (actor, principal, id) =>
      change(principal, id, async (tx, before) => {
        if (!before.isActive) return presentKey(before);
        await tx.query('UPDATE api_keys SET is_active = false, is_primary = false, revoked_at = now() WHERE id = $1', [
          before.id,
        ]);
        await writeAudit(tx, actor, {
          action: 'key.revoked',
          resourceType: 'key',
          resourceId: before.id,
          before: auditKey(before),
        });
        return presentKey(await find(tx, principal, before.id));
      }),
  };
}

import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { inTransaction, type Pool } from '@wa-gate/db';
import { mintKey } from '../modules/api-keys/index.ts';
import { SYSTEM_ACTOR, writeAudit } from '../modules/audit/index.ts';
import type { CommandContext } from './command-context.ts';
import { CommandError } from './errors.ts';

export interface OwnKey {
  token: string;
  /** Its id, when it was made for this command alone. */
  onlyNow?: string;
}

/**
 * The key of the commands that go by the API: `WAG_API_KEY`, else the one in `WAG_KEY_FILE`. Without either, who may
 * write the database makes one, in the name of the first administrator: for many commands in the file, which is
 * replaced when the gateway does not know its key any more, or for this command alone. It has no end, because a key
 * that it makes would have none later.
 */
export async function readApiKey(context: CommandContext, baseUrl: string): Promise<OwnKey> {
  const { WAG_API_KEY: given, WAG_KEY_FILE: file, DATABASE_URL } = context.env;
  if (given) return { token: given };
  const kept = file && readKeyFile(file);
  if (kept && (await isAccepted(kept, baseUrl))) return { token: kept };
  if (!DATABASE_URL) {
    throw new CommandError(
      'There is no API key. Give one of the scope admin as WAG_API_KEY, or DATABASE_URL, with which one can be made.',
    );
  }
  const { id, token } = await makeKey(context.database());
  if (!file) return { token, onlyNow: id };
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return { token };
}

/** Ends a key that was made for one command. Gateways forget it within a second. */
export async function endKey(pool: Pool, id: string): Promise<void> {
  await pool.query(
    `WITH ended AS (UPDATE api_keys SET is_active = false, revoked_at = now() WHERE id = $1 RETURNING id)
     INSERT INTO revocations (kind, subject) SELECT 'key', id::text FROM ended`,
    [id],
  );
}

function readKeyFile(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Only a refusal says that it is not: a gateway that does not answer is told by the command. */
async function isAccepted(key: string, baseUrl: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${key}` };
  const status = await fetch(`${baseUrl}/api/limits`, { headers, signal: AbortSignal.timeout(5_000) }).then(
    (response) => response.status,
    () => 0,
  );
  return status !== 401 && status !== 403;
}

const FIRST_ADMINISTRATOR = `SELECT m.user_id AS "userId", m.workspace_id AS "workspaceId"
  FROM users u JOIN workspaces w ON w.owner_user_id = u.id JOIN workspace_members m ON m.workspace_id = w.id AND m.user_id = u.id
  WHERE u.role = 'ADMINISTRATOR' AND u.is_active ORDER BY u.created_at, w.created_at LIMIT 1`;

async function makeKey(pool: Pool): Promise<{ id: string; token: string }> {
  return inTransaction(pool, async (tx) => {
    const { rows } = await tx.query<{ userId: string; workspaceId: string }>(FIRST_ADMINISTRATOR);
    if (!rows[0]) {
      throw new CommandError('There is no administrator yet. Make one: wag admin create --email <address>.');
    }
    const { id, token } = await mintKey(tx, {
      ...rows[0],
      sessionId: null,
      scope: 'ADMIN',
      role: 'OWNER',
      permissions: [],
      allowedIps: [],
      expiresAt: null,
      name: 'wag',
      isPrimary: false,
      network: 'LIVE',
    });
    const { workspaceId } = rows[0];
    const after = { name: 'wag', scope: 'admin' };
    await writeAudit(tx, SYSTEM_ACTOR, {
      action: 'key.created',
      resourceType: 'key',
      resourceId: id,
      workspaceId,
      after,
    });
    return { id, token };
  });
}

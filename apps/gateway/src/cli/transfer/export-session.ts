import { releaseSession, SESSION_KEYS_BOX, sessionKeyContext } from '@wa-gate/cluster';
import { inTransaction, type Pool, type PoolClient } from '@wa-gate/db';
import { createSecretBox } from '@wa-gate/kit';
import { isUuid } from '../../http/uuid.ts';
import { SYSTEM_ACTOR, writeAudit } from '../../modules/audit/index.ts';
import { CommandError } from '../errors.ts';
import type { SessionContent } from './session-bundle.ts';

interface SessionRow {
  id: string;
  workspaceId: string;
  slug: string;
  name: string;
  network: 'LIVE' | 'SANDBOX';
  phoneNumber: string | null;
  lid: string | null;
  pushName: string | null;
  settings: Record<string, unknown>;
}

const FIND = `SELECT id, workspace_id AS "workspaceId", slug, name, network, phone_number AS "phoneNumber", lid, push_name AS "pushName", settings
  FROM sessions WHERE id::text = $1 OR slug = $1 ORDER BY id FOR UPDATE`;

/** @throws {CommandError} */
async function find(tx: PoolClient, given: string): Promise<SessionRow> {
  const { rows } = await tx.query<SessionRow>(FIND, [given]);
  const [session] = rows;
  if (!session) throw new CommandError(`There is no session ${given}. \`wag sessions\` lists them.`);
  if (rows.length > 1 && !isUuid(given)) {
    throw new CommandError(
      `Several workspaces have a session ${given}. Give one of their ids: ${rows.map(({ id }) => id).join(', ')}.`,
    );
  }
  return session;
}

const STOP = `UPDATE sessions SET desired_state = 'STOPPED', state = 'STOPPED', state_code = NULL, updated_at = now(),
  state_reason = 'The session was exported. Delete it only when the other installation is not to use it either: that unlinks the device.'
  WHERE id = $1`;

/**
 * Stops a session and hands it with its keys to `write`, in one transaction: what its owner has begun to write is
 * read, and later writes are refused (I2). One device must not run at two places. When `write` fails, the session
 * runs on.
 *
 * @throws {CommandError} @throws {UnsealError}
 */
export async function exportSession(
  pool: Pool,
  masterKeys: readonly Uint8Array[],
  given: string,
  write: (content: SessionContent) => Promise<void>,
): Promise<SessionContent> {
  const box = createSecretBox(masterKeys, SESSION_KEYS_BOX);
  return inTransaction(pool, async (tx) => {
    const { id, workspaceId, ...session } = await find(tx, given);
    await releaseSession(tx, id, 'exported');
    await tx.query(STOP, [id]);
    const { rows } = await tx.query<{ kind: string; keyId: string; value: Buffer }>(
      'SELECT kind, key_id AS "keyId", value FROM session_keys WHERE session_id = $1 ORDER BY kind, key_id',
      [id],
    );
    if (!rows.some(({ kind }) => kind === 'creds')) {
      throw new CommandError(`The session ${session.slug} is not linked to a phone: there is nothing to export.`);
    }
    const after = { sessionId: session.slug, exported: true };
    await writeAudit(tx, SYSTEM_ACTOR, {
      action: 'session.exported',
      resourceType: 'session',
      resourceId: id,
      workspaceId,
      after,
    });
    const keys = rows.map(({ kind, keyId, value }) => ({
      kind,
      keyId,
      value: box.open(value, sessionKeyContext(id, kind, keyId)).toString('base64'),
    }));
    const content = { session, keys };
    await write(content);
    return content;
  });
}

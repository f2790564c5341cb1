import { createPlacement, encodeKey, markKeysStale, SESSION_KEYS_BOX, sessionKeyContext } from '@wa-gate/cluster';
import { inTransaction, isUniqueViolation, type Network, type Pool, type PoolClient } from '@wa-gate/db';
import { createSecretBox, newId } from '@wa-gate/kit';
import { mintKey } from '../../modules/api-keys/index.ts';
import { SYSTEM_ACTOR, writeAudit } from '../../modules/audit/index.ts';
import { normaliseEmail } from '../../modules/auth/index.ts';
import { assertTierAllowsSessions, lockAccount } from '../../modules/tiers/index.ts';
import { CommandError } from '../errors.ts';
import type { Device } from './device.ts';
import type { SessionContent } from './session-bundle.ts';

/** Where a session goes. */
export interface Home {
  userId: string;
  workspaceId: string;
}

/** A linked session as it is inserted. */
export interface NewLinkedSession {
  slug: string;
  name: string;
  network: Network;
  phoneNumber: string | null;
  lid: string | null;
  pushName: string | null;
  settings: Record<string, unknown>;
  /** Values as they are stored, in clear. */
  keys: { kind: string; keyId: string; bytes: Buffer }[];
}

export interface ImportedSession {
  sessionId: string;
  id: string;
  phoneNumber: string | null;
  /** The primary key of the session, shown this once. */
  apiKey: string;
  keys: number;
  ignored: string[];
}

const HOME = `SELECT u.id AS "userId", w.id AS "workspaceId" FROM users u JOIN workspaces w ON w.owner_user_id = u.id
  WHERE u.email = $1 AND ($2::uuid IS NULL OR w.id = $2) ORDER BY w.created_at LIMIT 1`;

/**
 * The workspace of the user with this address: the first one, or the one named.
 *
 * @throws {CommandError}
 */
export async function findHome(pool: Pool, email: string, workspaceId?: string): Promise<Home> {
  const { rows } = await pool.query<Home>(HOME, [normaliseEmail(email), workspaceId ?? null]);
  if (rows[0]) return rows[0];
  throw new CommandError(
    workspaceId
      ? `The user ${email} has no workspace ${workspaceId}.`
      : `There is no user ${email}. Register one first (POST /api/auth/register), or as an administrator (POST /api/admin/users).`,
  );
}

/** The bytes of the keys of a device, as workers store them. JSON is read by every version. */
export const fromDevice = (
  { phoneNumber, lid, pushName, keys }: Device,
  as: Pick<NewLinkedSession, 'slug' | 'name' | 'network'>,
): NewLinkedSession => ({
  ...as,
  phoneNumber,
  lid,
  pushName,
  settings: {},
  keys: keys.map(({ kind, keyId, value }) => ({ kind, keyId, bytes: encodeKey(kind, value) })),
});

export const fromBundle = ({ session, keys }: SessionContent, slug = session.slug): NewLinkedSession => ({
  ...session,
  slug,
  keys: keys.map(({ kind, keyId, value }) => ({ kind, keyId, bytes: Buffer.from(value, 'base64') })),
});

/**
 * Inserts a linked session with its keys. The keys are marked as stale: its former place may have sent after they
 * were copied, and the next owner renews them before it connects (I4).
 *
 * @throws {CommandError} @throws {ApiError} when the tier of the account allows no more sessions
 */
export async function importSession(
  pool: Pool,
  masterKeys: readonly Uint8Array[],
  { userId, workspaceId }: Home,
  session: NewLinkedSession,
): Promise<Omit<ImportedSession, 'ignored'>> {
  const box = createSecretBox(masterKeys, SESSION_KEYS_BOX);
  const { slug, name, network, phoneNumber, lid, pushName, settings, keys } = session;
  const id = newId();
  try {
    return await inTransaction(pool, async (tx) => {
      await lockAccount(tx, userId);
      await tx.query(
        `INSERT INTO sessions (id, workspace_id, user_id, slug, name, network, phone_number, lid, push_name, settings, paired_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now())`,
        [id, workspaceId, userId, slug, name, network, phoneNumber, lid, pushName, settings],
      );
      await createPlacement(tx, id);
      await tx.query('INSERT INTO session_counters (session_id) VALUES ($1)', [id]);
      await assertTierAllowsSessions(tx, userId);
      await insertKeys(
        tx,
        id,
        keys.map(({ kind, keyId, bytes }) => ({
          kind,
          keyId,
          value: box.seal(bytes, sessionKeyContext(id, kind, keyId)),
        })),
      );
      await markKeysStale(tx, newId(), [id]);
      const { token } = await mintKey(tx, {
        userId,
        workspaceId,
        sessionId: id,
        scope: 'SESSION',
        role: 'OWNER',
        permissions: [],
        allowedIps: [],
        expiresAt: null,
        name: 'Primary key',
        isPrimary: true,
        network,
      });
      await writeAudit(tx, SYSTEM_ACTOR, {
        action: 'session.created',
        resourceType: 'session',
        resourceId: id,
        workspaceId,
        after: { sessionId: slug, name, network, imported: true },
      });
      return { sessionId: slug, id, phoneNumber, apiKey: token, keys: keys.length };
    });
  } catch (error) {
    if (!isUniqueViolation(error, 'sessions_workspace_id_slug_key')) throw error;
    throw new CommandError(`The workspace has a session ${slug} already. Give another name with --session.`, {
      cause: error,
    });
  }
}

const BATCH = 500;

async function insertKeys(
  tx: PoolClient,
  id: string,
  keys: { kind: string; keyId: string; value: Buffer }[],
): Promise<void> {
  for (let from = 0; from < keys.length; from += BATCH) {
    const batch = keys.slice(from, from + BATCH);
    await tx.query(
      `INSERT INTO session_keys (session_id, kind, key_id, value)
       SELECT $1, k.* FROM unnest($2::text[], $3::text[], $4::bytea[]) AS k(kind, key_id, value) ON CONFLICT DO NOTHING`,
      [id, batch.map(({ kind }) => kind), batch.map(({ keyId }) => keyId), batch.map(({ value }) => value)],
    );
  }
}

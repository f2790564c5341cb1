import { randomBytes } from 'node:crypto';
import { inTransaction, type Pool, type PoolClient } from '@wa-gate/db';
import { SYSTEM_ACTOR, writeAudit } from '../audit/index.ts';
import { createAdministratorAccount } from './accounts.ts';
import { assertAdministratorCredentials } from './administrators.ts';
import { normaliseEmail } from './email.ts';
import { hashPassword } from './passwords.ts';

export interface NewAdministrator {
  email: string;
  /** @default one is made for a new user; that of a user who is there stays */
  password?: string | undefined;
}

export type MadeAdministrator =
  | { kind: 'created'; email: string /** Shown once, when it was made here. */; password: string | null }
  | { kind: 'promoted'; email: string; isPasswordChanged: boolean };

const GENERATED_BYTES = 18;

/**
 * Makes an administrator, of an existing user if there is one, who is activated if need be. A new password ends all
 * their logins.
 *
 * @throws {ConfigError} for a password that is too easy to guess
 */
export async function createAdministrator(pool: Pool, given: NewAdministrator): Promise<MadeAdministrator> {
  const generated = given.password === undefined ? randomBytes(GENERATED_BYTES).toString('base64url') : null;
  const password = given.password ?? generated!;
  assertAdministratorCredentials({ email: given.email, password }, ['The address', 'The password']);
  const email = normaliseEmail(given.email);
  const passwordHash = await hashPassword(password);
  return inTransaction(pool, async (tx) => {
    const { rows } = await tx.query<{ id: string; role: string }>(
      'SELECT id, role FROM users WHERE email = $1 FOR UPDATE',
      [email],
    );
    const user = rows[0];
    if (user) return await promote(tx, user, { email, passwordHash: generated === null ? passwordHash : null });
    await createAdministratorAccount(tx, { email, passwordHash });
    return { kind: 'created', email, password: generated };
  });
}

async function promote(
  tx: PoolClient,
  user: { id: string; role: string },
  { email, passwordHash }: { email: string; passwordHash: string | null },
): Promise<MadeAdministrator> {
  await tx.query(
    `UPDATE users SET role = 'ADMINISTRATOR', is_active = true, password_hash = COALESCE($2, password_hash), updated_at = now() WHERE id = $1`,
    [user.id, passwordHash],
  );
  // Gateways that run have the user in memory.
  await tx.query(`INSERT INTO revocations (kind, subject) VALUES ('user', $1), ('account', $1)`, [user.id]);
  if (passwordHash !== null) {
    await tx.query(
      `WITH ended AS (
         UPDATE logins SET ended_at = now(), ended_reason = 'password' WHERE user_id = $1 AND ended_at IS NULL RETURNING id)
       INSERT INTO revocations (kind, subject) SELECT 'login', id::text FROM ended`,
      [user.id],
    );
  }
  await writeAudit(tx, SYSTEM_ACTOR, {
    action: 'user.role_changed',
    resourceType: 'user',
    resourceId: user.id,
    before: { role: user.role === 'ADMINISTRATOR' ? 'administrator' : 'customer' },
    // A field whose name contains `password` would be masked.
    after: { role: 'administrator', loginsEnded: passwordHash !== null },
  });
  return { kind: 'promoted', email, isPasswordChanged: passwordHash !== null };
}

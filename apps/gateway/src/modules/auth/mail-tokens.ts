import { createHash } from 'node:crypto';
import type { MailTokenPurpose, Queryable } from '@wa-gate/db';
import { newToken, TOKEN_PREFIX } from '@wa-gate/kit';

/**
 * Tokens that are valid once. Those in mails prove that their bearer reads the mail of the address; `perHour` protects
 * the mailbox. A link that logs in is made by the operator, who is not limited.
 */
const PURPOSES: Record<MailTokenPurpose, { prefix: string; hours: number; perHour: number }> = {
  VERIFY_EMAIL: { prefix: TOKEN_PREFIX.verifyEmail, hours: 48, perHour: 3 },
  RESET_PASSWORD: { prefix: TOKEN_PREFIX.resetPassword, hours: 1, perHour: 3 },
  LOG_IN: { prefix: TOKEN_PREFIX.loginLink, hours: 1, perHour: 1_000 },
};
const KEEP_DAYS = 7;

/**
 * Stores nothing for a user who does not exist or has reached the limit. The statement is the same, so that its time
 * reveals nothing.
 */
const ISSUE = {
  name: 'issue-mail-token',
  text: `INSERT INTO mail_tokens (hash, user_id, purpose, email, expires_at)
    SELECT $1, u.id, $3::"MailTokenPurpose", u.email, now() + make_interval(hours => $4::int) FROM users u
    WHERE u.id = $2 AND u.is_active AND (
      SELECT count(*) FROM mail_tokens t
      WHERE t.user_id = u.id AND t.purpose = $3::"MailTokenPurpose" AND t.created_at > now() - interval '1 hour') < $5::int`,
};
const TAKE = {
  name: 'take-mail-token',
  text: `UPDATE mail_tokens t SET used_at = now() FROM users u
    WHERE t.hash = $1 AND t.purpose = $2::"MailTokenPurpose" AND t.used_at IS NULL AND t.expires_at > now()
      AND u.id = t.user_id AND u.is_active AND u.email = t.email
    RETURNING u.id AS "userId", u.email`,
};
/** Invalidates the tokens that were sent before. */
const DROP = {
  name: 'drop-mail-tokens',
  text: `UPDATE mail_tokens SET used_at = now() WHERE user_id = $1 AND purpose = $2::"MailTokenPurpose" AND used_at IS NULL`,
};
const SWEEP = {
  name: 'sweep-mail-tokens',
  text: `DELETE FROM mail_tokens WHERE hash IN (
    SELECT hash FROM mail_tokens WHERE expires_at < now() - interval '${KEEP_DAYS} days' LIMIT $1)`,
};

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/**
 * A token for the present address of a user; `null` when there is no such active user, or too many were sent within the
 * hour.
 */
export async function issueMailToken(tx: Queryable, userId: string, purpose: MailTokenPurpose): Promise<string | null> {
  const { prefix, hours, perHour } = PURPOSES[purpose];
  const { token } = newToken(prefix);
  const { rowCount } = await tx.query({ ...ISSUE, values: [hashOf(token), userId, purpose, hours, perHour] });
  return rowCount === 1 ? token : null;
}

/** Uses the token up and returns its user. `null`: unknown, used, expired, or for an address that has changed since. */
export async function takeMailToken(
  tx: Queryable,
  token: string,
  purpose: MailTokenPurpose,
): Promise<{ userId: string; email: string } | null> {
  const { rows } = await tx.query<{ userId: string; email: string }>({ ...TAKE, values: [hashOf(token), purpose] });
  return rows[0] ?? null;
}

export async function dropMailTokens(tx: Queryable, userId: string, purpose: MailTokenPurpose): Promise<void> {
  await tx.query({ ...DROP, values: [userId, purpose] });
}

export async function sweepMailTokens(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ ...SWEEP, values: [limit] });
  return rowCount ?? 0;
}

import { inTransaction, type Pool } from '@wa-gate/db';
import { ConfigError } from '@wa-gate/kit';
import { SYSTEM_ACTOR, writeAudit } from '../audit/index.ts';
import { normaliseEmail } from './email.ts';
import { issueMailToken } from './mail-tokens.ts';

/**
 * A token that logs its bearer in as a user, once, within an hour. For whoever may write the database.
 *
 * @throws {ConfigError} when there is no such active user
 */
export async function createLoginLink(pool: Pool, address: string): Promise<{ email: string; token: string }> {
  const email = normaliseEmail(address);
  return inTransaction(pool, async (tx) => {
    const { rows } = await tx.query<{ id: string }>('SELECT id FROM users WHERE email = $1', [email]);
    const id = rows[0]?.id;
    const token = id === undefined ? null : await issueMailToken(tx, id, 'LOG_IN');
    if (id === undefined || token === null) throw new ConfigError(`There is no active user with the address ${email}.`);
    await writeAudit(tx, SYSTEM_ACTOR, { action: 'login.link_created', resourceType: 'user', resourceId: id });
    return { email, token };
  });
}

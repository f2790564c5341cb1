import { inTransaction, isUniqueViolation, type Pool } from '@wa-gate/db';
import { ConfigError } from '@wa-gate/kit';
import { createAdministratorAccount } from './accounts.ts';
import { normaliseEmail } from './email.ts';
import { hashPassword } from './passwords.ts';

interface Credentials {
  email: string;
  password: string;
}

const MIN_LENGTH = 12;
const MAX_LENGTH = 256;
const MIN_DIFFERENT = 5;
/** Words that default passwords are made of; digits, signs and case around them change nothing. */
const DEFAULT_WORDS =
  /^(admin(istrator)?|root|user|test|demo|guest|default|secret|password|passwort|passw|pass|pwd|changeme|changethis|changeit|letmein|welcome|qwerty(uiop)?|qwertz|asdf(gh)?|abc(def)?|login|master|access|super|my|your|the|please|secure|strong|whatsapp|gateway|wagate|postgres|redis)*$/;
const EMAIL = /^[^\s@]+@[^\s@]+$/;

/** Like `P@ssw0rd-2024!` for `password`. */
const bare = (password: string): string =>
  password
    .toLowerCase()
    .replaceAll('@', 'a')
    .replaceAll('$', 's')
    .replaceAll(/0(?=[a-z])/g, 'o')
    .replaceAll(/[^a-z]/g, '');

/** Refuses passwords that an attacker would try first. */
export function assertAdministratorCredentials({ email, password }: Credentials, names: [string, string]): void {
  const [emailName, passwordName] = names;
  if (!EMAIL.test(email)) throw new ConfigError(`${emailName} is not an e-mail address.`);
  if (password.length < MIN_LENGTH || password.length > MAX_LENGTH) {
    throw new ConfigError(
      `${passwordName} has to have between ${MIN_LENGTH} and ${MAX_LENGTH} characters, because an administrator reaches everything. Make one with: openssl rand -base64 18`,
    );
  }
  const letters = bare(password);
  const isWord = letters !== '' && (DEFAULT_WORDS.test(letters) || letters === bare(email.split('@', 1)[0]!));
  if (isWord || /^\d+$/.test(password) || new Set(password).size < MIN_DIFFERENT) {
    throw new ConfigError(
      `${passwordName} is a well-known password or easy to guess. Make another one with: openssl rand -base64 18`,
    );
  }
}

/**
 * Makes the first administrator; does nothing when there is one. True when it was made.
 *
 * @throws {ConfigError} for credentials that nobody should have, or an address that an ordinary user has
 */
export async function ensureAdministrator(pool: Pool, { email: given, password }: Credentials): Promise<boolean> {
  const { rowCount } = await pool.query(`SELECT 1 FROM users WHERE role = 'ADMINISTRATOR' LIMIT 1`);
  if (rowCount) return false;
  assertAdministratorCredentials({ email: given, password }, ['ADMIN_EMAIL', 'ADMIN_PASSWORD']);
  const email = normaliseEmail(given);
  const passwordHash = await hashPassword(password);
  try {
    await inTransaction(pool, (tx) => createAdministratorAccount(tx, { email, passwordHash }));
    return true;
  } catch (error) {
    if (!isUniqueViolation(error, 'users_email_key')) throw error;
  }
  const { rows } = await pool.query<{ role: string }>('SELECT role FROM users WHERE email = $1', [email]);
  // Another gateway that starts at the same time was first.
  if (rows[0]?.role === 'ADMINISTRATOR') return false;
  throw new ConfigError(
    `There is no administrator yet, and the user with the address of ADMIN_EMAIL is an ordinary one. Make that user an administrator with \`wag admin create --email ${email}\`, or choose another address.`,
  );
}

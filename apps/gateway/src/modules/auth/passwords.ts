import argon2 from 'argon2';
import bcrypt from 'bcryptjs';

/** OWASP's parameters for argon2id: 19 MiB, two passes, one lane. */
const PARAMETERS = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

export const hashPassword = (password: string): Promise<string> => argon2.hash(password, PARAMETERS);

const BCRYPT = /^\$2[abxy]\$/;
const ARGON2 = /^\$argon2/;

let decoy: Promise<string> | undefined;

/**
 * Checks a password. Without a hash (an unknown e-mail) it does the same work and says no, so that the time of the answer does not
 * tell who has an account: one argon2 verification in both cases. Hashes that were imported from a bcrypt installation are checked as such, until the first
 * login replaces them; until then their time differs.
 */
export async function checkPassword(hash: string | null, password: string): Promise<boolean> {
  if (hash !== null && BCRYPT.test(hash)) return await bcrypt.compare(password, hash);
  decoy ??= hashPassword('a password that nobody has');
  const known = hash !== null && ARGON2.test(hash) ? hash : null;
  const matches = await argon2.verify(known ?? (await decoy), password);
  return matches && known !== null;
}

/** Whether a stored hash was made in another way than new ones are: to be made anew at the next login, when the password is there. */
export const isOutdated = (hash: string): boolean => BCRYPT.test(hash) || argon2.needsRehash(hash, PARAMETERS);

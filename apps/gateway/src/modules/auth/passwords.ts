import argon2 from 'argon2';

/** OWASP's parameters for argon2id: 19 MiB, two passes, one lane. */
const PARAMETERS = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

export const hashPassword = (password: string): Promise<string> => argon2.hash(password, PARAMETERS);

const BCRYPT = /^\$2[abxy]\$/;
const ARGON2 = /^\$argon2/;

let decoy: Promise<string> | undefined;

/**
 * Checks a password. Without a hash (an unknown e-mail) it does the same work and returns false: one argon2
 * verification in both cases, so that the time of the answer does not reveal which accounts exist. Hashes imported from
 * a bcrypt installation are checked with bcrypt until the first login replaces them; their time differs until then.
 */
export async function checkPassword(hash: string | null, password: string): Promise<boolean> {
  if (hash !== null && BCRYPT.test(hash)) {
    const { default: bcrypt } = await import('bcryptjs');
    return await bcrypt.compare(password, hash);
  }
  decoy ??= hashPassword('a password that nobody has');
  const known = hash !== null && ARGON2.test(hash) ? hash : null;
  const matches = await argon2.verify(known ?? (await decoy), password);
  return matches && known !== null;
}

/**
 * Whether a stored hash was made with other parameters than new ones; the next login, which has the password, replaces
 * it.
 */
export const isOutdated = (hash: string): boolean => BCRYPT.test(hash) || argon2.needsRehash(hash, PARAMETERS);

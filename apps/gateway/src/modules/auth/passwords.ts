import argon2 from 'argon2';

/** OWASP's parameters for argon2id: 19 MiB, two passes, one lane. */
const PARAMETERS = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

export const hashPassword = (password: string): Promise<string> => argon2.hash(password, PARAMETERS);

let decoy: Promise<string> | undefined;

export interface PasswordCheck {
  matches: boolean;
  /** The stored hash was made with other parameters: store this one instead. */
  newHash?: string;
}

/**
 * Checks a password. Without a hash (an unknown e-mail) it does the same work and says no, so that the time of the answer does not
 * tell who has an account.
 */
export async function checkPassword(hash: string | null, password: string): Promise<PasswordCheck> {
  decoy ??= hashPassword('a password that nobody has');
  const matches = await argon2.verify(hash ?? (await decoy), password);
  if (hash === null || !matches) return { matches: false };
  return argon2.needsRehash(hash, PARAMETERS) ? { matches, newHash: await hashPassword(password) } : { matches };
}

import argon2 from 'argon2';
import bcrypt from 'bcryptjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkPassword, hashPassword, isOutdated } from './passwords.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

// Made slow on purpose, a password may take a busy machine a second.
describe('checking a password (MR-150)', { timeout: 60_000 }, () => {
  it('says yes to the right one only', async () => {
    const hash = await hashPassword('correct horse');
    expect(await checkPassword(hash, 'correct horse')).toBe(true);
    expect(await checkPassword(hash, 'wrong horse')).toBe(false);
    expect(isOutdated(hash)).toBe(false);
  });

  it('takes one argon2 verification with the same parameters, whether there is a user or not', async () => {
    const hash = await hashPassword('correct horse');
    await checkPassword(null, 'the decoy is made');
    const verify = vi.spyOn(argon2, 'verify');
    for (const known of [hash, null, 'no hash of ours']) {
      verify.mockClear();
      expect(await checkPassword(known, 'wrong horse')).toBe(false);
      expect(verify).toHaveBeenCalledTimes(1);
      expect(verify.mock.calls[0]![0]).toMatch(/^\$argon2id\$v=19\$m=19456,(t=2,p=1|p=1,t=2)\$/);
    }
  });

  it('never takes the password of the decoy', async () => {
    expect(await checkPassword(null, 'a password that nobody has')).toBe(false);
  });

  it.each(['2a', '2b', '2y'])('verifies an imported bcrypt hash ($%s$), and wants it replaced', async (version) => {
    const hash = (await bcrypt.hash('correct horse', 4)).replace(/^\$2b/, `$${version}`);
    expect(await checkPassword(hash, 'correct horse')).toBe(true);
    expect(await checkPassword(hash, 'wrong horse')).toBe(false);
    expect(isOutdated(hash)).toBe(true);
  });

  it('takes odd passwords as they are', async () => {
    for (const odd of ['a\u0000b', '\ud83d', '  spaces  ', 'x'.repeat(256)]) {
      expect(await checkPassword(await hashPassword(odd), odd)).toBe(true);
    }
    expect(await checkPassword(await hashPassword('a\u0000b'), 'a')).toBe(false);
  });
});

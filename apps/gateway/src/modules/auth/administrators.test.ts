import { ConfigError } from '@wa-gate/kit';
import { describe, expect, it } from 'vitest';
import { assertAdministratorCredentials } from './administrators.ts';
import { administratorOf, parseSecrets } from './environment.ts';

const NAMES: [string, string] = ['ADMIN_EMAIL', 'ADMIN_PASSWORD'];
const check =
  (password: string, email = 'boss@example.test') =>
  () =>
    assertAdministratorCredentials({ email, password }, NAMES);

describe('the first administrator has no default password', () => {
  it.each(['admin', 'changeme', 'short', '', 'elevenchars', 'x'.repeat(257)])('refuses by length: %j', (password) => {
    expect(check(password)).toThrow(ConfigError);
    expect(check(password)).toThrow('ADMIN_PASSWORD has to have between 12 and 256 characters');
  });

  it.each([
    'administrator',
    'Password1234!',
    'P@ssw0rd2024',
    'changeme-changeme',
    'adminadmin12',
    'Admin1234567',
    'letmein-please',
    'your-super-secret-password',
    'securePassword123',
    'qwertyuiop12',
    '123456789012',
    'aaaaaaaaaaaaaaaa',
    'boss-2024-1234',
  ])('refuses a well-known one: %s', (password) => {
    expect(check(password)).toThrow('is a well-known password or easy to guess');
  });

  it.each(['correct horse battery staple', 'the password of the admin', 'пароль администратора', 'Zk3-q9vX_mT2p'])(
    'takes %s',
    (password) => {
      expect(check(password)).not.toThrow();
    },
  );

  it('refuses what is no address', () => {
    expect(check('correct horse battery staple', 'boss')).toThrow('ADMIN_EMAIL is not an e-mail address');
  });

  it('judges a very long one quickly', () => {
    const begun = performance.now();
    expect(check(`${'admin'.repeat(50)}z`)).not.toThrow();
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  it('is named by two variables, or by none', () => {
    expect(administratorOf({})).toBeNull();
    expect(administratorOf({ ADMIN_EMAIL: 'a@b', ADMIN_PASSWORD: 'c' })).toEqual({ email: 'a@b', password: 'c' });
    expect(() => administratorOf({ ADMIN_EMAIL: 'a@b' })).toThrow('belong together');
    expect(() => administratorOf({ ADMIN_PASSWORD: 'c' })).toThrow('belong together');
  });
});

describe('secrets of the environment', () => {
  it('are a list: the first signs', () => {
    const [one, two] = ['a'.repeat(32), 'b'.repeat(40)];
    expect(parseSecrets('JWT_SECRET', ` ${one} , ${two}`)).toEqual([one, two]);
  });

  it.each(['', 'your-super-secret-jwt-key', `${'a'.repeat(32)},`, `${'a'.repeat(32)},short`])('refuses %j', (list) => {
    expect(() => parseSecrets('JWT_SECRET', list)).toThrow('JWT_SECRET must have at least 32 characters');
  });
});

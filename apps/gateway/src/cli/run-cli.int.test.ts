import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { assertMasterKey } from '@wa-gate/db';
import { createTestDatabase, type TestDatabase, waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useGateway } from '../testing/use-gateway.ts';
import { runCli } from './run-cli.ts';

const fixture = useGateway();
const base64 = (...keys: Buffer[]) => keys.map((key) => key.toString('base64')).join(',');

async function wag(args: string, { env = {}, input = '' }: { env?: Record<string, string>; input?: string } = {}) {
  const said: string[] = [];
  const failed: string[] = [];
  const code = await runCli(args.split(' ').filter(Boolean), {
    env: { DATABASE_URL: fixture.database.url, WAG_MASTER_KEY: base64(fixture.masterKey), ...env },
    stdin: Readable.from([input]),
    stdout: (text) => said.push(text),
    stderr: (text) => failed.push(text),
  });
  return { code, out: said.join('\n'), err: failed.join('\n') };
}
const login = (email: string, password: string) =>
  fixture.call('POST', '/api/auth/login', { body: { email, password } });

describe('wag admin login-link (MR-200)', () => {
  const enter = (token: string) => fixture.call('POST', '/api/auth/login-link', { body: { token } });

  it('prints a token that logs the user in, once, and is in the audit log without it', async () => {
    const user = await fixture.register();
    const { code, out } = await wag(`admin login-link --email ${user.email.toUpperCase()}`);
    expect([code, out]).toEqual([0, expect.stringMatching(/^wag_ll_\w{8}_\w{43}$/)]);
    const { status, body } = await enter(out);
    expect([status, body.data.user.email]).toEqual([200, user.email]);
    expect((await fixture.call('GET', '/api/auth/me', { as: body.data.token })).status).toBe(200);
    expect((await enter(out)).body.code).toBe('MAIL_TOKEN_INVALID');
    const { rows } = await fixture.database.pool.query(
      `SELECT count(*)::int AS written FROM audit_logs WHERE action = 'login.link_created' AND resource_id = $1`,
      [body.data.user.id],
    );
    expect(rows).toEqual([{ written: 1 }]);
  });

  it('says that there is no such user', async () => {
    const { code, err } = await wag('admin login-link --email nobody@example.test');
    expect([code, err]).toEqual([1, expect.stringContaining('no active user with the address nobody@example.test')]);
  });
});

describe('wag admin create', () => {
  it('makes an administrator with a password that is shown once', async () => {
    const { code, out } = await wag('admin create --email Boss@Example.test');
    expect(code).toBe(0);
    const password = /shown this once: (\S+)$/.exec(out)![1]!;
    expect(password.length).toBeGreaterThanOrEqual(24);
    const { body } = await login('boss@example.test', password);
    expect(body.data.user).toMatchObject({ role: 'administrator', tier: 'max' });
    const { rows } = await fixture.database.pool.query(
      `SELECT actor_kind, action FROM audit_logs WHERE after->>'email' = 'boss@example.test' AND action = 'user.created'`,
    );
    expect(rows).toEqual([{ actor_kind: 'system', action: 'user.created' }]);
  });

  it('reads a password from standard input, and shows it nowhere', async () => {
    const password = 'a password for the second';
    const { code, out } = await wag('admin create --email second@example.test --password-stdin', {
      input: `${password}\nmore\n`,
    });
    expect([code, out]).toEqual([0, 'The administrator second@example.test was made.']);
    expect((await login('second@example.test', password)).status).toBe(200);
  });

  it('makes one of a user who is there, at once also for tokens that are in use', async () => {
    const user = await fixture.register();
    const isAdministrator = async () =>
      (await fixture.call('GET', '/api/admin/workers', { as: user.token })).status === 200;
    expect(await isAdministrator()).toBe(false);
    const { code, out } = await wag(`admin create --email ${user.email}`);
    expect([code, out]).toEqual([0, `${user.email} is an administrator now. The password is as it was.`]);
    await waitFor(isAdministrator);
    expect((await login(user.email, 'correct horse')).status).toBe(200);
  });

  it('with a new password for a user who is there ends all logins of theirs', async () => {
    const user = await fixture.register();
    const { out } = await wag(`admin create --email ${user.email} --password-stdin`, {
      input: 'an entirely new horse',
    });
    expect(out).toContain('The password was changed, and all logins were ended');
    await waitFor(async () => (await fixture.call('GET', '/api/auth/me', { as: user.token })).status === 401);
    expect((await login(user.email, 'an entirely new horse')).status).toBe(200);
  });

  it.each([
    ['changeme', 'between 12 and 256 characters'],
    ['', 'between 12 and 256 characters'],
    ['Administrator1', 'well-known password'],
  ])('refuses the password %j', async (input, sentence) => {
    const { code, err } = await wag('admin create --email third@example.test --password-stdin', { input });
    expect(code).toBe(1);
    expect(err).toContain(sentence);
    expect((await fixture.database.pool.query(`SELECT 1 FROM users WHERE email = 'third@example.test'`)).rowCount).toBe(
      0,
    );
  });
});

describe('the first administrator of an environment', () => {
  it('is refused with a default password, and is no ordinary user', async () => {
    const { auth } = fixture.gateway.services;
    await fixture.database.pool.query(`UPDATE users SET role = 'USER'`);
    await expect(auth.ensureAdministrator('root@example.test', 'changeme')).rejects.toThrow('ADMIN_PASSWORD');
    const user = await fixture.register();
    await expect(auth.ensureAdministrator(user.email, 'the password of the admin')).rejects.toThrow('wag admin create');
    expect(await auth.ensureAdministrator('root@example.test', 'the password of the admin')).toBe(true);
    // Now nothing is looked at any more.
    expect(await auth.ensureAdministrator('root@example.test', 'changeme')).toBe(false);
  });
});

describe('the command line', () => {
  it.each([
    ['', 'doctor'],
    ['help', 'doctor'],
    ['--help', 'WAG_API_KEY'],
    ['admin create -h', '--email <address>'],
    ['help secrets', 'reencrypt'],
  ])('helps: %j', async (args, words) => {
    const { code, out } = await wag(args, { env: { DATABASE_URL: '', WAG_MASTER_KEY: '' } });
    expect(code).toBe(0);
    expect(out).toContain(words);
  });

  it.each([
    ['admin', 'There is no command `admin`'],
    ['admin create', "Required option '--email <address>' not specified."],
    ['admin create --email a@example.test --password secret', "Unknown option '--password'"],
    ['secrets', 'There is no command `secrets`'],
    ['nothing like it', 'There is no command `nothing like it`'],
    ['drain', "Missing required argument 'worker'"],
    ['keys create --name x --scope all', 'Allowed choices are session, workspace, admin'],
    ['restore folder --wal /archive', '--wal and --until are for a base backup'],
    ['recover --as-of yesterday', '--as-of takes a time'],
  ])('refuses %j', async (args, sentence) => {
    const { code, err } = await wag(args);
    expect(code).toBe(2);
    expect(err).toContain(sentence);
    expect(err).toContain('`wag help`');
  });

  it('reads secrets from files, as the processes do', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wag-cli-'));
    const file = join(folder, 'key');
    await writeFile(file, `${base64(fixture.masterKey)}\n`);
    const env = { WAG_MASTER_KEY: '', WAG_MASTER_KEY_FILE: file };
    expect((await wag('secrets reencrypt', { env })).code).toBe(0);
    expect((await wag('doctor --json', { env })).out).toContain('opens what is stored');
    await rm(folder, { recursive: true });
    expect((await wag('doctor', { env })).err).toContain('WAG_MASTER_KEY_FILE names');
  });

  it('says what is missing, and that a database does not answer, without the password', async () => {
    expect((await wag('secrets reencrypt', { env: { DATABASE_URL: '' } })).err).toContain('DATABASE_URL is missing');
    const { code, err } = await wag('secrets reencrypt', {
      env: { DATABASE_URL: 'postgresql://me:secret@127.0.0.1:1/db' },
    });
    expect(code).toBe(1);
    expect(err).toContain('PostgreSQL does not answer at 127.0.0.1:1');
    expect(err).not.toContain('secret@');
  });
});

describe('wag secrets reencrypt', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database?.drop());

  it('lets the old key be removed: before it the new key alone is refused, after it the old one', async () => {
    const [old, next] = [randomBytes(32), randomBytes(32)];
    await assertMasterKey(database.pool, [old]);
    const env = { DATABASE_URL: database.url, WAG_MASTER_KEY: base64(next, old) };
    await expect(assertMasterKey(database.pool, [next])).rejects.toThrow('not the key');
    const { code, out } = await wag('secrets reencrypt', { env });
    expect(code).toBe(0);
    expect(out).toContain('all keys but the first can be removed');
    await assertMasterKey(database.pool, [next]);
    await expect(assertMasterKey(database.pool, [old])).rejects.toThrow('not the key');
    const again = await wag('secrets reencrypt', { env: { ...env, WAG_MASTER_KEY: base64(next) } });
    expect([again.code, again.out.split('\n', 1)[0]]).toEqual([0, 'Sealed anew under the first master key: 0']);
    const wrong = await wag('secrets reencrypt', { env: { ...env, WAG_MASTER_KEY: base64(old) } });
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('WAG_MASTER_KEY is not the key')]);
  });
});

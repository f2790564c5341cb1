import { describe, expect, it } from 'vitest';
import { ADMIN } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();

const register = (body: Record<string, unknown>) => fixture.call('POST', '/api/auth/register', { body });
const login = (email: string, password: string) =>
  fixture.call('POST', '/api/auth/login', { body: { email, password } });

describe('registering (MR-001)', () => {
  it('makes a user, a token and a workspace key that both work', async () => {
    const { status, body } = await register({ email: ' Ann@Example.test'.trim(), password: 'correct horse' });
    expect(status).toBe(201);
    expect(body.data.user).toMatchObject({ email: 'ann@example.test', name: 'ann', role: 'customer', tier: 'basic' });
    expect(body.data.apiKey).toMatch(/^wag_test_/);
    for (const credential of [body.data.token, body.data.apiKey]) {
      expect((await fixture.call('GET', '/api/sessions', { as: credential })).body.data.sessions).toEqual([]);
    }
  });

  it('gives the basic tier whatever is asked for, and says so', async () => {
    const { body } = await register({ email: 'max@example.test', password: 'correct horse', tier: 'max' });
    expect(body.data.user.tier).toBe('basic');
    expect(body.data.warnings).toHaveLength(1);
  });

  it('refuses an e-mail that is taken, in whatever case', async () => {
    await register({ email: 'twice@example.test', password: 'correct horse' });
    const { status, body } = await register({ email: 'TWICE@example.test', password: 'correct horse' });
    expect([status, body.code]).toEqual([409, 'EMAIL_TAKEN']);
  });

  it('makes one user of two requests at the same time', async () => {
    const answers = await Promise.all(
      [1, 2].map(() => register({ email: 'race@example.test', password: 'correct horse' })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409]));
  });

  it.each([
    ['no password', { email: 'a@example.test' }, 'body needs `password`'],
    ['a short password', { email: 'a@example.test', password: 'short' }, 'body.password'],
    ['no e-mail', { email: 'nobody', password: 'correct horse' }, 'body.email'],
    ['an unknown field', { email: 'a@example.test', password: 'correct horse', role: 'administrator' }, '`role`'],
    ['a number for a name', { email: 'a@example.test', password: 'correct horse', name: 5 }, 'body.name'],
  ])('refuses %s', async (_what, body, mentioned) => {
    const answer = await register(body);
    expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION']);
    expect(answer.body.error).toContain(mentioned);
  });
});

describe('logging in (MR-002)', () => {
  it('gives a token for the right password, in whatever case the e-mail is', async () => {
    const user = await fixture.register();
    const { status, body } = await login(user.email.toUpperCase(), 'correct horse');
    expect(status).toBe(200);
    expect(body.data.expiresIn).toBe(900);
    const me = await fixture.call('GET', '/api/auth/me', { as: body.data.token });
    expect(me.body.data.user.email).toBe(user.email);
  });

  it('answers an unknown e-mail like a wrong password', async () => {
    const user = await fixture.register();
    const wrong = await login(user.email, 'wrong horse');
    const unknown = await login('nobody@example.test', 'wrong horse');
    const facts = ({ status, body }: typeof wrong) => [status, body.code, body.error];
    expect(facts(wrong)).toEqual([401, 'INVALID_CREDENTIALS', 'E-mail or password is wrong.']);
    expect(facts(unknown)).toEqual(facts(wrong));
  });

  it('refuses a user who was switched off, with the token from before too (MR-149)', async () => {
    const { body } = await register({ email: 'off@example.test', password: 'correct horse' });
    await fixture.database.pool.query(`UPDATE users SET is_active = false WHERE email = 'off@example.test'`);
    const refused = await login('off@example.test', 'correct horse');
    expect([refused.status, refused.body.code]).toEqual([403, 'ACCOUNT_DISABLED']);
    expect(refused.body.error).toContain('deactivated');
    expect(refused.headers['set-cookie']).toBeUndefined();
    expect((await fixture.call('GET', '/api/auth/me', { as: body.data.token })).status).toBe(401);
    expect((await fixture.call('GET', '/api/sessions', { as: body.data.apiKey })).status).toBe(401);
  });

  it('stores argon2id, and hashes anew when the parameters have changed (MR-150)', async () => {
    const { default: argon2 } = await import('argon2');
    const user = await fixture.register();
    const weak = await argon2.hash('correct horse', { type: argon2.argon2id, memoryCost: 8_192, timeCost: 1 });
    await fixture.database.pool.query('UPDATE users SET password_hash = $1 WHERE email = $2', [weak, user.email]);
    expect((await login(user.email, 'correct horse')).status).toBe(200);
    const { rows } = await fixture.database.pool.query('SELECT password_hash FROM users WHERE email = $1', [
      user.email,
    ]);
    expect(rows[0].password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,(t=2,p=1|p=1,t=2)\$/);
    expect((await login(user.email, 'correct horse')).status).toBe(200);
  });
});

describe('the first administrator', () => {
  it('is made once, and is shown as administrator', async () => {
    const { auth } = fixture.gateway.services;
    expect(await auth.ensureAdministrator(ADMIN.email, ADMIN.password)).toBe(true);
    expect(await auth.ensureAdministrator('second@example.test', ADMIN.password)).toBe(false);
    expect((await login(ADMIN.email, ADMIN.password)).body.data.user.role).toBe('administrator');
  });
});

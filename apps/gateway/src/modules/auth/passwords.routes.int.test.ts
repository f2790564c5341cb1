import argon2 from 'argon2';
import bcrypt from 'bcryptjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Answer, createGatewayFixture } from '../../testing/gateway-fixture.ts';
import { mailedToken, mailsTo } from '../../testing/mailbox.ts';
import { useGateway } from '../../testing/use-gateway.ts';

// Nothing is sent: the loops of a test gateway stand still, and what is due can be read.
const fixture = useGateway({ MAIL_DIR: '/nowhere' });

afterEach(() => {
  vi.restoreAllMocks();
});

const OLD = 'correct horse';
const NEW = 'another horse';
const post = (path: string, body: Record<string, unknown>, as?: string) =>
  fixture.call('POST', `/api/auth/${path}`, { body, ...(as && { as }) });
const login = (email: string, password: string) => post('login', { email, password });
const isAlive = async (token: string) => (await fixture.call('GET', '/api/auth/me', { as: token })).status === 200;
const shown = ({ status, body, headers }: Answer) => ({
  status,
  body: { ...body, requestId: '' },
  headers: Object.keys(headers).sort(),
});
const hashOf = async (email: string): Promise<string> =>
  (await fixture.database.pool.query('SELECT password_hash AS hash FROM users WHERE email = $1', [email])).rows[0].hash;

describe('changing my password', () => {
  it('needs the old one, and ends all other logins, not this one; keys stay', async () => {
    const user = await fixture.register();
    const other = (await login(user.email, OLD)).body.data;
    const wrong = await post('password', { currentPassword: 'wrong horse', newPassword: NEW }, user.token);
    expect([wrong.status, wrong.body.code]).toEqual([401, 'INVALID_CREDENTIALS']);
    const { body } = await post('password', { currentPassword: OLD, newPassword: NEW }, user.token);
    expect(body.data.endedLogins).toBe(1);
    expect(await isAlive(user.token)).toBe(true);
    expect(await isAlive(other.token)).toBe(false);
    expect((await post('refresh', { refreshToken: other.refreshToken })).status).toBe(401);
    expect((await login(user.email, OLD)).status).toBe(401);
    expect((await login(user.email, NEW)).status).toBe(200);
    expect((await fixture.call('GET', '/api/sessions', { as: user.apiKey })).status).toBe(200);
    expect((await mailsTo(fixture, user.email)).map(({ subject }) => subject)).toContain('Your password was changed');
  });

  it('leaves no login that began with the old password at the same time', async () => {
    const user = await fixture.register();
    const [, ...logins] = await Promise.all([
      post('password', { currentPassword: OLD, newPassword: NEW }, user.token),
      ...Array.from({ length: 6 }, () => login(user.email, OLD)),
    ]);
    for (const { status, body } of logins) {
      if (status === 200) expect(await isAlive(body.data.token)).toBe(false);
    }
  });

  it('takes no short one', async () => {
    const user = await fixture.register();
    expect((await post('password', { currentPassword: OLD, newPassword: 'short' }, user.token)).status).toBe(400);
  });
});

describe('a forgotten password', () => {
  const reset = (token: string, newPassword = NEW) => post('reset-password', { token, newPassword });

  it('is set anew with the token of a mail: once, and all logins end', async () => {
    const user = await fixture.register();
    await post('forgot-password', { email: ` ${user.email.toUpperCase()}` });
    const token = await mailedToken(fixture, user.email, /new password/);
    expect(token).toMatch(/^wag_rp_/);
    const { status, body } = await reset(token);
    expect([status, body.data.endedLogins]).toEqual([200, 1]);
    expect(await isAlive(user.token)).toBe(false);
    expect((await login(user.email, OLD)).status).toBe(401);
    expect((await login(user.email, NEW)).body.data.user.emailVerified).toBe(true);
    expect((await reset(token, 'a third horse')).body.code).toBe('MAIL_TOKEN_INVALID');
  });

  it('is answered in the same way for an address that nobody has, down to the headers', async () => {
    const user = await fixture.register();
    const off = await fixture.register();
    await fixture.database.pool.query('UPDATE users SET is_active = false WHERE email = $1', [off.email]);
    const known = await post('forgot-password', { email: user.email });
    expect(known.status).toBe(200);
    for (const email of ['nobody@example.test', off.email, 'no address', 'a\u0000b', '\ud83d']) {
      expect(shown(await post('forgot-password', { email }))).toEqual(shown(known));
    }
    expect(await mailsTo(fixture, 'nobody@example.test')).toEqual([]);
    expect((await mailsTo(fixture, off.email)).filter(({ subject }) => /password/.test(subject))).toEqual([]);
  });

  it("fills nobody's mailbox: three mails an hour, and the answer stays the same", async () => {
    const user = await fixture.register();
    const answers = [];
    for (let count = 0; count < 5; count += 1) answers.push(await post('forgot-password', { email: user.email }));
    expect(new Set(answers.map((answer) => JSON.stringify(shown(answer)))).size).toBe(1);
    const mails = await mailsTo(fixture, user.email);
    expect(mails.filter(({ subject }) => subject === 'Set a new password')).toHaveLength(3);
  });

  it('is set with the last token, and those before are worth nothing then', async () => {
    const user = await fixture.register();
    await post('forgot-password', { email: user.email });
    const first = await mailedToken(fixture, user.email, /new password/);
    await post('forgot-password', { email: user.email });
    expect((await reset(await mailedToken(fixture, user.email, /new password/))).status).toBe(200);
    expect((await reset(first)).body.code).toBe('MAIL_TOKEN_INVALID');
  });

  it('is not set with a token that is too old, of another purpose, for an old address, or unknown', async () => {
    const user = await fixture.register();
    const verification = await mailedToken(fixture, user.email, /Confirm/);
    await post('forgot-password', { email: user.email });
    const moved = await mailedToken(fixture, user.email, /new password/);
    const email = `moved-${user.email}`;
    await fixture.call('PATCH', '/api/auth/me', { as: user.token, body: { email, currentPassword: OLD } });
    await post('forgot-password', { email });
    const late = await mailedToken(fixture, email, /new password/);
    await fixture.database.pool.query(
      `UPDATE mail_tokens SET expires_at = now() - interval '1 s' WHERE email = $1 AND purpose = 'RESET_PASSWORD'`,
      [email],
    );
    for (const token of [verification, moved, late, 'wag_rp_x', 'a\u0000b']) {
      const { status, body } = await reset(token);
      expect([status, body.code]).toEqual([400, 'MAIL_TOKEN_INVALID']);
    }
    expect((await login(email, OLD)).status).toBe(200);
  });

  it('of which two use the token at the same time is set by one', async () => {
    const user = await fixture.register();
    await post('forgot-password', { email: user.email });
    const token = await mailedToken(fixture, user.email, /new password/);
    const answers = await Promise.all([reset(token, 'horse number one'), reset(token, 'horse number two')]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 400]));
  });
});

describe('a proved address', () => {
  it('is one from which a mailed token came back', async () => {
    const user = await fixture.register();
    const token = await mailedToken(fixture, user.email, /Confirm/);
    expect((await post('verify-email', { token })).status).toBe(200);
    const { body } = await fixture.call('GET', '/api/auth/me', { as: user.token });
    expect(body.data.user.emailVerified).toBe(true);
    expect((await post('verify-email', { token })).body.code).toBe('MAIL_TOKEN_INVALID');
    const again = await post('verify-email/resend', {}, user.token);
    expect([again.status, again.body.message]).toEqual([200, expect.stringContaining('confirmed already')]);
  });

  it('is not proved any more after a change, and the old address hears of it', async () => {
    const user = await fixture.register();
    await post('verify-email', { token: await mailedToken(fixture, user.email, /Confirm/) });
    const email = `changed-${user.email}`;
    const changed = await fixture.call('PATCH', '/api/auth/me', {
      as: user.token,
      body: { email, currentPassword: OLD },
    });
    expect(changed.body.data.user.emailVerified).toBe(false);
    expect((await mailsTo(fixture, user.email)).at(-1)?.subject).toBe('Your e-mail address was changed');
    expect((await post('verify-email', { token: await mailedToken(fixture, email, /Confirm/) })).status).toBe(200);
  });

  it('can be asked for again', async () => {
    const user = await fixture.register();
    await post('verify-email/resend', {}, user.token);
    expect(await mailsTo(fixture, user.email)).toHaveLength(2);
  });
});

it('without mail, the routes that need it say so, and people register all the same', async () => {
  const without = await createGatewayFixture();
  const user = await without.register();
  expect((await without.database.pool.query('SELECT 1 FROM mails')).rowCount).toBe(0);
  for (const [path, as] of [
    ['forgot-password', undefined],
    ['verify-email/resend', user.token],
  ] as const) {
    const answer = await without.call('POST', `/api/auth/${path}`, {
      body: path === 'forgot-password' ? { email: user.email } : {},
      ...(as && { as }),
    });
    expect([answer.status, answer.body.code]).toEqual([409, 'MAIL_OFF']);
  }
  await without.close();
});

describe('an imported bcrypt hash (MR-150)', () => {
  it('is verified once and replaced', async () => {
    const user = await fixture.register();
    const imported = await bcrypt.hash('correct horse', 4);
    await fixture.database.pool.query('UPDATE users SET password_hash = $1 WHERE email = $2', [imported, user.email]);
    expect((await login(user.email, 'wrong horse')).status).toBe(401);
    expect(await hashOf(user.email)).toBe(imported);
    expect((await login(user.email, OLD)).status).toBe(200);
    expect(await hashOf(user.email)).toMatch(/^\$argon2id\$/);
    const compare = vi.spyOn(bcrypt, 'compare');
    expect((await login(user.email, OLD)).status).toBe(200);
    expect(compare).not.toHaveBeenCalled();
  });
});

describe('who has an account', () => {
  it('is not told by a login: one argon2 verification, the same answer, headers and audit for all', async () => {
    const [user, off] = [await fixture.register(), await fixture.register()];
    await fixture.database.pool.query('UPDATE users SET is_active = false WHERE email = $1', [off.email]);
    const verify = vi.spyOn(argon2, 'verify');
    const hash = vi.spyOn(argon2, 'hash');
    const known = await login(user.email, 'wrong horse');
    expect(verify).toHaveBeenCalledTimes(1);
    for (const [email, password] of [
      ['nobody@example.test', 'wrong horse'],
      ['a\u0000b', 'wrong horse'],
      [off.email, 'wrong horse'],
    ] as const) {
      verify.mockClear();
      hash.mockClear();
      expect(shown(await login(email, password))).toEqual(shown(known));
      expect(verify).toHaveBeenCalledTimes(1);
      expect(hash).not.toHaveBeenCalled();
    }
    const { rows } = await fixture.database.pool.query(
      `SELECT count(*)::int AS count FROM audit_logs WHERE action = 'user.login_failed' AND after->>'email' IN ($1, $2, $3)`,
      [user.email, off.email, 'nobody@example.test'],
    );
    expect(rows[0].count).toBe(3);
  });

  it('and is deactivated is told to those alone who know the password, and recorded', async () => {
    const off = await fixture.register();
    await fixture.database.pool.query('UPDATE users SET is_active = false WHERE email = $1', [off.email]);
    expect((await login(off.email, 'wrong horse')).body.code).toBe('INVALID_CREDENTIALS');
    expect((await login(off.email, OLD)).body.code).toBe('ACCOUNT_DISABLED');
    const { rows } = await fixture.database.pool.query(
      `SELECT after->>'reason' AS reason FROM audit_logs WHERE action = 'user.login_failed' AND after->>'email' = $1 ORDER BY id`,
      [off.email],
    );
    expect(rows).toEqual([{ reason: null }, { reason: 'deactivated' }]);
  });
});

import { waitFor } from '@wa-gate/testkit';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../testing/gateway-fixture.ts';
import { otherwiseFor } from '../../testing/timing.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();
const second = useGateway({}, { beside: fixture });

const PASSWORD = 'correct horse';
interface Tokens {
  token: string;
  refreshToken: string;
}
async function login(): Promise<Tokens & { email: string }> {
  const { email } = await fixture.register();
  const { body } = await fixture.call('POST', '/api/auth/login', { body: { email, password: PASSWORD } });
  return { ...body.data, email };
}
const refresh = (refreshToken: string, gateway = fixture) =>
  gateway.call('POST', '/api/auth/refresh', { body: { refreshToken } });
const me = (token: string, gateway = fixture) => gateway.call('GET', '/api/auth/me', { as: token });
const codeOf = ({ status, body }: Answer) => [status, body.code];
const actions = async (email: string) => {
  const { rows } = await fixture.database.pool.query(
    `SELECT a.action, a.after->>'reason' AS reason FROM audit_logs a JOIN logins l ON l.id::text = a.resource_id JOIN users u ON u.id = l.user_id
     WHERE u.email = $1 ORDER BY a.id`,
    [email],
  );
  return rows.map(({ action, reason }) => [action, reason].filter(Boolean).join(' '));
};

describe('refreshing (MR-004, MR-151)', () => {
  it('gives a new pair, and the new refresh token works in its turn, on any gateway', async () => {
    const first = await login();
    const { status, body } = await refresh(first.refreshToken);
    expect(status).toBe(200);
    expect(body.data.refreshToken).toMatch(/^wag_rt_/);
    expect(body.data.refreshToken).not.toBe(first.refreshToken);
    expect(body.data.expiresIn).toBe(900);
    expect((await me(body.data.token)).status).toBe(200);
    expect((await refresh(body.data.refreshToken, second)).status).toBe(200);
  });

  it('with a token that was used before ends the whole family', async () => {
    const first = await login();
    const next = (await refresh(first.refreshToken)).body.data as Tokens;
    expect(codeOf(await refresh(first.refreshToken))).toEqual([401, 'REFRESH_TOKEN_REUSED']);
    expect(codeOf(await refresh(next.refreshToken))).toEqual([401, 'REFRESH_TOKEN_INVALID']);
    for (const token of [first.token, next.token]) expect((await me(token)).status).toBe(401);
    expect((await actions(first.email)).slice(-2)).toEqual(['login.refreshed', 'login.ended reuse']);
  });

  it('ends no other login of the same person', async () => {
    const first = await login();
    const other = await fixture.call('POST', '/api/auth/login', { body: { email: first.email, password: PASSWORD } });
    await refresh(first.refreshToken);
    await refresh(first.refreshToken);
    expect((await me(other.body.data.token)).status).toBe(200);
    expect((await refresh(other.body.data.refreshToken)).status).toBe(200);
  });

  it('twice at the same moment: one wins, the other is a reuse, and the login ends', async () => {
    const first = await login();
    const answers = await Promise.all([refresh(first.refreshToken), refresh(first.refreshToken, second)]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 401]));
    const winner = answers.find(({ status }) => status === 200)!.body.data as Tokens;
    expect(answers.find(({ status }) => status === 401)!.body.code).toBe('REFRESH_TOKEN_REUSED');
    await waitFor(async () => (await me(winner.token)).status === 401);
    expect(codeOf(await refresh(winner.refreshToken))).toEqual([401, 'REFRESH_TOKEN_INVALID']);
  });

  it.each([
    ['an unknown one', { refreshToken: 'wag_rt_00000000_0000000000000000000000000000000000000000000' }, 401],
    ['NUL in it', { refreshToken: 'wag_rt_\u0000' }, 401],
    ['no token at all', {}, 401],
    ['no body', undefined, 401],
    ['a number', { refreshToken: 5 }, 400],
    ['another field', { token: 'x' }, 400],
  ])('is refused with %s', async (_what, body, status) => {
    const answer = await fixture.call('POST', '/api/auth/refresh', { body });
    expect(answer.status).toBe(status);
  });

  it('is over when the login has expired, and for somebody who was switched off', async () => {
    const expired = await login();
    await fixture.database.pool.query(
      `UPDATE logins SET expires_at = now() - interval '1 s' WHERE user_id = (SELECT id FROM users WHERE email = $1)`,
      [expired.email],
    );
    const off = await login();
    await fixture.database.pool.query('UPDATE users SET is_active = false WHERE email = $1', [off.email]);
    for (const { refreshToken } of [expired, off]) {
      expect(codeOf(await refresh(refreshToken))).toEqual([401, 'REFRESH_TOKEN_INVALID']);
    }
  });

  it('slides for a week, and never beyond a month after the password was given', async () => {
    const { email, refreshToken } = await login();
    const daysLeft = async () => {
      const { rows } = await fixture.database.pool.query(
        `SELECT round(extract(epoch FROM l.expires_at - now()) / 86400)::int AS days FROM logins l JOIN users u ON u.id = l.user_id
         WHERE u.email = $1 ORDER BY l.created_at DESC, l.id DESC LIMIT 1`,
        [email],
      );
      return rows[0].days;
    };
    expect(await daysLeft()).toBe(7);
    const { rows } = await fixture.database.pool.query('SELECT id FROM users WHERE email = $1', [email]);
    await fixture.database.pool.query(
      `UPDATE logins SET created_at = now() - interval '28 days', expires_at = now() + interval '1 day' WHERE user_id = $1`,
      [rows[0].id],
    );
    const answer = await refresh(refreshToken);
    expect(answer.status).toBe(200);
    expect(await daysLeft()).toBe(2);
    const cookie = (answer.headers['set-cookie'] as string[]).find((each) => each.startsWith('wag_refresh='));
    expect(Number(/Max-Age=(\d+)/.exec(cookie!)?.[1])).toBeLessThanOrEqual(2 * 86_400);
  });
});

describe('refreshing with the cookie (MR-145)', () => {
  const cookieOf = (answer: Answer, name: string) =>
    (answer.headers['set-cookie'] as string[]).find((cookie) => cookie.startsWith(`${name}=`))!;

  it('needs no script to see the refresh token, and a page of ours', async () => {
    const { email } = await login();
    const answer = await fixture.call('POST', '/api/auth/login', { body: { email, password: PASSWORD } });
    const cookie = cookieOf(answer, 'wag_refresh');
    expect(cookie).toMatch(/; Path=\/api\/auth\/refresh; HttpOnly; SameSite=Strict/);
    const headers = { cookie: cookie.split(';', 1)[0]!, host: 'api.example.test' };
    const forged = await fixture.call('POST', '/api/auth/refresh', { headers });
    expect(codeOf(forged)).toEqual([403, 'CSRF']);
    const good = await fixture.call('POST', '/api/auth/refresh', {
      headers: { ...headers, origin: 'http://api.example.test' },
    });
    expect(good.status).toBe(200);
    expect(good.body.data.refreshToken).toBeUndefined();
    expect(cookieOf(good, 'wag_refresh')).not.toBe(cookie);
    expect(cookieOf(good, 'wag_session')).toMatch(/^wag_session=eyJ/);
  });
});

describe('logging out (MR-003)', () => {
  it('ends the access token on another gateway within a second, and the refresh token at once', async () => {
    const { token, refreshToken } = await login();
    // It is in the memory of both.
    for (const gateway of [fixture, second]) expect((await me(token, gateway)).status).toBe(200);
    const answer = await fixture.call('POST', '/api/auth/logout', { as: token });
    expect(answer.status).toBe(200);
    const elsewhere = otherwiseFor(async () => (await me(token, second)).status === 401);
    expect((await me(token)).status).toBe(401);
    expect(await elsewhere).toBeLessThan(1_000);
    expect(codeOf(await refresh(refreshToken))).toEqual([401, 'REFRESH_TOKEN_INVALID']);
  });

  it('clears the cookies', async () => {
    const { token } = await login();
    const { headers } = await fixture.call('POST', '/api/auth/logout', { as: token });
    expect((headers['set-cookie'] as string[]).map((cookie) => cookie.split(';', 1)[0])).toEqual([
      'wag_session=',
      'wag_refresh=',
    ]);
  });
});

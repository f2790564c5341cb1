import { beforeAll, expect, test } from 'vitest';
import { registerTenant, type Tenant } from '../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';

const system = useSystem({ workers: 0 });
let tenant: Tenant;

beforeAll(async () => {
  tenant = await registerTenant(system());
});

interface Tokens {
  token: string;
  refreshToken: string;
}

function kept(tokens: Tokens): Tokens {
  system().secrets.add(tokens.token).add(tokens.refreshToken);
  return tokens;
}
const login = async (): Promise<Tokens> =>
  kept((await system().gateway.login(tenant.email, tenant.password)) as unknown as Tokens);
const refresh = (refreshToken: string) =>
  system().gateway.call<{ code: string; data: Tokens }>('/api/auth/refresh', {
    method: 'POST',
    json: { refreshToken },
  });
const statusOf = async (token: string) => (await system().gateway.as(token).call('/api/auth/me')).status;

test('each is good once, and gives a new one (MR-004, MR-151)', async () => {
  const first = await login();
  const { status, body } = await refresh(first.refreshToken);
  expect(status).toBe(200);
  const second = kept(body.data);
  expect(second.refreshToken).not.toBe(first.refreshToken);
  expect(await statusOf(second.token)).toBe(200);
});

test('one that comes again ends its family: the thief and the robbed are both out, other logins are not (MR-004, MR-151)', async () => {
  const other = await login();
  const first = await login();
  const second = kept((await refresh(first.refreshToken)).body.data);
  const third = kept((await refresh(second.refreshToken)).body.data);

  const stolen = await refresh(first.refreshToken);
  expect([stolen.status, stolen.body.code]).toEqual([401, 'REFRESH_TOKEN_REUSED']);
  expect((await refresh(third.refreshToken)).status, 'the newest of the family').toBe(401);
  for (const { token } of [first, second, third]) expect(await statusOf(token)).toBe(401);
  expect(await statusOf(other.token)).toBe(200);
  expect((await refresh(other.refreshToken)).status).toBe(200);
});

test('of twenty at the same time one wins at most, and then the family is over', async () => {
  const { refreshToken } = await login();
  const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(refreshToken)));
  const winners = answers.filter(({ status }) => status === 200);
  expect(winners.length).toBeLessThanOrEqual(1);
  expect(answers.filter(({ status }) => status !== 200 && status !== 401)).toEqual([]);
  for (const { body } of winners) {
    kept(body.data);
    expect((await refresh(body.data.refreshToken)).status).toBe(401);
  }
});

test.each([
  ['the workspace key', async () => tenant.apiKey],
  ['one that was never given out', async () => `wag_rt_abcdefgh_${'A'.repeat(43)}`],
  ['one that is cut', async () => (await login()).refreshToken.slice(0, -1)],
])('%s is no refresh token', async (_what, make) => {
  const { status, body } = await refresh(await make());
  expect([status, body.code]).toEqual([401, 'REFRESH_TOKEN_INVALID']);
});

test('an access token is no refresh token', async () => {
  expect((await refresh((await login()).token)).status).toBe(400);
});

test('a refresh token opens no route', async () => {
  const { refreshToken } = await login();
  expect(await statusOf(refreshToken)).toBe(401);
});

test('after logout neither of the two is good any more (MR-003)', async () => {
  const { token, refreshToken } = await login();
  expect((await system().gateway.as(token).call('/api/auth/logout', { method: 'POST' })).status).toBe(200);
  expect(await statusOf(token)).toBe(401);
  expect((await refresh(refreshToken)).status).toBe(401);
});

expectSoundSystem(system);

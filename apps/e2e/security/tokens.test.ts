import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { registerTenant, type Tenant } from '../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { hmacToken, PUBLIC_PEM, readToken, rsaToken, type TokenParts, unsignedToken } from './attacks/forged-token.ts';

/**
 * The secrets of the gateway. The attacker of most tests has neither; the tests use them for tokens with a single
 * fault.
 */
const [SECRET, OLD_SECRET] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];
const system = useSystem({ workers: 0, env: { gateway: { JWT_SECRET: `${SECRET},${OLD_SECRET}` } } });

let tenant: Tenant;
let token: string;
let parts: TokenParts;
const now = () => Math.floor(Date.now() / 1_000);

beforeAll(async () => {
  tenant = await registerTenant(system());
  ({ token } = await system().gateway.login(tenant.email, tenant.password));
  parts = readToken(token);
  system().secrets.add(SECRET).add(OLD_SECRET);
});

const me = (credential: string) => system().gateway.as(credential).call<{ code: string }>('/api/auth/me');
const withHeader = (change: Record<string, unknown>): TokenParts => ({
  ...parts,
  header: { ...parts.header, ...change },
});
const withClaims = (change: Record<string, unknown>): TokenParts => ({
  ...parts,
  claims: { ...parts.claims, ...change },
});
const without = (claim: string): TokenParts => {
  const { [claim]: _left, ...claims } = parts.claims;
  return { ...parts, claims };
};

test('a token that is made here as the gateway makes it is taken: so the forged ones below are refused for what is wrong with them', async () => {
  expect((await me(hmacToken(parts, SECRET))).status).toBe(200);
});

describe('forged tokens are refused (MR-143)', () => {
  const forged: [string, () => string][] = [
    ['alg none', () => unsignedToken(parts, 'none')],
    ['alg None', () => unsignedToken(parts, 'None')],
    ['alg nOnE', () => unsignedToken(parts, 'nOnE')],
    ['alg none with the signature of the true one', () => unsignedToken(parts, 'none') + token.split('.')[2]!],
    ['alg empty', () => unsignedToken(parts, '')],
    ['another secret', () => hmacToken(parts, randomBytes(32))],
    ['an empty secret', () => hmacToken(parts, '')],
    ['the name of the key as secret', () => hmacToken(parts, String(parts.header.kid))],
    ['HS512 with the right secret', () => hmacToken(withHeader({ alg: 'HS512' }), SECRET, 'sha512')],
    ['HS384 with the right secret', () => hmacToken(withHeader({ alg: 'HS384' }), SECRET, 'sha384')],
    ['RS256 with a key of its own in the header', () => rsaToken(parts)],
    ['HS256 with a public key as secret', () => hmacToken(parts, PUBLIC_PEM)],
    ['RS256 in the header, HMAC in the signature', () => hmacToken(withHeader({ alg: 'RS256' }), SECRET)],
    ['another audience', () => hmacToken(withClaims({ aud: 'another-api' }), SECRET)],
    ['no audience', () => hmacToken(without('aud'), SECRET)],
    ['another issuer', () => hmacToken(withClaims({ iss: 'somebody' }), SECRET)],
    ['no issuer', () => hmacToken(without('iss'), SECRET)],
    ['no end', () => hmacToken(without('exp'), SECRET)],
    ['an end that is no number', () => hmacToken(withClaims({ exp: 'never' }), SECRET)],
    ['a begin in the future', () => hmacToken(withClaims({ nbf: now() + 3_600 }), SECRET)],
    ['no user', () => hmacToken(without('sub'), SECRET)],
    ['no login', () => hmacToken(without('sid'), SECRET)],
    ['no workspace', () => hmacToken(without('ws'), SECRET)],
    [
      'a user that does not exist',
      () => hmacToken(withClaims({ sub: '01900000-0000-7000-8000-000000000000' }), SECRET),
    ],
    [
      'a login that does not exist',
      () => hmacToken(withClaims({ sid: '01900000-0000-7000-8000-000000000000' }), SECRET),
    ],
    [
      'a workspace that does not exist',
      () => hmacToken(withClaims({ ws: '01900000-0000-7000-8000-000000000000' }), SECRET),
    ],
    ['a user that is SQL', () => hmacToken(withClaims({ sub: "' OR 1=1 --" }), SECRET)],
    ['a user that is an object', () => hmacToken(withClaims({ sub: { $ne: null } }), SECRET)],
    ['an unknown kid', () => hmacToken(withHeader({ kid: 'unknown' }), SECRET)],
    ['no kid', () => hmacToken(withHeader({ kid: undefined }), SECRET)],
    ['a kid that is a path', () => hmacToken(withHeader({ kid: '../../../../dev/null' }), '')],
    ['a kid that is SQL', () => hmacToken(withHeader({ kid: "x' UNION SELECT 'secret" }), 'secret')],
    ['a kid that is a member of every object', () => hmacToken(withHeader({ kid: '__proto__' }), '')],
    ['a kid that is an object', () => hmacToken(withHeader({ kid: { length: 1 } }), SECRET)],
    ['a key at a URL', () => hmacToken(withHeader({ jku: 'http://127.0.0.1:9/keys', kid: 'x' }), SECRET)],
    ['a signature that is cut', () => token.slice(0, -4)],
    ['no signature', () => token.split('.').slice(0, 2).join('.')],
    ['an empty signature', () => `${token.split('.').slice(0, 2).join('.')}.`],
    ['a signature with one bit changed', () => flipped(token)],
    ['four parts', () => `${token}.${token.split('.')[2]}`],
    ['claims that are no JSON', () => `${token.split('.')[0]}.${Buffer.from('nonsense').toString('base64url')}.x`],
    ['claims of another token under the same signature', () => swapped(token)],
    ['1 MB', () => `eyJ${'A'.repeat(8_000)}`],
  ];

  test.each(forged)('%s', async (_what, make) => {
    const credential = make();
    system().secrets.add(credential);
    const { status, body } = await me(credential);
    expect([status, body.code]).toEqual([401, 'UNAUTHENTICATED']);
  });

  test('an expired one, and the answer says so', async () => {
    const { status, body } = await me(hmacToken(withClaims({ iat: now() - 7_200, exp: now() - 1 }), SECRET));
    expect([status, body.code]).toEqual([401, 'TOKEN_EXPIRED']);
  });

  test('claims of power in a valid token have no power: role, tier and workspace are what the database says', async () => {
    const boasting = hmacToken(withClaims({ role: 'ADMINISTRATOR', isAdministrator: true, tier: 'MAX' }), SECRET);
    const answer = await system().gateway.as(boasting).call('/api/admin/users');
    expect(answer.status).toBe(403);
  });

  test('a session cookie is not more than a token', async () => {
    const headers = { cookie: `wag_session=${unsignedToken(parts, 'none')}` };
    expect((await system().gateway.call('/api/auth/me', { headers })).status).toBe(401);
  });
});

test('a token of the key before is good until it expires, and the new key signs (MR-143, MR-153)', async () => {
  const before = readToken(token).header.kid;
  expect(readToken((await system().gateway.login(tenant.email, tenant.password)).token).header.kid).toBe(before);
  expect((await me(hmacToken(parts, OLD_SECRET))).status, 'the old secret under the name of the new one').toBe(401);
});

function flipped(whole: string): string {
  const at = whole.length - 10;
  return whole.slice(0, at) + (whole[at] === 'A' ? 'B' : 'A') + whole.slice(at + 1);
}

function swapped(whole: string): string {
  const [header, , signature] = whole.split('.');
  const claims = Buffer.from(JSON.stringify({ ...parts.claims, exp: now() + 999_999 })).toString('base64url');
  return [header, claims, signature].join('.');
}

expectSoundSystem(system);

import { createHmac } from 'node:crypto';
import { newId } from '@wa-gate/kit';
import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../http/api-error.ts';
import {
  type AccessTokens,
  registerAccessTokens,
  signingKeys,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
  type TokenClaims,
} from './access-tokens.ts';

const OLD = 'the old secret, of thirty-two characters or more';
const NEW = 'the new secret, of thirty-two characters or more';
const CLAIMS: TokenClaims = { sub: newId(), ws: newId(), sid: newId() };
const LIFE = 900;

const tokensOf = (secrets: string[], lifeSeconds = LIFE): Promise<AccessTokens> =>
  registerAccessTokens(Fastify(), signingKeys(secrets), lifeSeconds);

const kidOf = (secret: string): string => signingKeys([secret])[0]!.kid;
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = () => Math.floor(Date.now() / 1_000);
const standard = () => ({ iss: TOKEN_ISSUER, aud: TOKEN_AUDIENCE, iat: now(), exp: now() + LIFE });

/** A token as anybody could put it together. */
function forge(
  header: Record<string, unknown>,
  claims: Record<string, unknown>,
  secret = NEW,
  hash = 'sha256',
): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
}
const header = { alg: 'HS256', typ: 'JWT', kid: kidOf(NEW) };
const claims = () => ({ ...CLAIMS, ...standard() });

function refusal(tokens: AccessTokens, token: string): string {
  try {
    tokens.verify(token);
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('an access token (MR-143, MR-151)', () => {
  it('is good for what it was issued for', async () => {
    const tokens = await tokensOf([NEW]);
    expect(tokens.verify(tokens.issue(CLAIMS))).toMatchObject(CLAIMS);
    // The forger of this test forges well: what follows is refused for what it says.
    expect(tokens.verify(forge(header, claims()))).toMatchObject(CLAIMS);
  });

  it('of the old key is good while the key is in the list; new ones are signed by the first', async () => {
    const before = await tokensOf([OLD]);
    const during = await tokensOf([NEW, OLD]);
    const after = await tokensOf([NEW]);
    const [old, fresh] = [before.issue(CLAIMS), during.issue(CLAIMS)];
    expect(during.verify(old)).toMatchObject(CLAIMS);
    expect(refusal(before, fresh)).toBe('UNAUTHENTICATED');
    expect(after.verify(fresh)).toMatchObject(CLAIMS);
    expect(refusal(after, old)).toBe('UNAUTHENTICATED');
  });

  it('that has expired says so', async () => {
    const tokens = await tokensOf([NEW]);
    expect(refusal(tokens, forge(header, { ...claims(), exp: now() - 1 }))).toBe('TOKEN_EXPIRED');
    // Unless it was never one of ours.
    expect(refusal(tokens, forge(header, { ...claims(), exp: now() - 1 }, OLD))).toBe('UNAUTHENTICATED');
  });

  const without = (name: string) => {
    const { [name]: _left, ...rest } = claims() as Record<string, unknown>;
    return rest;
  };
  it.each<[string, () => string]>([
    ['alg none, with our kid', () => `${encode({ ...header, alg: 'none' })}.${encode(claims())}.`],
    ['alg None', () => `${encode({ ...header, alg: 'None' })}.${encode(claims())}.`],
    ['alg none, signed all the same', () => forge({ ...header, alg: 'none' }, claims())],
    ['no signature', () => `${encode(header)}.${encode(claims())}.`],
    ['two parts', () => `${encode(header)}.${encode(claims())}`],
    ['another algorithm with the right key', () => forge({ ...header, alg: 'HS512' }, claims(), NEW, 'sha512')],
    ['an asymmetric algorithm', () => forge({ ...header, alg: 'RS256' }, claims())],
    ['the wrong key under our kid', () => forge(header, claims(), 'a secret of somebody else, long enough')],
    ['the key of an empty secret', () => forge(header, claims(), '')],
    ['a kid that names no key', () => forge({ ...header, kid: 'unknown' }, claims())],
    ['the kid of the other key', () => forge({ ...header, kid: kidOf(OLD) }, claims(), NEW)],
    ['no kid', () => forge({ alg: 'HS256', typ: 'JWT' }, claims())],
    ['a kid of another type', () => forge({ ...header, kid: [kidOf(NEW)] }, claims())],
    ['a kid that is a path', () => forge({ ...header, kid: '../../../../dev/null' }, claims(), '')],
    ['a kid that every object has', () => forge({ ...header, kid: '__proto__' }, claims(), '')],
    ['a key of its own in the header', () => forge({ ...header, jwk: { kty: 'oct', k: 'AA' } }, claims(), '\0')],
    ['another audience', () => forge(header, { ...claims(), aud: 'another-api' })],
    ['another issuer', () => forge(header, { ...claims(), iss: 'somebody' })],
    ['no audience', () => forge(header, without('aud'))],
    ['no issuer', () => forge(header, without('iss'))],
    ['no end', () => forge(header, without('exp'))],
    ['no login', () => forge(header, without('sid'))],
    ['a login that is no id', () => forge(header, { ...claims(), sid: "' OR 1=1 --" })],
    ['a user that is an object', () => forge(header, { ...claims(), sub: { id: CLAIMS.sub } })],
    ['a time before which it is not good', () => forge(header, { ...claims(), nbf: now() + 60 })],
    ['nothing', () => 'eyJ'],
    ['dots', () => '..'],
    ['claims that are no JSON', () => `${encode(header)}.x.x`],
    ['a header that is null', () => `${encode(null)}.${encode(claims())}.x`],
    ['a megabyte', () => forge(header, { ...claims(), padding: 'x'.repeat(1_000_000) })],
  ])('is refused with %s', async (_what, token) => {
    const tokens = await tokensOf([NEW, OLD]);
    expect(refusal(tokens, token())).toBe('UNAUTHENTICATED');
  });

  it('with any character changed is refused', async () => {
    const tokens = await tokensOf([NEW]);
    const token = tokens.issue(CLAIMS);
    for (let index = 0; index < token.length - 1; index += 7) {
      const changed = `${token.slice(0, index)}${token[index] === 'A' ? 'B' : 'A'}${token.slice(index + 1)}`;
      expect(refusal(tokens, changed), `character ${index}`).toBe('UNAUTHENTICATED');
    }
  });

  it('names its key by something that tells nothing about the secret', () => {
    expect(new Set([kidOf(NEW), kidOf(OLD)]).size).toBe(2);
    expect(kidOf(NEW)).toMatch(/^[\w-]{12}$/);
  });
});

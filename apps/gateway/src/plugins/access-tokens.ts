import { createHmac } from 'node:crypto';
import jwt, { type JWT } from '@fastify/jwt';
import type { FastifyInstance } from 'fastify';
import { ApiError } from '../http/api-error.ts';
import { isUuid } from '../http/uuid.ts';

/** The claims of an access token; its lifetime is in the standard claims. */
export interface TokenClaims {
  /** User. */
  sub: string;
  /** Workspace. */
  ws: string;
  /** Login. */
  sid: string;
}

/** A secret that signs or has signed, and the name that tokens call it by. */
export interface SigningKey {
  kid: string;
  secret: Buffer;
}

export interface AccessTokens {
  issue(claims: TokenClaims): string;
  /** @throws {ApiError} `UNAUTHENTICATED`, `TOKEN_EXPIRED` */
  verify(token: string): TokenClaims;
}

export const TOKEN_ISSUER = 'wa-gate';
export const TOKEN_AUDIENCE = 'wa-gate-api';
const ALGORITHM = 'HS256';
/** Ours are about 400 characters. */
const MAX_TOKEN_LENGTH = 2_048;

/** The keys of secrets: the first signs, all verify. A key's name reveals nothing of its secret. */
export function signingKeys(secrets: readonly (string | Buffer)[]): SigningKey[] {
  return secrets.map((text) => {
    const secret = Buffer.from(text);
    return { kid: createHmac('sha256', secret).update('kid').digest('base64url').slice(0, 12), secret };
  });
}

interface DecodedHeader {
  header?: { kid?: unknown; alg?: unknown };
}

/**
 * Access tokens through @fastify/jwt, which is registered once per key. Each registration has its own verifier, and the
 * `kid` of a token selects one of them, never another claim. For a rotation the new key is put in front and the old one
 * stays until its last token has expired.
 */
export async function registerAccessTokens(
  app: FastifyInstance,
  keys: readonly SigningKey[],
  lifeSeconds: number,
): Promise<AccessTokens> {
  const [first] = keys;
  if (!first) throw new Error('At least one signing key is needed.');
  const byKid = new Map<string, JWT>();
  for (const { kid, secret } of keys) {
    if (byKid.has(kid)) continue;
    await app.register(jwt, {
      namespace: kid,
      secret,
      decode: { complete: true },
      sign: { algorithm: ALGORITHM, kid, iss: TOKEN_ISSUER, aud: TOKEN_AUDIENCE, expiresIn: `${lifeSeconds}s` },
      verify: {
        algorithms: [ALGORITHM],
        allowedIss: TOKEN_ISSUER,
        allowedAud: TOKEN_AUDIENCE,
        requiredClaims: ['iss', 'aud', 'exp', 'sub', 'ws', 'sid'],
      },
    });
    byKid.set(kid, (app.jwt as unknown as Record<string, JWT>)[kid]!);
  }
  const signer = byKid.get(first.kid)!;

  function keyOf(token: string): JWT | undefined {
    if (token.length > MAX_TOKEN_LENGTH) return undefined;
    const kid = signer.decode<DecodedHeader>(token)?.header?.kid;
    return typeof kid === 'string' ? byKid.get(kid) : undefined;
  }

  return {
    issue: (claims) => signer.sign(claims),
    verify(token) {
      let claims: TokenClaims | undefined;
      try {
        claims = keyOf(token)?.verify<TokenClaims>(token);
      } catch (error) {
        const isExpired = (error as { code?: string }).code === 'FAST_JWT_EXPIRED';
        throw new ApiError(isExpired ? 'TOKEN_EXPIRED' : 'UNAUTHENTICATED');
      }
      // The secret may sign tokens of another shape elsewhere.
      if (!claims || ![claims.sub, claims.ws, claims.sid].every((id) => typeof id === 'string' && isUuid(id))) {
        throw new ApiError('UNAUTHENTICATED');
      }
      return claims;
    },
  };
}

import { TOKEN_PREFIX } from '@wa-gate/kit';
import type { FastifyRequest } from 'fastify';

export const SESSION_COOKIE = 'wag_session';

/** What a caller shows, told apart by its prefix. */
export interface Credential {
  kind: 'jwt' | 'key' | 'worker-token' | 'unknown';
  value: string;
  /** Came in a cookie: a browser sends it by itself, so that unsafe methods need proof of the origin. */
  fromCookie: boolean;
}

function kindOf(value: string): Credential['kind'] {
  if (value.startsWith('eyJ')) return 'jwt';
  if (value.startsWith(TOKEN_PREFIX.workerToken)) return 'worker-token';
  if (value.startsWith(TOKEN_PREFIX.liveKey) || value.startsWith(TOKEN_PREFIX.testKey)) return 'key';
  return 'unknown';
}

const single = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' && header !== '' ? header : undefined;

const BEARER = /^bearer +/i;

/**
 * The credential of a request, in the order of API.md: Authorization, X-API-Key, X-Worker-Token, the cookie, and `?apiKey=` where
 * the operator allows it. The first that is present counts, even when it is not valid.
 */
export function readCredential(request: FastifyRequest, allowQueryKey: boolean): Credential | null {
  const { headers } = request;
  const authorization = single(headers.authorization);
  const shown =
    (authorization && BEARER.test(authorization) ? authorization.replace(BEARER, '').trim() : authorization) ??
    single(headers['x-api-key']) ??
    single(headers['x-worker-token']);
  if (shown) return { kind: kindOf(shown), value: shown, fromCookie: false };
  const cookie = request.cookies[SESSION_COOKIE];
  if (cookie) return { kind: kindOf(cookie), value: cookie, fromCookie: true };
  const inQuery = allowQueryKey ? (request.query as { apiKey?: unknown } | undefined)?.apiKey : undefined;
  if (typeof inQuery === 'string' && inQuery) return { kind: kindOf(inQuery), value: inQuery, fromCookie: false };
  return null;
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** True when a browser's request comes from this site or from an origin of the CORS list. */
export function isSameOrigin(request: FastifyRequest, origins: readonly string[] | true): boolean {
  if (SAFE_METHODS.has(request.method)) return true;
  const origin = single(request.headers.origin);
  if (!origin) return false;
  return origin === `${request.protocol}://${request.host}` || (origins !== true && origins.includes(origin));
}

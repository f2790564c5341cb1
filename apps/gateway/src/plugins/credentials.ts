import { TOKEN_PREFIX } from '@wa-gate/kit';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../http/api-error.ts';

export const SESSION_COOKIE = 'wag_session';

/** The credential of a caller; its prefix tells its kind. */
export interface Credential {
  kind: 'jwt' | 'key' | 'worker-token' | 'unknown';
  value: string;
  /** A cookie is sent by the browser itself, so that unsafe methods need proof of the origin; a URL ends up in logs. */
  place: 'header' | 'cookie' | 'query';
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
 * The credential of a request, in this order: Authorization, X-API-Key, X-Worker-Token, the cookie, and `?apiKey=`
 * where it is allowed. The first that is present counts, even when it is not valid.
 *
 * @throws {ApiError} UNAUTHENTICATED, with what to do, for a key in the URL where it is not allowed
 */
export function readCredential(request: FastifyRequest, allowQueryKey: boolean): Credential | null {
  const { headers } = request;
  const authorization = single(headers.authorization);
  const shown =
    (authorization && BEARER.test(authorization) ? authorization.replace(BEARER, '').trim() : authorization) ??
    single(headers['x-api-key']) ??
    single(headers['x-worker-token']);
  if (shown) return { kind: kindOf(shown), value: shown, place: 'header' };
  const cookie = request.cookies[SESSION_COOKIE];
  if (cookie) return { kind: kindOf(cookie), value: cookie, place: 'cookie' };
  const inQuery = (request.query as { apiKey?: unknown } | undefined)?.apiKey;
  if (typeof inQuery !== 'string' || inQuery === '') return null;
  if (!allowQueryKey) throw queryKeyRefused();
  return { kind: kindOf(inQuery), value: inQuery, place: 'query' };
}

export const queryKeyRefused = (): ApiError =>
  new ApiError('UNAUTHENTICATED', {
    message:
      'A key in the URL is not accepted here, because URLs end up in logs. Send it as `Authorization: Bearer <key>` or `X-API-Key: <key>`; the operator may allow it with ALLOW_QUERY_API_KEY.',
  });

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a request changes nothing, by its method. */
export const isSafe = (request: FastifyRequest): boolean => SAFE_METHODS.has(request.method);

/** True when a browser's request comes from this site or from an origin of the CORS list. */
export function isSameOrigin(request: FastifyRequest, origins: readonly string[] | true): boolean {
  const origin = single(request.headers.origin);
  if (!origin) return false;
  return origin === `${request.protocol}://${request.host}` || (origins !== true && origins.includes(origin));
}

import type { Route, RouteTable } from '@wa-gate/cluster';
import type { ErrorCode } from '@wa-gate/contracts';
import { internalToken, type Logger } from '@wa-gate/kit';
import type { Dispatcher } from 'undici';
import { request } from 'undici';
import { ApiError } from '../../api-error.ts';

export interface OwnerCall {
  sessionId: string;
  method: 'GET' | 'POST' | 'DELETE';
  /** Below `/session/{id}`, such as `/qr`. */
  path: string;
  body?: Record<string, unknown>;
  requestId: string;
}

/**
 * Calls the worker that hosts a session. Its answer is read whole (all of these are small JSON), so that a call that came to the
 * wrong worker can be sent again to the right one inside the same request, with its body.
 */
export interface OwnerClient {
  /** @throws {ApiError} SESSION_MOVING when nobody answers for the session, or what the worker refused with */
  call<T>(call: OwnerCall): Promise<T>;
  /** Asks the owner to log the device out. Never throws: false when it could not. */
  unlink(sessionId: string, requestId: string): Promise<boolean>;
}

export interface OwnerClientDependencies {
  routes: RouteTable;
  dispatcher: Dispatcher;
  masterKey: Uint8Array;
  logger: Logger;
}

const TIMEOUT_MS = 30_000;
const UNLINK_TIMEOUT_MS = 10_000;
/** 421: not the owner. 401: the token of another incarnation, so the route is from before the worker's restart. */
const WRONG_OWNER = new Set([401, 421]);
/**
 * No answer, because the connection was refused or broke: the worker is gone, and the session may have gone to another. All calls
 * that come through here may be made twice. A time-out is not among these: the worker may still be at it.
 */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

type Answer =
  | { kind: 'ok'; body: unknown }
  | { kind: 'refused'; status: number; body: unknown }
  | { kind: 'wrong-owner' };

export function createOwnerClient({ routes, dispatcher, masterKey, logger }: OwnerClientDependencies): OwnerClient {
  async function send(route: Route, call: OwnerCall, timeoutMs: number): Promise<Answer> {
    const url = `${route.endpoint.replace(/\/$/, '')}/session/${call.sessionId}${call.path}`;
    try {
      const response = await request(url, {
        dispatcher,
        method: call.method,
        headers: {
          authorization: `Bearer ${internalToken(masterKey, route.workerId, route.incarnation)}`,
          'x-session-epoch': String(route.epoch),
          'x-request-id': call.requestId,
          ...(call.body && { 'content-type': 'application/json' }),
        },
        body: call.body ? JSON.stringify(call.body) : null,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      const body = parse(await response.body.text());
      if (WRONG_OWNER.has(response.statusCode)) return { kind: 'wrong-owner' };
      if (response.statusCode < 300) return { kind: 'ok', body };
      return { kind: 'refused', status: response.statusCode, body };
    } catch (error) {
      logger.info({ err: error, workerId: route.workerId, sessionId: call.sessionId }, 'worker not reached');
      if (UNREACHABLE.has((error as { code?: string }).code ?? '')) return { kind: 'wrong-owner' };
      throw new ApiError('SESSION_MOVING', { retryAfter: 1, cause: error });
    }
  }

  async function attempt(call: OwnerCall, timeoutMs: number): Promise<Answer> {
    const route = await routes.resolve(call.sessionId);
    return route ? send(route, call, timeoutMs) : { kind: 'wrong-owner' };
  }

  /** With the cached route, then once more with what PostgreSQL says. */
  async function callOwner(call: OwnerCall, timeoutMs: number): Promise<unknown> {
    let answer = await attempt(call, timeoutMs);
    if (answer.kind === 'wrong-owner') {
      await routes.forget(call.sessionId);
      answer = await attempt(call, timeoutMs);
    }
    if (answer.kind === 'ok') return answer.body;
    if (answer.kind === 'refused') throw toApiError(answer.status, answer.body);
    await routes.forget(call.sessionId);
    throw new ApiError('SESSION_MOVING', { retryAfter: 1 });
  }

  return {
    call: <T>(call: OwnerCall) => callOwner(call, TIMEOUT_MS) as Promise<T>,
    async unlink(sessionId, requestId) {
      try {
        const call = { sessionId, method: 'DELETE', path: '', requestId } as const;
        const body = (await callOwner(call, UNLINK_TIMEOUT_MS)) as { unlinked?: boolean } | null;
        return body?.unlinked ?? true;
      } catch (error) {
        logger.warn({ err: error, sessionId }, 'session deleted without its owner');
        return false;
      }
    },
  };
}

function parse(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/** Refusals of a worker that are meant for the caller. Everything else is between us and the worker. */
const FOR_THE_CALLER: ReadonlySet<string> = new Set<ErrorCode>([
  'VALIDATION',
  'QR_NOT_READY',
  'SESSION_ALREADY_PAIRED',
  'SESSION_NOT_CONNECTED',
  'SESSION_LOGGED_OUT',
  'SESSION_MOVING',
]);

/** The worker's refusal with its own code and sentence where it is meant for the caller, else a 502. */
function toApiError(status: number, body: unknown): ApiError {
  const { code, error, details } = (body ?? {}) as { code?: string; error?: string; details?: Record<string, unknown> };
  if (code !== undefined && FOR_THE_CALLER.has(code)) {
    return new ApiError(code as ErrorCode, {
      ...(error && { message: error }),
      ...(details && { details }),
      ...(status === 503 && { retryAfter: 1 }),
    });
  }
  return new ApiError('WORKER_ERROR', { details: { workerStatus: status }, ...(error && { message: error }) });
}

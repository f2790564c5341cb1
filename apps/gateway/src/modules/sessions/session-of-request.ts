import type { FastifyRequest } from 'fastify';
import { ApiError } from '../../http/api-error.ts';
import type { SessionRef } from '../../principal.ts';
import { principalOf } from '../../principal.ts';
import type { SessionDirectory } from './session-directory.ts';

/** What a route may answer that asks for the session in this way. */
export const DEFAULT_SESSION_ERRORS = ['SESSION_NOT_FOUND', 'SESSION_AMBIGUOUS'] as const;

interface NamesSession {
  sessionId?: string | undefined;
}

/**
 * The session of a call that has none in its path: the one that the call names (`?sessionId=`, `sessionId` in the body,
 * or the header X-Session-Id), else the default session of its caller.
 *
 * @throws {ApiError} VALIDATION when it names two; SESSION_NOT_FOUND, SESSION_AMBIGUOUS
 */
export function sessionOfRequest(directory: SessionDirectory, request: FastifyRequest): Promise<SessionRef> {
  const { query, body, headers } = request;
  const header = headers['x-session-id'] as string | undefined;
  const given = [(query as NamesSession).sessionId, (body as NamesSession | null | undefined)?.sessionId, header];
  const names = [...new Set(given.filter((name) => name !== undefined))];
  if (names.length > 1) {
    throw new ApiError('VALIDATION', {
      message: 'The request names two different sessions: give `sessionId` or the header X-Session-Id, once.',
    });
  }
  const [name] = names;
  const principal = principalOf(request);
  return name === undefined ? directory.resolveDefault(principal) : directory.resolve(principal, name);
}

import { internalToken, tokensEqual } from '@wa-gate/kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SessionActor } from '../session/session-actor.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { WorkerIdentity } from './proof.ts';

export interface OwnershipOptions extends WorkerIdentity {
  supervisor: Supervisor;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The actor of the session. Set by {@link requireOwnership}. */
    actor: SessionActor | null;
  }
}

export const refusal = (code: string, error: string, request: FastifyRequest) => ({
  success: false as const,
  status: 'error' as const,
  error,
  code,
  retryable: true,
  requestId: request.id,
});

/** Admits calls with the token of this incarnation. The token of another one shows that the route is old. */
export function requireGateway({ workerId, masterKeys, incarnation }: OwnershipOptions) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const [, given] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    const current = incarnation();
    const known =
      given !== undefined &&
      current !== undefined &&
      masterKeys.some((key) => tokensEqual(given, internalToken(key, workerId, current)));
    if (!known) {
      await reply
        .code(401)
        .send(refusal('UNAUTHENTICATED', 'This needs the token of the present incarnation.', request));
    }
  };
}

/** A route is a hint (I6): answers 421 before anything is done when no actor of this session and epoch is here. */
export function requireOwnership({ supervisor }: OwnershipOptions, sessionIdOf: (request: FastifyRequest) => string) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const epoch = Number(request.headers['x-session-epoch']);
    const actor = Number.isInteger(epoch)
      ? await supervisor.require({ sessionId: sessionIdOf(request), epoch })
      : undefined;
    if (actor) request.actor = actor;
    else
      await reply.code(421).send(refusal('SESSION_NOT_OWNED', 'This worker does not host the session now.', request));
  };
}

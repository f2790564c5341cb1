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
    /** The actor that a call is for, once {@link requireOwnership} has found it. */
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

/** Calls come from gateways, which know the token of this incarnation. The token of another one tells an old route. */
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

/** A route is only a hint (I6): without an actor of this session and this epoch here, 421 before anything is done. */
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

import { type AnswerOf, type InputOf, OPERATION_NAMES, type OperationName, operationOf } from '@wa-gate/contracts';
import { newId } from '@wa-gate/kit';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../../http/api-error.ts';
import { type AnswerCheck, checkOf } from '../../worker-links/call-worker.ts';
import type { OwnerCall, OwnerLink } from '../../worker-links/owner-link.ts';
import { traceOf } from './trace.ts';

const TIMEOUT_MS = 30_000;

const ANSWERS = new Map(OPERATION_NAMES.map((name) => [name, checkOf(operationOf(name).answer)]));

/**
 * How workers of the version before do these, below `/session/{id}`: during a rolling upgrade a gateway meets such.
 * It goes with the next version.
 */
const FORMER: Readonly<Partial<Record<OperationName, readonly ['GET' | 'POST' | 'DELETE', path: string]>>> = {
  'sessions.qr': ['GET', '/qr'],
  'sessions.status': ['GET', '/status'],
  'sessions.health': ['GET', '/health'],
  'sessions.pairingCode': ['POST', '/pairing-code'],
  'sessions.restart': ['POST', '/restart'],
  'sessions.logout': ['POST', '/logout'],
  'sessions.delete': ['DELETE', ''],
};

/**
 * Has the owner of a session do an operation. @param sessionId the internal one @throws {ApiError} as `OwnerLink.ask`
 */
export async function callOperation<N extends OperationName>(
  owner: OwnerLink,
  name: N,
  sessionId: string,
  input: InputOf<N>,
  request: FastifyRequest,
): Promise<AnswerOf<N>> {
  const { repeat, timeoutMs = TIMEOUT_MS, isAnsweredFromMemory } = operationOf(name);
  const call: OwnerCall<AnswerOf<N>> = {
    method: 'POST',
    path: `/session/${sessionId}/operations/${name}`,
    body: Object.keys(input).length > 0 ? input : undefined,
    // The same for each attempt: the worker tells of what it has done once.
    headers: { ...traceOf(request), 'x-call-id': newId() },
    timeoutMs,
    repeat,
    question: isAnsweredFromMemory && name,
    answer: ANSWERS.get(name) as AnswerCheck<AnswerOf<N>>,
  };
  try {
    return await owner.ask(sessionId, call);
  } catch (error) {
    if (!isUnknownThere(error)) throw error;
    const former = FORMER[name];
    if (!former) throw new ApiError('WORKER_ERROR', { message: TOO_OLD, cause: error });
    const [method, path] = former;
    return owner.ask(sessionId, { ...call, method, path: `/session/${sessionId}${path}` });
  }
}

const TOO_OLD =
  'The worker that hosts the session runs an older version, which cannot do this. Try again when the upgrade is over.';

/** A worker that knows no such operation has done nothing. */
function isUnknownThere(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'WORKER_ERROR' && error.details?.workerStatus === 404;
}

import { ConnectedAccountSchema, type SessionStatusReport, SessionStatusSchema } from '@wa-gate/contracts';
import { Type } from 'typebox';
import { ApiError } from '../../http/api-error.ts';
import { checkOf } from '../../worker-links/call-worker.ts';
import type { SessionsService } from '../sessions/index.ts';
import type { LiveRequest } from './owner-routes.ts';

/** How long a request for the status waits for the owner. */
export const STATUS_TIMEOUT_MS = 1_000;

const workerStatus = checkOf(
  Type.Object({
    ...Type.Pick(SessionStatusSchema, ['status', 'state', 'reason', 'code', 'workerId']).properties,
    account: Type.Optional(ConnectedAccountSchema),
  }),
);

/**
 * The status from the owner of the session, or from the row when the owner does not answer quickly. The owner's answer
 * is complete for a connected session: then PostgreSQL is not read.
 */
export async function liveStatus(sessions: SessionsService, request: LiveRequest): Promise<SessionStatusReport> {
  const { session, ask } = request;
  try {
    const { account, ...live } = await ask(workerStatus);
    const told = { ...live, sessionId: session.slug, source: 'worker' as const };
    if (account) return { ...told, ...account };
    const row = await sessions.status(session);
    // A worker that has just got the session has not read the state that the former owner left.
    return told.state === 'initializing' ? row : { ...row, ...told };
  } catch (error) {
    if (!(error instanceof ApiError) || !OWNER_IS_SILENT.has(error.code)) throw error;
    request.request.log.debug({ err: error, sessionId: session.id }, 'status from the database');
    return sessions.status(session);
  }
}

/** The owner did not answer, or not in time. */
const OWNER_IS_SILENT: ReadonlySet<string> = new Set(['SESSION_MOVING', 'WORKER_ERROR']);

import type { Route, RouteTable } from '@wa-gate/cluster';
import type { Repeat } from '@wa-gate/contracts';
import type { Logger } from '@wa-gate/kit';
import { ApiError } from '../http/api-error.ts';
import type { CallWorker, Outcome, WorkerCall } from './call-worker.ts';
import type { ControlStreams } from './control-streams.ts';
import { moving, outcomeUnknown, refusalOf, unproven } from './owner-answer.ts';

export interface OwnerCall<A> extends WorkerCall<A> {
  repeat: Repeat;
  /** The operation, where it is answered from memory: then it is asked over the control stream first. */
  question?: string | undefined;
}

export interface OwnerLinkDependencies {
  routes: RouteTable;
  callWorker: CallWorker;
  streams: Pick<ControlStreams, 'ask'>;
  logger: Logger;
}

/** Calls the worker that hosts a session. It needs no request of a caller, so jobs can use it too. */
export interface OwnerLink {
  /**
   * Asks the owner; `path` of the call is the worker's.
   *
   * @param sessionId the internal one
   * @throws {ApiError} SESSION_MOVING: no worker answers for the session. OUTCOME_UNKNOWN: the connection broke, and the
   *   call may be made once only. WORKER_ERROR: what answers is not the worker, or no answer to this call. Else what
   *   the worker refused with.
   */
  ask<A>(sessionId: string, call: OwnerCall<A>): Promise<A>;
}

/** The second call goes to the owner that PostgreSQL names. */
const ATTEMPTS = 2;

type Failure = Exclude<Outcome<never>, { kind: 'answered' }>;

export function createOwnerLink({ routes, callWorker, streams, logger }: OwnerLinkDependencies): OwnerLink {
  function note(failure: Failure, { workerId, endpoint }: Route, sessionId: string): void {
    if (failure.kind === 'unproven') {
      logger.warn({ workerId, endpoint }, 'what answers at the endpoint does not prove to be this worker');
    } else if ('error' in failure && failure.error !== undefined) {
      logger.info({ err: failure.error, workerId, sessionId }, 'worker not reached');
    }
  }

  return {
    async ask(sessionId, call) {
      let refusal: ApiError | undefined;
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const route = await routes.resolve(sessionId);
        if (route) {
          const operation = attempt === 0 ? call.question : undefined;
          if (operation !== undefined) {
            const said = await streams.ask(route, { sessionId, epoch: route.epoch, operation });
            if (said !== undefined && call.answer(said)) return said;
          }
          const headers = { ...call.headers, 'x-session-epoch': String(route.epoch) };
          const outcome = await callWorker(route, { ...call, headers });
          if (outcome.kind === 'answered') return outcome.answer;
          note(outcome, route, sessionId);
          refusal = refusalFor(outcome, call.repeat);
          if (!isWorthAnother(outcome, call.repeat)) {
            if (outcome.kind === 'broken' || outcome.kind === 'unproven') await routes.forget(sessionId);
            throw refusal;
          }
        }
        // The route was an old one, so PostgreSQL is read.
        await routes.forget(sessionId);
      }
      // Made only here: an error costs a stack trace, and most calls need none.
      throw refusal ?? moving();
    },
  };
}

function isWorthAnother({ kind }: Failure, repeat: Repeat): boolean {
  return kind === 'refused' || (repeat === 'safe' && (kind === 'broken' || kind === 'unproven'));
}

function refusalFor(failure: Failure, repeat: Repeat): ApiError {
  switch (failure.kind) {
    case 'declined':
      return refusalOf(failure.status, failure.body);
    case 'not-understood':
      return new ApiError('WORKER_ERROR', { details: { reason: failure.reason } });
    case 'refused':
      return moving(failure.error);
    case 'unproven':
      return repeat === 'safe' ? unproven() : outcomeUnknown();
    default:
      return repeat === 'safe' ? moving(failure.error) : outcomeUnknown(failure.error);
  }
}

import type { Route, RouteTable } from '@wa-gate/cluster';
import type { Repeat } from '@wa-gate/contracts';
import type { Logger } from '@wa-gate/kit';
import { ApiError } from '../http/api-error.ts';
import type { CallWorker, Outcome, WorkerCall } from './call-worker.ts';
import type { ControlStreams } from './control-streams.ts';
import type { MovingWait, MovingWaits } from './moving-waits.ts';
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
  waits: MovingWaits;
  logger: Logger;
}

/** Calls the worker that hosts a session. It needs no request of a caller, so jobs can use it too. */
export interface OwnerLink {
  /**
   * Asks the owner; `path` of the call is the worker's. While the session is between two workers, a call waits for the
   * next owner for a short time; a question that is answered from memory is about this moment, and does not.
   *
   * @param sessionId the internal one
   * @throws {ApiError} SESSION_MOVING: no worker answers for the session. OUTCOME_UNKNOWN: the connection broke, and the
   *   call may be made once only. WORKER_ERROR: what answers is not the worker, or no answer to this call. Else what
   *   the worker refused with.
   */
  ask<A>(sessionId: string, call: OwnerCall<A>): Promise<A>;
}

/** A connection that breaks again breaks for another reason than a move. So does a proof that is missing again. */
const MAX_BREAKS = 2;

type Failure = Exclude<Outcome<never>, { kind: 'answered' }>;

export function createOwnerLink({ routes, callWorker, streams, waits, logger }: OwnerLinkDependencies): OwnerLink {
  function note(failure: Failure, { workerId, endpoint }: Route, sessionId: string): void {
    if (failure.kind === 'unproven') {
      logger.warn({ workerId, endpoint }, 'what answers at the endpoint does not prove to be this worker');
    } else if ('error' in failure && failure.error !== undefined) {
      logger.info({ err: failure.error, workerId, sessionId }, 'worker not reached');
    }
  }

  async function askInTurns<A>(sessionId: string, call: OwnerCall<A>, wait: MovingWait): Promise<A> {
    let refusal: ApiError | undefined;
    let breaks = 0;
    for (let attempt = 0; ; attempt += 1) {
      const route = await routes.resolve(sessionId);
      let isOwner = false;
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
        if (isBreak(outcome)) breaks += 1;
        isOwner = outcome.kind === 'declined';
        if (!isWorthAnother(outcome, call.repeat) || breaks === MAX_BREAKS) {
          if (isBreak(outcome)) await routes.forget(sessionId);
          throw refusal;
        }
      }
      // The first route may have been an old one, so PostgreSQL is read at once. What it says then is how it is now.
      const isNow = attempt > 0 || isOwner;
      // Made only here: an error costs a stack trace, and most calls need none.
      if (isNow && (call.question !== undefined || !(await wait.next(call.signal)))) throw refusal ?? moving();
      await routes.forget(sessionId);
    }
  }

  return {
    async ask(sessionId, call) {
      const wait = waits.begin(sessionId);
      try {
        return await askInTurns(sessionId, call, wait);
      } finally {
        wait.end();
      }
    },
  };
}

const isBreak = ({ kind }: Failure): boolean => kind === 'broken' || kind === 'unproven';

/** Whether nothing was done, or what was done may be done again: only then the call is made again. */
function isWorthAnother(failure: Failure, repeat: Repeat): boolean {
  if (failure.kind === 'refused') return true;
  // A worker says so before it does anything, or of what may be repeated.
  if (failure.kind === 'declined') return (failure.body as { code?: unknown } | null)?.code === 'SESSION_MOVING';
  return repeat === 'safe' && isBreak(failure);
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

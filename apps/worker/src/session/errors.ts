import type { ErrorCode } from '@wa-gate/contracts';
import { type ActorState, isTerminal } from './transition.ts';

/** An operation that does not fit the state of the session. Code and sentence go to the user. */
export class SessionRefusal extends Error {
  override name = 'SessionRefusal';
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;
  /** Seconds. */
  readonly retryAfter: number | undefined;

  constructor(
    code: ErrorCode,
    sentence: string,
    { details, retryAfter }: { details?: Record<string, unknown>; retryAfter?: number } = {},
  ) {
    super(sentence);
    this.code = code;
    this.details = details;
    this.retryAfter = retryAfter;
  }
}

/** @throws {SessionRefusal} the actor has ended: its session is, or will be, elsewhere */
export function assertAlive(state: ActorState): void {
  if (isTerminal(state)) throw new SessionRefusal('SESSION_MOVING', 'The session is moving. Try again in a second.');
}

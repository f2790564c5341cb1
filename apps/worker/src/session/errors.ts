import type { ErrorCode } from '@wa-gate/contracts';
import { type ActorState, isTerminal } from './transition.ts';

/** An operation was refused because of the state of the session. The caller gets the code and the sentence. */
export class SessionRefusal extends Error {
  override name = 'SessionRefusal';
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;
  /** Seconds until a repeated call may succeed. */
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

/** Checks that the actor has not ended. @throws {SessionRefusal} the session is, or will be, on another worker */
export function assertAlive(state: ActorState): void {
  if (isTerminal(state)) throw new SessionRefusal('SESSION_MOVING', 'The session is moving. Try again in a second.');
}

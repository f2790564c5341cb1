import type { ErrorCode } from '@wa-gate/contracts';
import { type ActorState, isTerminal } from './transition.ts';

/** An operation that does not fit the state of the session. Code and sentence go to the user. */
export class SessionRefusal extends Error {
  override name = 'SessionRefusal';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, sentence: string) {
    super(sentence);
    this.code = code;
  }
}

/** @throws {SessionRefusal} the actor has ended: its session is, or will be, elsewhere */
export function assertAlive(state: ActorState): void {
  if (isTerminal(state)) throw new SessionRefusal('SESSION_MOVING', 'The session is moving. Try again in a second.');
}

import type { ErrorCode } from '@wa-gate/contracts';

/** An operation that does not fit the state of the session. Code and sentence go to the user. */
export class SessionRefusal extends Error {
  override name = 'SessionRefusal';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, sentence: string) {
    super(sentence);
    this.code = code;
  }
}

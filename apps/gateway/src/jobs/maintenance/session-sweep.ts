/** The position of a sweep over the sessions. A hint: a new process begins at the start. */
export interface SessionSweep {
  after: string;
}

export const FIRST_ID = '00000000-0000-0000-0000-000000000000';
export const newSessionSweep = (): SessionSweep => ({ after: FIRST_ID });

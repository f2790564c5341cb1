import { readFlags, within } from '../measure/flags.ts';

export interface DeleteLoadOptions {
  messages: number;
  /** Events, each with its delivery, for each message. */
  deliveries: number;
  /** Sessions of others, which send meanwhile. */
  sessions: number;
  /** Measured time of each window of sends. */
  seconds: number;
  /** Windows before the deletion. */
  before: number;
  /** Windows after its answer, at most; fewer when nothing is left. */
  during: number;
  /**
   * After the answer the windows alternate instead, so many of each: one while rows are erased, one while the deletion
   * rests. What the machine does beside is the same for both.
   */
  turns: number | undefined;
  /** The run waits for this file once the session is filled: filling needs no quiet machine. @default it goes on */
  hold: string | undefined;
}

export function readOptions(args: readonly string[]): DeleteLoadOptions {
  const values = readFlags(args, {
    messages: { type: 'string', default: '1000000' },
    deliveries: { type: 'string', default: '3' },
    sessions: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '10' },
    before: { type: 'string', default: '3' },
    during: { type: 'string', default: '60' },
    turns: { type: 'string' },
    hold: { type: 'string' },
  });
  return {
    messages: within('messages', values.messages, 100, 5_000_000),
    deliveries: within('deliveries', values.deliveries, 0, 10),
    sessions: within('sessions', values.sessions, 1, 50),
    seconds: within('seconds', values.seconds, 1, 600),
    before: within('before', values.before, 1, 20),
    during: within('during', values.during, 1, 500),
    turns: values.turns === undefined ? undefined : within('turns', values.turns, 1, 100),
    hold: values.hold,
  };
}

import { COMMON_FLAGS, type CommonOptions, oneOf, readCommon, readFlags, within } from '../measure/flags.ts';

export interface SendLoadOptions extends CommonOptions {
  /** Measured time of each run. */
  seconds: number;
  /** How often both sides are measured, in turns. */
  rounds: number;
  /** Sessions and clients of case (b). */
  sessions: number;
  /** Which cases to run. */
  cases: 'a' | 'b' | 'ab';
  workers: number;
  /** Folder for CPU profiles of gateway and workers during our own runs. */
  profileDir: string | undefined;
}

/** At most this many messages in one run, whatever the time. */
export const MAX_MESSAGES = 50_000;
/** Before each first run of a side: until the engine has compiled what is hot, which takes messages and not seconds. */
export const WARM_UP = { seconds: 15, maxCount: 2_000 };

export function readOptions(args: readonly string[]): SendLoadOptions {
  const values = readFlags(args, {
    ...COMMON_FLAGS,
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '2' },
    sessions: { type: 'string', default: '50' },
    cases: { type: 'string', default: 'ab' },
    workers: { type: 'string', default: '1' },
    'profile-dir': { type: 'string' },
  });
  return {
    ...readCommon(values),
    seconds: within('seconds', values.seconds, 1, 300),
    rounds: within('rounds', values.rounds, 1, 10),
    sessions: within('sessions', values.sessions, 1, 200),
    cases: oneOf('cases', values.cases, ['a', 'b', 'ab']),
    workers: within('workers', values.workers, 1, 4),
    profileDir: values['profile-dir'],
  };
}

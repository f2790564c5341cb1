import { parseArgs } from 'node:util';

export interface SendLoadOptions {
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
  const { values } = parseArgs({
    args: args.filter((argument) => argument !== '--'),
    options: {
      seconds: { type: 'string', default: '10' },
      rounds: { type: 'string', default: '2' },
      sessions: { type: 'string', default: '50' },
      cases: { type: 'string', default: 'ab' },
      workers: { type: 'string', default: '1' },
      'profile-dir': { type: 'string' },
    },
  });
  return {
    seconds: within('seconds', values.seconds, 1, 300),
    rounds: within('rounds', values.rounds, 1, 10),
    sessions: within('sessions', values.sessions, 1, 200),
    cases: caseOf(values.cases),
    workers: within('workers', values.workers, 1, 4),
    profileDir: values['profile-dir'],
  };
}

function caseOf(text: string): SendLoadOptions['cases'] {
  if (text === 'a' || text === 'b' || text === 'ab') return text;
  throw new Error(`--cases is ${text}; it must be a, b or ab`);
}

function within(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new Error(`--${name} is ${text}; it must be a whole number from ${least} to ${most}`);
  }
  return value;
}

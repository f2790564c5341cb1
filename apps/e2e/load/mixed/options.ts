import { COMMON_FLAGS, type CommonOptions, readCommon, readFlags, within } from '../measure/flags.ts';

export interface MixedLoadOptions extends CommonOptions {
  /** Measured time of each run. */
  seconds: number;
  /** How often both sides are measured, in turns. */
  rounds: number;
  sessions: number;
  /** Messages per second, of each direction. */
  rate: number;
  workers: number;
  profileDir: string | undefined;
}

export function readOptions(args: readonly string[]): MixedLoadOptions {
  const values = readFlags(args, {
    ...COMMON_FLAGS,
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '2' },
    sessions: { type: 'string', default: '30' },
    rate: { type: 'string', default: '20' },
    workers: { type: 'string', default: '1' },
    'profile-dir': { type: 'string' },
  });
  const common = readCommon(values);
  if (common.webhook !== 'all')
    throw new Error(`--webhook is ${common.webhook}, but this run times what comes to the webhook; it must be all`);
  return {
    ...common,
    seconds: within('seconds', values.seconds, 1, 600),
    rounds: within('rounds', values.rounds, 1, 10),
    sessions: within('sessions', values.sessions, 1, 200),
    rate: within('rate', values.rate, 1, 500),
    workers: within('workers', values.workers, 1, 4),
    profileDir: values['profile-dir'],
  };
}

import { COMMON_FLAGS, type CommonOptions, readCommon, readFlags, within } from '../measure/flags.ts';

export interface ReceiveLoadOptions extends CommonOptions {
  /** Measured time of each run. */
  seconds: number;
  /** How often both sides are measured, in turns. */
  rounds: number;
  sessions: number;
  /** Folder for CPU profiles of gateway and workers during our own runs. */
  profileDir: string | undefined;
}

export function readOptions(args: readonly string[]): ReceiveLoadOptions {
  const values = readFlags(args, {
    ...COMMON_FLAGS,
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '2' },
    sessions: { type: 'string', default: '50' },
    'profile-dir': { type: 'string' },
  });
  const common = readCommon(values);
  if (common.webhook === 'none')
    throw new Error('--webhook is none, but a message has arrived when the webhook has it; use inbound or all');
  return {
    ...common,
    seconds: within('seconds', values.seconds, 1, 300),
    rounds: within('rounds', values.rounds, 1, 10),
    sessions: within('sessions', values.sessions, 1, 200),
    profileDir: values['profile-dir'],
  };
}

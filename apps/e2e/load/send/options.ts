import {
  MESSAGE_FLAGS,
  type MessageLoadOptions,
  oneOf,
  readFlags,
  readMessageOptions,
  within,
} from '../measure/flags.ts';

export interface SendLoadOptions extends MessageLoadOptions {
  /** Which cases to run: one session, and as many as `sessions` says. */
  cases: 'a' | 'b' | 'ab';
  workers: number;
}

/** At most this many messages in one run, whatever the time. */
export const MAX_MESSAGES = 50_000;
/** Before each first run of a side: until the engine has compiled what is hot, which takes messages and not seconds. */
export const WARM_UP = { seconds: 15, maxCount: 2_000 };

export function readOptions(args: readonly string[]): SendLoadOptions {
  const values = readFlags(args, {
    ...MESSAGE_FLAGS,
    cases: { type: 'string', default: 'ab' },
    workers: { type: 'string', default: '1' },
  });
  return {
    ...readMessageOptions(values),
    cases: oneOf('cases', values.cases, ['a', 'b', 'ab']),
    workers: within('workers', values.workers, 1, 4),
  };
}

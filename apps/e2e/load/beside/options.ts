import { openCheckout } from '../../harness/checkout.ts';
import { readFlags, within } from '../measure/flags.ts';

/** What a turn does: `one` session sends, `many` sessions send, or phones write to `many` sessions. */
export const WORK = ['one', 'many', 'receive'] as const;
export type Work = (typeof WORK)[number];

export interface BesideOptions {
  /** Root of the built checkout that is the version before. */
  before: string;
  /** Root of the built checkout that is the version after. */
  after: string;
  work: Work[];
  sessions: number;
  /** Length of a turn. */
  seconds: number;
  /** Turns of each side. */
  turns: number;
  /** Messages of each side before the first turn. */
  warmUp: number;
}

/**
 * Flags come first, then what is to be compared.
 *
 * @throws {Error} that says what is wrong with the command
 */
export function readOptions(args: readonly string[]): BesideOptions {
  const work = WORK.filter((name) => args.includes(name));
  const flags = args.filter((word) => !(WORK as readonly string[]).includes(word));
  const values = readFlags(flags, {
    before: { type: 'string' },
    after: { type: 'string' },
    sessions: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '4' },
    turns: { type: 'string', default: '8' },
    'warm-up': { type: 'string', default: '1500' },
  });
  if (work.length === 0) throw new Error(`Say what to compare: one or more of ${WORK.join(', ')}`);
  if (values.before === undefined || values.after === undefined)
    throw new Error('--before and --after are the paths of two built checkouts; both are needed');
  return {
    before: openCheckout(values.before),
    after: openCheckout(values.after),
    work,
    sessions: within('sessions', values.sessions, 1, 200),
    seconds: within('seconds', values.seconds, 1, 60),
    turns: within('turns', values.turns, 2, 100),
    warmUp: within('warm-up', values['warm-up'], 0, 20_000),
  };
}

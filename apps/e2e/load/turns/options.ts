import { openCheckout } from '../../harness/checkout.ts';
import { readFlags, within } from '../measure/flags.ts';

export interface TurnsOptions {
  /** Root of the built checkout that is the version before. */
  before: string;
  /** Root of the built checkout that is the version after. */
  after: string;
  /** How often every program is run for each version. */
  rounds: number;
  programs: Program[];
  /** File that all figures are written to. @default none is written */
  json: string | undefined;
  /** Percent of the traces that the version after records; the version before does not trace. */
  tracing: string | undefined;
}

/** Programs that can be compared, with what makes one run of them. */
export const PROGRAMS = {
  send: ['--rounds', '1'],
  receive: ['--rounds', '1'],
  mixed: ['--rounds', '1'],
  gateway: ['--rounds', '1', '--connections', '50', '--sessions', '30'],
  failover: ['--rounds', '1', '--case', 'kill', '--few', '30'],
} as const;

export type Program = keyof typeof PROGRAMS;

/** Those that can trace what they measure. */
const TRACED: ReadonlySet<string> = new Set(['send', 'receive', 'mixed']);

const NAMES = Object.keys(PROGRAMS) as Program[];

/**
 * Flags come first, then the programs.
 *
 * @throws {Error} that says what is wrong with the command
 */
export function readOptions(args: readonly string[]): TurnsOptions & { more: string[] } {
  const split = args.indexOf('--', args[0] === '--' ? 1 : 0);
  const own = split < 0 ? args : args.slice(0, split);
  const words = own.filter((word) => (NAMES as string[]).includes(word));
  const flags = own.filter((word) => !words.includes(word));
  const values = readFlags(flags, {
    before: { type: 'string' },
    after: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'string' },
    tracing: { type: 'string' },
  });
  if (words.length === 0) throw new Error(`Say what to run: one or more of ${NAMES.join(', ')}`);
  if (values.before === undefined || values.after === undefined)
    throw new Error('--before and --after are the paths of two built checkouts; both are needed');
  if (values.tracing !== undefined && words.some((word) => !TRACED.has(word)))
    throw new Error(`--tracing is for ${[...TRACED].join(', ')} alone`);
  return {
    before: openCheckout(values.before),
    after: openCheckout(values.after),
    rounds: within('rounds', values.rounds, 1, 20),
    programs: [...new Set(words)] as Program[],
    json: values.json,
    tracing: values.tracing,
    more: split < 0 ? [] : args.slice(split + 1),
  };
}

import { openCheckout, ownCheckout } from '../../harness/checkout.ts';
import { oneOf, readFlags, within } from '../measure/flags.ts';

/** What grows while the traffic stays the same. */
export const DIMENSIONS = ['sessions', 'workers', 'endpoints', 'messages', 'events'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** The sizes of each dimension, the smallest first: the others are compared with it. */
const SIZES: Record<Dimension, readonly number[]> = {
  sessions: [10, 100, 1_000],
  workers: [1, 2, 4],
  endpoints: [10, 1_000],
  messages: [0, 1_000_000],
  events: [0, 10_000_000],
};
const LARGEST: Record<Dimension, number> = {
  sessions: 2_000,
  workers: 8,
  endpoints: 10_000,
  messages: 10_000_000,
  events: 50_000_000,
};

export interface GrowthOptions {
  dimensions: readonly Dimension[];
  sizesOf: (dimension: Dimension) => readonly number[];
  /** Sessions with traffic. */
  busy: number;
  /** Messages of each busy session in each direction, in one run. */
  each: number;
  rounds: number;
  /** Prints the statements whose time a message differs most between the smallest and the largest. */
  statements: boolean;
  checkout: string;
  /** File for the figures of all runs. @default none is written */
  json: string | undefined;
}

/** @throws {Error} when a flag is not as it must be; names the flag */
export function readOptions(args: readonly string[]): GrowthOptions {
  const values = readFlags(args, {
    dimension: { type: 'string', multiple: true, default: [...DIMENSIONS] },
    sizes: { type: 'string' },
    busy: { type: 'string', default: '10' },
    each: { type: 'string', default: '60' },
    rounds: { type: 'string', default: '5' },
    statements: { type: 'boolean', default: false },
    checkout: { type: 'string' },
    json: { type: 'string' },
  });
  const dimensions = values.dimension.map((name) => oneOf('dimension', name, DIMENSIONS));
  const busy = within('busy', values.busy, 1, 100);
  const sizes = values.sizes?.split(',');
  const [only] = dimensions;
  if (sizes && (dimensions.length > 1 || sizes.length < 2))
    throw new Error('--sizes takes one --dimension and two sizes or more, with commas between them');
  const given = sizes && only && sizes.map((size) => within('sizes', size, 0, LARGEST[only]));
  return {
    dimensions,
    sizesOf: (dimension) => given ?? SIZES[dimension],
    busy,
    each: within('each', values.each, 1, 1_000),
    rounds: within('rounds', values.rounds, 1, 20),
    statements: values.statements,
    checkout: values.checkout === undefined ? ownCheckout : openCheckout(values.checkout),
    json: values.json,
  };
}

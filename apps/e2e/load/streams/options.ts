import { readFlags, within } from '../measure/flags.ts';

export interface StreamsLoadOptions {
  clients: number;
  /** Events a second, of all sessions together. */
  rate: number;
  /** Measured time of each case. */
  seconds: number;
}

export function readOptions(args: readonly string[]): StreamsLoadOptions {
  const values = readFlags(args, {
    clients: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '15' },
  });
  return {
    clients: within('clients', values.clients, 5, 2_000),
    rate: within('rate', values.rate, 1, 5_000),
    seconds: within('seconds', values.seconds, 1, 120),
  };
}

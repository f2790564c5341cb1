import { MESSAGE_FLAGS, type MessageLoadOptions, readFlags, readMessageOptions, within } from '../measure/flags.ts';

export interface MixedLoadOptions extends MessageLoadOptions {
  /** Messages per second, of each direction. */
  rate: number;
  workers: number;
}

export function readOptions(args: readonly string[]): MixedLoadOptions {
  const values = readFlags(args, {
    ...MESSAGE_FLAGS,
    seconds: { type: 'string', default: '20' },
    sessions: { type: 'string', default: '30' },
    rate: { type: 'string', default: '20' },
    workers: { type: 'string', default: '1' },
  });
  const options = readMessageOptions(values);
  if (options.webhook !== 'all')
    throw new Error(`--webhook is ${options.webhook}, but this run times what comes to the webhook; it must be all`);
  return { ...options, rate: within('rate', values.rate, 1, 500), workers: within('workers', values.workers, 1, 4) };
}

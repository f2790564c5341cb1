import { openCheckout, ownCheckout } from '../../harness/checkout.ts';
import { readFlags, within } from '../measure/flags.ts';

export interface SoakOptions {
  minutes: number;
  /** Samples before that are not judged: caches fill, the engine compiles, tables find their size. */
  warmUpMinutes: number;
  everySeconds: number;
  sessions: number;
  /** Messages per second, of each direction. */
  rate: number;
  workers: number;
  checkout: string;
  /** File for all samples. @default none is written */
  json: string | undefined;
}

/** So that a line through them says something. */
const LEAST_SAMPLES = 10;
/** Of a long run. */
const USUAL_SAMPLES = 120;
const LONGEST_WARM_UP_MINUTES = 10;

export function readOptions(args: readonly string[]): SoakOptions {
  const values = readFlags(args, {
    minutes: { type: 'string', default: '60' },
    'warm-up-minutes': { type: 'string' },
    'every-seconds': { type: 'string' },
    sessions: { type: 'string', default: '50' },
    rate: { type: 'string', default: '20' },
    workers: { type: 'string', default: '1' },
    checkout: { type: 'string' },
    json: { type: 'string' },
  });
  const minutes = within('minutes', values.minutes, 3, 24 * 60);
  const usual = Math.min(LONGEST_WARM_UP_MINUTES, Math.floor(minutes / 3));
  const options = {
    minutes,
    warmUpMinutes: within('warm-up-minutes', values['warm-up-minutes'] ?? `${usual}`, 0, minutes - 1),
    everySeconds: within(
      'every-seconds',
      values['every-seconds'] ?? `${Math.max(5, Math.round((minutes * 60) / USUAL_SAMPLES))}`,
      1,
      600,
    ),
    sessions: within('sessions', values.sessions, 1, 500),
    rate: within('rate', values.rate, 1, 500),
    workers: within('workers', values.workers, 1, 4),
    checkout: values.checkout === undefined ? ownCheckout : openCheckout(values.checkout),
    json: values.json,
  };
  const samples = Math.floor(((options.minutes - options.warmUpMinutes) * 60) / options.everySeconds);
  if (samples < LEAST_SAMPLES)
    throw new Error(`After the warm-up there would be ${samples} samples; ${LEAST_SAMPLES} are needed`);
  return options;
}

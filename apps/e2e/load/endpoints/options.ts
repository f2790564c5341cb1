import { oneOf, readFlags, within } from '../measure/flags.ts';

export const CASES = ['workspace', 'ten', 'dead'] as const;
export type Case = (typeof CASES)[number];

export interface EndpointsLoadOptions {
  cases: readonly Case[];
  /** Measured time of each run. */
  seconds: number;
  /** How often both sides of a case are measured, in turns. */
  rounds: number;
  /** Linked sessions of the case `workspace`. */
  sessions: number;
  /** Endpoints of the case `dead`, each of a session of its own. */
  endpoints: number;
  /** Events a second of the case `dead`, of all sessions together. */
  rate: number;
}

export function readOptions(args: readonly string[]): EndpointsLoadOptions {
  const values = readFlags(args, {
    cases: { type: 'string', default: CASES.join(',') },
    seconds: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '4' },
    sessions: { type: 'string', default: '20' },
    endpoints: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '200' },
  });
  return {
    cases: values.cases.split(',').map((name) => oneOf('cases', name, CASES)),
    seconds: within('seconds', values.seconds, 1, 120),
    rounds: within('rounds', values.rounds, 1, 20),
    sessions: within('sessions', values.sessions, 1, 100),
    endpoints: within('endpoints', values.endpoints, 2, 2_000),
    rate: within('rate', values.rate, 1, 2_000),
  };
}

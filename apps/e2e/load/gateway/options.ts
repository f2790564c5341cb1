import { openCheckout, ownCheckout } from '../../harness/checkout.ts';
import { oneOf, readFlags, within } from '../measure/flags.ts';

/** `status`: live calls through the proxy. `accept`: sends whose callers do not wait. */
export const GATEWAY_CASES = ['status', 'accept'] as const;
export type GatewayCase = (typeof GATEWAY_CASES)[number];

export interface GatewayLoadOptions {
  /** Measured time of each run. */
  seconds: number;
  rounds: number;
  /** Of the callers, each number a case of its own. */
  connections: number[];
  sessions: number;
  /** Requests per second of the runs that compare latencies; half of what the slower side reached when 0. */
  rate: number;
  /** What is measured; new users and sessions only where all of it is. */
  cases: GatewayCase[];
  /**
   * Folder for a CPU profile of gateway and worker while the first case runs as fast as it can; then nothing else is
   * measured.
   */
  profileDir: string | undefined;
  /** Root of the built checkout whose gateways and workers are measured. @default this one */
  checkout: string;
  /** File that the figures are written to, for a script. @default none is written */
  json: string | undefined;
}

export function readOptions(args: readonly string[]): GatewayLoadOptions {
  const values = readFlags(args, {
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '50,1000' },
    sessions: { type: 'string', default: '50' },
    rate: { type: 'string', default: '0' },
    cases: { type: 'string', default: GATEWAY_CASES.join(',') },
    'profile-dir': { type: 'string' },
    checkout: { type: 'string' },
    json: { type: 'string' },
  });
  return {
    seconds: within('seconds', values.seconds, 1, 120),
    rounds: within('rounds', values.rounds, 1, 10),
    connections: values.connections.split(',').map((text) => within('connections', text, 1, 2_000)),
    sessions: within('sessions', values.sessions, 1, 200),
    rate: within('rate', values.rate, 0, 100_000),
    cases: values.cases.split(',').map((text) => oneOf('cases', text, GATEWAY_CASES)),
    profileDir: values['profile-dir'],
    checkout: values.checkout === undefined ? ownCheckout : openCheckout(values.checkout),
    json: values.json,
  };
}

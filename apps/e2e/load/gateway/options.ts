import { parseArgs } from 'node:util';

export interface GatewayLoadOptions {
  /** Measured time of each run. */
  seconds: number;
  rounds: number;
  /** Of autocannon, each a case of its own. */
  connections: number[];
  sessions: number;
  /** Requests per second of the runs that compare latencies; half of what the gateway reached when 0. */
  rate: number;
  /**
   * Folder for a CPU profile of the gateway while it answers status calls as fast as it can; then nothing else is
   * measured.
   */
  profileDir: string | undefined;
}

export function readOptions(args: readonly string[]): GatewayLoadOptions {
  const { values } = parseArgs({
    args: args.filter((argument) => argument !== '--'),
    options: {
      seconds: { type: 'string', default: '10' },
      rounds: { type: 'string', default: '3' },
      connections: { type: 'string', default: '50,1000' },
      sessions: { type: 'string', default: '50' },
      rate: { type: 'string', default: '0' },
      'profile-dir': { type: 'string' },
    },
  });
  return {
    seconds: within('seconds', values.seconds, 1, 120),
    rounds: within('rounds', values.rounds, 1, 10),
    connections: values.connections.split(',').map((text) => within('connections', text, 1, 2_000)),
    sessions: within('sessions', values.sessions, 1, 200),
    rate: within('rate', values.rate, 0, 100_000),
    profileDir: values['profile-dir'],
  };
}

function within(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new Error(`--${name} is ${text}; it must be a whole number from ${least} to ${most}`);
  }
  return value;
}

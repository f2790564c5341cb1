import { parseArgs } from 'node:util';
import { FAULT_KINDS, type FaultKind } from './plan.ts';

export interface ChaosOptions {
  seed: number;
  minutes: number;
  sessions: number;
  workers: number;
  gateways: number;
  /** The target of accepted sends per second. */
  sendRate: number;
  /** Messages per second that phones send to the sessions. */
  receiveRate: number;
  /** The minimum of faults of each kind; the run takes longer for it. */
  faultsOfEachKind: number;
  /** Only these kinds; empty: all. */
  kinds: readonly FaultKind[];
  /** Prints the plan and ends. */
  planOnly: boolean;
  /** Folder that the output of the processes is copied to. */
  logs: string | undefined;
}

export const DEFAULTS: ChaosOptions = {
  seed: 1,
  minutes: 3,
  sessions: 30,
  workers: 3,
  gateways: 2,
  sendRate: 26,
  receiveRate: 20,
  faultsOfEachKind: 0,
  kinds: [],
  planOnly: false,
  logs: undefined,
};

export function readOptions(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: args.filter((argument) => argument !== '--'),
    options: {
      seed: { type: 'string', default: String(DEFAULTS.seed) },
      minutes: { type: 'string', default: String(DEFAULTS.minutes) },
      sessions: { type: 'string', default: String(DEFAULTS.sessions) },
      workers: { type: 'string', default: String(DEFAULTS.workers) },
      gateways: { type: 'string', default: String(DEFAULTS.gateways) },
      'send-rate': { type: 'string', default: String(DEFAULTS.sendRate) },
      'receive-rate': { type: 'string', default: String(DEFAULTS.receiveRate) },
      'of-each': { type: 'string', default: String(DEFAULTS.faultsOfEachKind) },
      kind: { type: 'string', multiple: true, default: [] },
      plan: { type: 'boolean', default: false },
      logs: { type: 'string' },
    },
  });
  return {
    seed: within('seed', values.seed, 0, 2 ** 32 - 1),
    minutes: within('minutes', values.minutes, 1, 240),
    sessions: within('sessions', values.sessions, 1, 200),
    workers: within('workers', values.workers, 2, 9),
    gateways: within('gateways', values.gateways, 1, 9),
    sendRate: within('send-rate', values['send-rate'], 0, 500),
    receiveRate: within('receive-rate', values['receive-rate'], 0, 500),
    faultsOfEachKind: within('of-each', values['of-each'], 0, 100),
    kinds: values.kind.map(kindOf),
    planOnly: values.plan,
    logs: values.logs,
  };
}

function kindOf(text: string): FaultKind {
  const kind = FAULT_KINDS.find((known) => known === text);
  if (!kind) throw new Error(`--kind is ${text}; it must be one of: ${FAULT_KINDS.join(', ')}`);
  return kind;
}

function within(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new Error(`--${name} is ${text}; it must be a whole number from ${least} to ${most}`);
  }
  return value;
}

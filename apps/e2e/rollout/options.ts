import { parseArgs } from 'node:util';
import { ALL, FAULTS, REHEARSALS, type RehearsalName } from './scenarios.ts';

export interface RolloutOptions {
  sessions: number;
  /** The target of accepted sends per second. */
  sendRate: number;
  /** Messages per second that phones send to the sessions. */
  receiveRate: number;
  /** What is rehearsed, in this order. */
  scenarios: readonly RehearsalName[];
  /** Minutes; all scenarios are repeated until they are over. 0: once. */
  minutes: number;
  /** Seconds between two scenarios. */
  calmSeconds: number;
  /** Folder that the output of the processes is copied to. */
  logs: string | undefined;
}

/**
 * How nice the processes of the rehearsal are to others of this machine, -20 to 19. The pods of a cluster have the
 * processors that they ask for, and here everything else runs beside them.
 */
const NICE = -5;

const names = (scenarios: object): RehearsalName[] => Object.keys(scenarios) as RehearsalName[];

export const DEFAULTS: RolloutOptions = {
  sessions: 12,
  sendRate: 20,
  receiveRate: 20,
  scenarios: names(REHEARSALS),
  minutes: 0,
  calmSeconds: 5,
  logs: undefined,
};

export function readOptions(args: readonly string[]): RolloutOptions & { nice: number } {
  const { values } = parseArgs({
    args: args.filter((argument) => argument !== '--'),
    options: {
      sessions: { type: 'string', default: String(DEFAULTS.sessions) },
      'send-rate': { type: 'string', default: String(DEFAULTS.sendRate) },
      'receive-rate': { type: 'string', default: String(DEFAULTS.receiveRate) },
      scenario: { type: 'string', multiple: true, default: [] },
      faults: { type: 'boolean', default: false },
      minutes: { type: 'string', default: String(DEFAULTS.minutes) },
      calm: { type: 'string', default: String(DEFAULTS.calmSeconds) },
      logs: { type: 'string' },
      nice: { type: 'string', default: String(NICE) },
    },
  });
  const chosen = values.scenario.map(scenarioOf);
  const planned = chosen.length > 0 ? chosen : DEFAULTS.scenarios;
  return {
    sessions: number('sessions', values.sessions, 1, 200),
    sendRate: number('send-rate', values['send-rate'], 0, 500),
    receiveRate: number('receive-rate', values['receive-rate'], 0, 500),
    scenarios: values.faults ? [...planned, ...names(FAULTS)] : planned,
    minutes: number('minutes', values.minutes, 0, 240),
    calmSeconds: number('calm', values.calm, 0, 600),
    logs: values.logs,
    nice: number('nice', values.nice, -20, 19),
  };
}

function scenarioOf(text: string): RehearsalName {
  const found = names(ALL).find((name) => name === text);
  if (!found) throw new Error(`--scenario is "${text}"; it must be one of: ${names(ALL).join('; ')}`);
  return found;
}

function number(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most)
    throw new Error(`--${name} is ${text}; it must be a whole number from ${least} to ${most}`);
  return value;
}

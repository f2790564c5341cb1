import { type ParseArgsConfig, parseArgs } from 'node:util';
import { openCheckout, ownCheckout } from '../../harness/checkout.ts';

/** Which events of a session go to its webhook. */
export type WebhookChoice = 'none' | 'inbound' | 'all';

export const EVENTS_OF: Record<WebhookChoice, readonly string[]> = {
  none: [],
  inbound: ['message.received'],
  all: ['*'],
};

/** What every program that measures messages takes. */
export interface MessageLoadOptions {
  /** Measured time of each run. */
  seconds: number;
  /** How often both sides are measured, in turns. */
  rounds: number;
  sessions: number;
  /** Folder for CPU profiles of gateways and workers during our own runs. @default none are made */
  profileDir: string | undefined;
  /** Root of the built checkout whose gateways and workers are measured. @default this one */
  checkout: string;
  /** File that the figures are written to, for a script. @default none is written */
  json: string | undefined;
  webhook: WebhookChoice;
  /** Prints the statements that PostgreSQL was asked most often. @default false */
  statements: boolean;
  /** Percent of the traces that are recorded and sent to a collector of the run. @default tracing is off */
  tracing: number | undefined;
}

export const MESSAGE_FLAGS = {
  seconds: { type: 'string', default: '10' },
  rounds: { type: 'string', default: '2' },
  sessions: { type: 'string', default: '50' },
  'profile-dir': { type: 'string' },
  checkout: { type: 'string' },
  json: { type: 'string' },
  webhook: { type: 'string', default: 'all' },
  statements: { type: 'boolean', default: false },
  tracing: { type: 'string' },
} as const;

/** Reads flags as `parseArgs` does, past the `--` that package managers leave. */
export function readFlags<const T extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<{ args: string[]; options: T }>>['values'] {
  return parseArgs({ args: args.filter((argument) => argument !== '--'), options }).values;
}

/** The value of {@link MESSAGE_FLAGS}, checked. */
export function readMessageOptions(values: {
  seconds: string;
  rounds: string;
  sessions: string;
  'profile-dir'?: string | undefined;
  checkout?: string | undefined;
  json?: string | undefined;
  webhook: string;
  statements: boolean;
  tracing?: string | undefined;
}): MessageLoadOptions {
  return {
    seconds: within('seconds', values.seconds, 1, 600),
    rounds: within('rounds', values.rounds, 1, 10),
    sessions: within('sessions', values.sessions, 1, 200),
    profileDir: values['profile-dir'],
    checkout: values.checkout === undefined ? ownCheckout : openCheckout(values.checkout),
    json: values.json,
    webhook: oneOf('webhook', values.webhook, ['none', 'inbound', 'all']),
    statements: values.statements,
    tracing: values.tracing === undefined ? undefined : within('tracing', values.tracing, 0, 100),
  };
}

/** @throws {Error} when it is no whole number within the bounds; names the flag */
export function within(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most) {
    throw new Error(`--${name} is ${text || 'empty'}; it must be a whole number from ${least} to ${most}`);
  }
  return value;
}

/** @throws {Error} when it is none of the words; names the flag and the words */
export function oneOf<const T extends string>(name: string, text: string, words: readonly T[]): T {
  const found = words.find((word) => word === text);
  if (found === undefined) throw new Error(`--${name} is ${text || 'empty'}; it must be one of ${words.join(', ')}`);
  return found;
}

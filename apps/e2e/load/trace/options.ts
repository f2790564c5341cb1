import { openCheckout, ownCheckout } from '../../harness/checkout.ts';
import { oneOf, readFlags, within } from '../measure/flags.ts';

/**
 * What is traced: a send from the request to the answer, and to the event at the webhook; a receipt of a phone, and a
 * message of a phone, to the event at the webhook.
 */
export const FLOWS = ['send', 'receipt', 'receive'] as const;
export type Flow = (typeof FLOWS)[number];

export interface TraceOptions {
  flows: readonly Flow[];
  /** Messages of each flow, one after the other. */
  messages: number;
  /** Pause between two of them, so that they do not meet. */
  gapMs: number;
  /** Sessions that take turns. */
  sessions: number;
  checkout: string;
  /** File for the figures of every hop. @default none is written */
  json: string | undefined;
}

export function readOptions(args: readonly string[]): TraceOptions {
  const values = readFlags(args, {
    flow: { type: 'string', multiple: true, default: [...FLOWS] },
    messages: { type: 'string', default: '100' },
    'gap-ms': { type: 'string', default: '200' },
    sessions: { type: 'string', default: '1' },
    checkout: { type: 'string' },
    json: { type: 'string' },
  });
  return {
    flows: values.flow.map((name) => oneOf('flow', name, FLOWS)),
    messages: within('messages', values.messages, 5, 2_000),
    gapMs: within('gap-ms', values['gap-ms'], 0, 60_000),
    sessions: within('sessions', values.sessions, 1, 50),
    checkout: values.checkout === undefined ? ownCheckout : openCheckout(values.checkout),
    json: values.json,
  };
}

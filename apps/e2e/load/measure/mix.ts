import { type OpenLoopOptions, runOpenLoop } from './open-loop.ts';

/** Until the API has answered `sent`, or the server's ack has come. */
export const SEND = 'send';
/** Until a message that a person wrote is at the webhook, or Baileys has told of it. */
export const RECEIVED = 'inbound';
/** Until the event `message.sent` is at the webhook. */
export const SENT_EVENT = 'message.sent';

/** Messages in both directions at a steady rate. */
export interface MixOptions {
  /** Messages per second, of each direction. */
  rate: number;
  seconds: number;
}

export interface MixResult {
  sent: number;
  received: number;
  failures: number;
  firstFailure: string | undefined;
  /** Latencies by their name, in milliseconds from the planned time of the message. */
  latencies: Record<string, number[]>;
}

/** What one side does with one message. Both resolve when the message is where it was to go, and reject otherwise. */
export interface MixSide {
  send(index: number, plannedAt: number): Promise<void>;
  /** A person writes to a session. */
  receive(index: number, plannedAt: number): Promise<void>;
  latencies: Record<string, number[]>;
}

/** Lets a side send and receive at the same rate, and waits until everything is where it was to go. */
export async function runMix({ rate, seconds }: MixOptions, side: MixSide, signal?: AbortSignal): Promise<MixResult> {
  const loop: OpenLoopOptions = { rate, seconds, ...(signal && { signal }) };
  const [out, into] = await Promise.all([
    runOpenLoop(loop, (index, at) => side.send(index, at)),
    runOpenLoop(loop, (index, at) => side.receive(index, at)),
  ]);
  return {
    sent: out.begun - out.failures,
    received: into.begun - into.failures,
    failures: out.failures + into.failures,
    firstFailure: out.firstFailure ?? into.firstFailure,
    latencies: side.latencies,
  };
}

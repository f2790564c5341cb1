import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { WASocket } from './baileys.ts';
import type { WithheldStep } from './withheld-step.ts';

type Done = (error?: Error) => void;
type Send = (data: unknown, ...rest: unknown[]) => void;

interface WaitingFrame {
  data: unknown;
  /** Told when the frame has left, or never will. */
  done: Done | undefined;
  /** The last step that it waits for. */
  after: number;
}

export interface OutgoingFrames {
  /** What is sent from now on leaves when the step is durable, and never when it is not. */
  holdFor(step: Pick<WithheldStep, 'settled' | 'isWaiting'>): void;
  /** Resolves when nothing is held back any more. */
  left(): Promise<void>;
}

/**
 * Holds frames of a connection back until what they may tell is durable. They are numbered when they are encrypted, so
 * all that come after one that waits wait, too. Call it before anything else that changes how the socket sends.
 *
 * Baileys makes a message of what it has read when the receipt has left. So while it may do that, it is told at once
 * that a frame has left, and otherwise when that is true.
 */
export function holdFrames(sock: WASocket): OutgoingFrames {
  const emitter = sock.ws as unknown as {
    socket: { send: Send; once(event: 'close', listener: () => void): void } | null;
    on(event: string, listener: (...args: never[]) => void): void;
  };
  const below = emitter.socket;
  const send = below?.send.bind(below);
  let stream: Pick<Socket, 'cork' | 'uncork'> | undefined;
  /** Ends of the steps that are not settled, by their numbers, in order. */
  const pending = new Map<number, Promise<void>>();
  let last = 0;
  let lastStep: Pick<WithheldStep, 'isWaiting'> | undefined;
  let waiting: WaitingFrame[] = [];

  function release(): void {
    const [first = Number.POSITIVE_INFINITY] = pending.keys();
    const held = waiting.findIndex(({ after }) => after >= first);
    const free = held < 0 ? waiting : waiting.slice(0, held);
    waiting = held < 0 ? [] : waiting.slice(held);
    if (free.length > 1) stream?.cork();
    for (const { data, done } of free) send?.(data, done);
    if (free.length > 1) stream?.uncork();
  }

  if (below && send) {
    below.send = (data, ...rest) => {
      if (pending.size === 0) return send(data, ...rest);
      const done = rest.find((argument) => typeof argument === 'function') as Done | undefined;
      const isToldAtOnce = lastStep?.isWaiting ?? false;
      waiting.push({ data, done: isToldAtOnce ? undefined : done, after: last });
      if (isToldAtOnce && done) process.nextTick(done);
    };
    below.once('close', () => {
      const lost = waiting;
      waiting = [];
      for (const { done } of lost) done?.(new Error('The connection was closed before the frame left.'));
    });
    emitter.on('upgrade', ({ socket }: IncomingMessage) => {
      stream = socket;
    });
  }

  return {
    holdFor(step) {
      last += 1;
      const number = last;
      lastStep = step;
      const end = step.settled.then(
        () => {
          pending.delete(number);
          if (waiting.length > 0) release();
        },
        // The connection is cut.
        () => undefined,
      );
      pending.set(number, end);
    },
    async left() {
      await Promise.all(pending.values());
    },
  };
}

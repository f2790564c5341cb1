import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { WASocket } from './baileys.ts';

type Send = (data: unknown, ...rest: unknown[]) => void;

export interface OutgoingFrames {
  /** What is sent from now on leaves after this, and never when it rejects. */
  holdUntil(durable: Promise<void>): void;
  /** Resolves when no frame waits any more. */
  left(): Promise<void>;
}

/**
 * Holds frames of a connection back until what they may tell is durable. They are numbered when they are encrypted, so
 * all that come after one that waits wait, too. Baileys is told at once that a frame has left. Call it before anything
 * else that changes how the socket sends.
 */
export function holdFrames(sock: WASocket): OutgoingFrames {
  const emitter = sock.ws as unknown as {
    socket: { send: Send } | null;
    on(event: string, listener: (...args: never[]) => void): void;
  };
  const below = emitter.socket;
  const send = below?.send.bind(below);
  let stream: Pick<Socket, 'cork' | 'uncork'> | undefined;
  /** What is not durable yet, by its number, in order; and its end. */
  const pending = new Map<number, Promise<void>>();
  let last = 0;
  let waiting: { data: unknown; after: number }[] = [];

  function release(): void {
    const [first = Number.POSITIVE_INFINITY] = pending.keys();
    const held = waiting.findIndex(({ after }) => after >= first);
    const free = held < 0 ? waiting : waiting.slice(0, held);
    waiting = held < 0 ? [] : waiting.slice(held);
    if (free.length > 1) stream?.cork();
    for (const { data } of free) send?.(data);
    if (free.length > 1) stream?.uncork();
  }

  if (below && send) {
    below.send = (data, ...rest) => {
      if (pending.size === 0) return send(data, ...rest);
      waiting.push({ data, after: last });
      for (const done of rest) if (typeof done === 'function') process.nextTick(done as () => void);
    };
    emitter.on('upgrade', ({ socket }: IncomingMessage) => {
      stream = socket;
    });
  }

  return {
    holdUntil(durable) {
      last += 1;
      const number = last;
      const end = durable.then(
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

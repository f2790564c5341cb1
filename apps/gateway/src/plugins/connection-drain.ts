import { setTimeout as sleep } from 'node:timers/promises';
import fastifyPlugin from 'fastify-plugin';

/**
 * The time between the word to end and the end. Everything is still answered, but the process is not ready any more,
 * and each answer closes its connection: load balancers and clients go to the others before this one stops listening.
 */
export interface ConnectionDrain {
  readonly isDraining: boolean;
  /** Begins, and resolves when the time is over. Again: the same end. */
  begin(): Promise<void>;
}

export function createConnectionDrain(delayMs: number): ConnectionDrain {
  let ending: Promise<void> | undefined;
  return {
    get isDraining() {
      return ending !== undefined;
    },
    begin() {
      ending ??= delayMs > 0 ? sleep(delayMs) : Promise.resolve();
      return ending;
    },
  };
}

/** Closes connections after their next answer while the drain lasts. HTTP/1.1 has no other way to say "elsewhere". */
export const connectionDrainPlugin = fastifyPlugin<{ drain: ConnectionDrain }>(
  async (app, { drain }) => {
    app.addHook('onRequest', (_request, reply, done) => {
      // On the raw answer, so that hijacked answers have it too.
      if (drain.isDraining) reply.raw.setHeader('connection', 'close');
      done();
    });
  },
  { name: 'connection drain' },
);

import type { Ownership } from '@wa-gate/cluster';
import type { Queryable } from '@wa-gate/db';
import type { Clock, Logger } from '@wa-gate/kit';
import { Liveness, type LivenessTiming } from '../whatsapp/liveness.ts';
import { LastSeenWriter } from './last-seen.ts';
import type { SessionActor } from './session-actor.ts';

export interface SessionWatchDependencies {
  db: Queryable;
  clock: Clock;
  logger: Logger;
  timing: LivenessTiming;
  recyclesPerSweep: number;
  actors: () => Iterable<SessionActor>;
  onStale: (owner: Ownership) => void;
  onRoundTrip: (milliseconds: number) => void;
}

const REVIEW_EVERY_MS = 60_000;

/**
 * Looks after all sessions of a worker: every second whether their connections live, once a minute what time alone has
 * changed.
 */
export class SessionWatch {
  readonly liveness: Liveness;
  readonly #lastSeen: LastSeenWriter;
  readonly #actors: () => Iterable<SessionActor>;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: SessionWatchDependencies) {
    this.liveness = new Liveness(deps);
    this.#lastSeen = new LastSeenWriter({ ...deps, liveness: this.liveness });
    this.#actors = deps.actors;
  }

  start(): void {
    this.liveness.start();
    this.#timer ??= setInterval(() => void this.review(), REVIEW_EVERY_MS).unref();
  }

  stop(): void {
    this.liveness.stop();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async review(): Promise<void> {
    for (const actor of this.#actors()) actor.review();
    await this.#lastSeen.write();
  }
}

import type { Ownership } from '@wa-gate/cluster';
import type { Queryable } from '@wa-gate/db';
import type { Clock, Logger } from '@wa-gate/kit';
import { recordSessionsSeen, type SeenSession } from '@wa-gate/messaging';
import type { Liveness } from '../whatsapp/liveness.ts';

export interface LastSeenDependencies {
  db: Queryable;
  clock: Clock;
  logger: Logger;
  liveness: Liveness;
  onStale: (owner: Ownership) => void;
}

/**
 * Writes when the last frame of each session came. One statement, only for sessions with a frame since the last call.
 */
export class LastSeenWriter {
  readonly #deps: LastSeenDependencies;
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(deps: LastSeenDependencies) {
    this.#deps = deps;
  }

  async write(): Promise<void> {
    const { db, clock, logger, liveness, onStale } = this.#deps;
    const now = clock.monotonic();
    const seen = new Map<string, SeenSession>();
    for (const { owner, lastFrameAt } of liveness.pulses) {
      if (lastFrameAt === undefined || lastFrameAt <= this.#writtenAt) continue;
      // An old actor may still be ending beside the new one.
      if ((seen.get(owner.sessionId)?.epoch ?? 0) < owner.epoch)
        seen.set(owner.sessionId, { ...owner, agoMs: now - lastFrameAt });
    }
    if (seen.size === 0) return;
    try {
      for (const stale of await recordSessionsSeen(db, [...seen.values()])) onStale(stale);
      this.#writtenAt = now;
    } catch (error) {
      logger.warn({ err: error }, 'the times when sessions were last seen were not written');
    }
  }
}

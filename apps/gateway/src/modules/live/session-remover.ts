import type { SessionRef } from '../../principal.ts';
import type { Unlinker } from '../../worker-links/unlinker.ts';
import type { Actor } from '../audit/index.ts';
import type { SessionsService } from '../sessions/index.ts';

export interface RemovedSession {
  /** As its owner knew it. */
  slug: string;
  unlinked: boolean;
}

/**
 * Deletes many sessions, such as all of an account: unlinks the devices where that can be done soon, takes the sessions
 * from their workers, deletes the rows.
 */
export interface SessionRemover {
  remove(actor: Actor, sessions: readonly SessionRef[]): Promise<RemovedSession[]>;
}

export interface SessionRemoverDependencies {
  unlinker: Unlinker;
  sessions: Pick<SessionsService, 'delete'>;
  /** For unlinking, all of them together. @default 10 000 */
  unlinkWithinMs?: number;
}

const AT_ONCE = 5;

export function createSessionRemover(deps: SessionRemoverDependencies): SessionRemover {
  const { unlinker, sessions, unlinkWithinMs = 10_000 } = deps;

  return {
    async remove(actor, all) {
      const signal = AbortSignal.timeout(unlinkWithinMs);
      const removed: RemovedSession[] = [];
      for (let start = 0; start < all.length; start += AT_ONCE) {
        const some = all.slice(start, start + AT_ONCE).map(async (session) => {
          const unlinked = await unlinker.unlink(session.id, signal);
          await sessions.delete(actor, session, { unlinked });
          return { slug: session.slug, unlinked };
        });
        removed.push(...(await Promise.all(some)));
      }
      return removed;
    },
  };
}

import type { Pool } from '@wa-gate/db';
import { type Clock, createLoop, type Logger, type Loop } from '@wa-gate/kit';
import type { Appended, SessionHint } from '@wa-gate/messaging';
import { adoptSessions, listeningSessions, listenToSession } from '../../modules/keyword-rules/index.ts';
import type { ControlStreams } from '../../worker-links/control-streams.ts';
import type { Doorbells } from '../../worker-links/doorbells.ts';

export interface ListenerDependencies {
  pool: Pool;
  /** Where new events are heard of at once. What is missed, the next look finds. */
  streams: Pick<ControlStreams, 'onHints'>;
  doorbells: Pick<Doorbells, 'notifySession'>;
  clock: Clock;
  logger: Logger;
  /** Tells of new events, after their commit. */
  announce: (appended: Appended) => void;
  /** Takes back what broadcasts have in the outbox for people who have just left. */
  withdrawFrom: (workspaceId: string, jids: readonly string[]) => Promise<void>;
}

/** Milliseconds between two looks when nobody tells of anything. */
const EVERY_MS = 1_000;
/** Looks between two searches for sessions that are new. */
const ADOPT_EVERY = 5;

/** Does what keywords ask for. Any number of processes may run it: each message is answered once. */
export function createListener(deps: ListenerDependencies): Pick<Loop, 'start' | 'stop'> {
  const { pool, streams, doorbells, clock, logger, announce, withdrawFrom } = deps;
  let listening = new Set<string>();
  let rung = new Set<string>();
  let looks = 0;
  let lastLook = 0;

  async function listen(sessionId: string, stopping: AbortSignal): Promise<void> {
    try {
      for (let hasMore = true; hasMore && !stopping.aborted; ) {
        const done = await listenToSession(pool, sessionId);
        if (!done) return;
        if (done.hasAnswered) doorbells.notifySession(sessionId);
        for (const appended of done.appended) announce(appended);
        await withdrawFrom(done.workspaceId, done.left);
        hasMore = done.hasMore;
      }
    } catch (error) {
      logger.warn({ err: error, sessionId }, 'keywords of a session not looked at, trying again');
    }
  }

  const loop = createLoop({
    clock,
    everyMs: EVERY_MS,
    jitter: 0.2,
    async round(stopping) {
      const now = rung;
      rung = new Set();
      // A doorbell alone needs no look at all sessions.
      if (now.size === 0 || Date.now() - lastLook >= EVERY_MS) {
        lastLook = Date.now();
        if (looks % ADOPT_EVERY === 0) await adoptSessions(pool);
        looks += 1;
        const sessions = await listeningSessions(pool);
        listening = new Set(sessions.map(({ sessionId }) => sessionId));
        for (const { sessionId, isDue } of sessions) if (isDue) now.add(sessionId);
      }
      for (const sessionId of now) {
        if (stopping.aborted) return undefined;
        await listen(sessionId, stopping);
      }
      return rung.size > 0 ? 'more' : undefined;
    },
    onError: (error) => logger.warn({ err: error }, 'keywords cannot be looked for, trying again'),
  });

  return {
    start() {
      streams.onHints((hints: readonly SessionHint[]) => {
        const news = hints.filter(({ sessionId, seq }) => seq > 0 && listening.has(sessionId));
        for (const { sessionId } of news) rung.add(sessionId);
        if (news.length > 0) loop.notify();
      });
      loop.start();
    },
    stop: loop.stop,
  };
}

import type { Pool } from '@wa-gate/db';
import { type Clock, createLoop, type Logger, type Loop } from '@wa-gate/kit';
import { type Appended, assessSession, claimAssessments, type DueAssessment } from '@wa-gate/messaging';
import type { ControlStreams } from '../../worker-links/control-streams.ts';

export interface RiskLoopDependencies {
  pool: Pool;
  /** Where refused messages are heard of at once. What is missed, the next assessment finds. */
  streams: Pick<ControlStreams, 'onHints'>;
  clock: Clock;
  logger: Logger;
  /** Tells of new events, after their commit. */
  announce: (appended: Appended) => void;
  /** The guard of a session has been triggered: its broadcasts are to be looked at. */
  onGuarded: () => void;
  /** How often it looks for sessions that are due. @default 5 000 */
  everyMs?: number;
}

/** Sessions that one round claims: one of many sessions ends soon enough for a stop. */
const BATCH = 50;

/**
 * Assesses the risk of sessions. Any number of processes may run it: each claims what is due. What one claims and does
 * not get to, because it dies, is due again at its next time.
 */
export function createRiskLoop(deps: RiskLoopDependencies): Pick<Loop, 'start' | 'stop'> {
  const { pool, streams, clock, logger, announce, onGuarded, everyMs = 5_000 } = deps;
  const refused = new Set<string>();

  async function assess(due: DueAssessment): Promise<void> {
    const { sessionId } = due;
    try {
      const found = await assessSession(pool, due);
      if (!found) return;
      const { score, level, appended, hasCrossed } = found;
      if (appended) {
        logger.info({ sessionId, score, level }, 'the risk of the account has another level');
        announce(appended);
      }
      if (!hasCrossed) return;
      logger.warn({ sessionId, score }, 'the account is at risk: its broadcasts are paused');
      onGuarded();
    } catch (error) {
      logger.warn({ err: error, sessionId }, 'risk not assessed, trying again');
    }
  }

  const loop = createLoop({
    clock,
    everyMs,
    jitter: 0.2,
    async round(stopping) {
      const urgent = [...refused];
      refused.clear();
      const due = await claimAssessments(pool, urgent, BATCH);
      for (const one of due) {
        if (stopping.aborted) return undefined;
        await assess(one);
      }
      return due.length === BATCH ? 'more' : undefined;
    },
    onError: (error) => logger.warn({ err: error }, 'the risk of sessions cannot be read, trying again'),
  });

  return {
    start() {
      streams.onHints((hints) => {
        for (const { sessionId, messages } of hints)
          if (messages.some(({ state }) => state === 'FAILED')) refused.add(sessionId);
      });
      loop.start();
    },
    stop: loop.stop,
  };
}

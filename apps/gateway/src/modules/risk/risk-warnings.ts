import type { RiskLevel, RiskWarning } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import type { Clock, Logger } from '@wa-gate/kit';

/** What is told of sessions at risk to those who send by them. */
export interface RiskWarnings {
  /** Never rejects: a warning that cannot be read is none. */
  of(sessionId: string): Promise<RiskWarning | undefined>;
}

export interface RiskWarningsDependencies {
  db: Queryable;
  clock: Clock;
  logger: Logger;
  /** Milliseconds for which what was read counts as new. @default 10 000 */
  freshMs?: number;
}

/** Milliseconds after which a caller waits for the next reading. */
const STALE_MS = 60_000;

const AT_RISK = {
  name: 'sessions-at-risk',
  text: `SELECT session_id AS "sessionId", score, level, reasons->0->>'reason' AS reason, reasons->0->>'advice' AS advice
    FROM session_risk WHERE (level IN ('high', 'critical') OR guarded_since IS NOT NULL) AND jsonb_array_length(reasons) > 0`,
};

interface AtRisk extends RiskWarning {
  sessionId: string;
  level: RiskLevel;
}

/**
 * Few sessions are at risk, so a gateway keeps all of them in memory. One statement reads them, while somebody sends
 * and at most once in `freshMs`: accepting a message costs no statement more.
 */
export function createRiskWarnings({ db, clock, logger, freshMs = 10_000 }: RiskWarningsDependencies): RiskWarnings {
  let known = new Map<string, RiskWarning>();
  let readAt = -Infinity;
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    try {
      const { rows } = await db.query<AtRisk>(AT_RISK);
      known = new Map(rows.map(({ sessionId, ...warning }) => [sessionId, warning]));
    } catch (error) {
      logger.warn({ err: error }, 'which sessions are at risk cannot be read, trying again');
    } finally {
      readAt = clock.monotonic();
      reading = undefined;
    }
  }

  return {
    async of(sessionId) {
      const age = clock.monotonic() - readAt;
      if (age >= freshMs) reading ??= read();
      if (age >= STALE_MS) await reading;
      return known.get(sessionId);
    },
  };
}

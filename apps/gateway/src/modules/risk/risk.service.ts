import type { RiskEntry, RiskLevel, RiskReason, SessionRisk } from '@wa-gate/contracts';
import type { Pool } from '@wa-gate/db';
import {
  GUARD_COLUMNS,
  type GuardColumns,
  guardThreshold,
  isGuarded,
  readRiskFigures,
  riskLevel,
  scoreRisk,
} from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import type { SessionRef } from '../../principal.ts';

export interface RiskService {
  /** @throws {ApiError} SESSION_NOT_FOUND */
  get(session: SessionRef, historyLimit: number): Promise<SessionRisk>;
}

interface StoredRisk extends GuardColumns {
  score: number | null;
  level: RiskLevel | null;
  since: Date | null;
  assessedAt: Date | null;
  reasons: RiskReason[] | null;
  guardedSince: Date | null;
  now: Date;
}

const READ = {
  name: 'read-risk',
  text: `SELECT r.score, r.level, r.level_since AS since, r.assessed_at AS "assessedAt", r.reasons, r.guarded_since AS "guardedSince",
      ${GUARD_COLUMNS}, now() AS now
    FROM sessions s LEFT JOIN session_risk r ON r.session_id = s.id LEFT JOIN session_pacing p ON p.session_id = s.id WHERE s.id = $1`,
};
const HISTORY = {
  name: 'risk-history',
  text: 'SELECT at, score, level, signals FROM session_risk_history WHERE session_id = $1 ORDER BY at DESC LIMIT $2',
};

export function createRiskService({ pool }: { pool: Pool }): RiskService {
  return {
    async get({ id, slug }, historyLimit) {
      const { rows } = await pool.query<StoredRisk>({ ...READ, values: [id] });
      const [row] = rows;
      if (!row) throw new ApiError('SESSION_NOT_FOUND');
      const history = await pool.query<Omit<RiskEntry, 'at'> & { at: Date }>({
        ...HISTORY,
        values: [id, historyLimit],
      });
      const threshold = guardThreshold(row);
      const { assessedAt, score, level, reasons } = assessed(row) ? row : await assessNow(id, row.now);
      return {
        sessionId: slug,
        score,
        level,
        since: row.since?.toISOString() ?? null,
        assessedAt: assessedAt.toISOString(),
        reasons,
        guard: {
          threshold,
          isTriggered: row.guardedSince !== null && isGuarded(score, threshold, true),
          since: row.guardedSince?.toISOString() ?? null,
        },
        history: history.rows.map(({ at, ...entry }) => ({ ...entry, at: at.toISOString() })),
      };
    },
  };

  /** Of a session that the jobs have not come to: as they would see it. Nothing is stored. */
  async function assessNow(id: string, at: Date) {
    const figures = await readRiskFigures(pool, id, at);
    if (!figures) throw new ApiError('SESSION_NOT_FOUND');
    const { score, reasons } = scoreRisk(figures);
    return { score, reasons, level: riskLevel(score, 'low'), assessedAt: at };
  }
}

type Assessed = StoredRisk & { score: number; level: RiskLevel; reasons: RiskReason[]; assessedAt: Date };
const assessed = (row: StoredRisk): row is Assessed => row.assessedAt !== null;

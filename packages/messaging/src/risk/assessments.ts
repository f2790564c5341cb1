import { RISK_HISTORY_DAYS, type RiskLevel, type RiskReason, type RiskSignal } from '@wa-gate/contracts';
import { inTransaction, type Pool, type PoolClient, type Queryable } from '@wa-gate/db';
import { appendControlEvent } from '../events/append-control-event.ts';
import type { Appended } from '../events/append-events.ts';
import { firstIdOf } from '../first-id.ts';
import { readRiskFigures } from './figures.ts';
import { GUARD_COLUMNS, type GuardColumns, guardThreshold, isGuarded } from './guard.ts';
import { riskLevel, scoreRisk } from './score.ts';

/** How often a session is assessed, in seconds. */
const EVERY = {
  /** One whose row changes all the time, at least. */
  news: 10,
  /** One that is not at the lowest level, or carries a running broadcast. */
  watched: 60,
  /** One that has sent or received something since. */
  active: 300,
  /** One of which nothing was heard: scores fall by the time alone. */
  idle: 3_600,
} as const;

/** Seconds that a change of a session may take from its time to its commit. */
const COMMIT_SECONDS = 2;

/** Sessions without a row get one when they are linked. Cut: a time that is rounded up would be due a moment later. */
const ADOPT = {
  name: 'adopt-risk',
  text: `INSERT INTO session_risk (session_id, next_at) SELECT s.id, date_trunc('milliseconds', now()) FROM sessions s WHERE s.paired_at IS NOT NULL
      AND NOT EXISTS (SELECT FROM session_risk r WHERE r.session_id = s.id) ON CONFLICT DO NOTHING`,
};

/**
 * Those that are due are claimed by moving their next time: any number of processes may claim at once. A session whose
 * row has changed since its last assessment (a lock, a cap, a refusal of the account) is due at once, and so are those
 * of $1, of which a message was refused. Whether anything was sent, one entry of an index says.
 *
 * A change has the time at which its transaction began, and an assessment may look before the commit: what changed
 * shortly before an assessment is looked at once more.
 */
const CLAIM = {
  name: 'claim-risk',
  text: `WITH due AS MATERIALIZED (
    SELECT r.session_id FROM session_risk r JOIN sessions s ON s.id = r.session_id
    WHERE (r.assessed_at IS NULL AND r.next_at <= now()) OR r.session_id = ANY($1::uuid[]) OR (s.updated_at > r.assessed_at - interval '${COMMIT_SECONDS} s' AND r.assessed_at < now() - interval '${EVERY.news} s')
      OR (r.next_at <= now() AND (r.assessed_at < now() - interval '${EVERY.idle} s' OR r.level <> 'low'
        OR EXISTS (SELECT FROM messages m WHERE m.session_id = r.session_id
          AND m.id >= ${firstIdOf('r.assessed_at')})))
    ORDER BY r.next_at LIMIT $2 FOR UPDATE OF r SKIP LOCKED
  )
  UPDATE session_risk r SET next_at = now() + interval '1 s' * CASE WHEN r.level <> 'low' OR EXISTS (
      SELECT FROM broadcasts b WHERE b.ended_at IS NULL AND b.status = 'running' AND r.session_id = ANY(b.session_ids))
    THEN ${EVERY.watched} ELSE ${EVERY.active} END
  FROM due WHERE r.session_id = due.session_id
  RETURNING r.session_id AS "sessionId", clock_timestamp() AS at`,
};

/** A session that is to be assessed, and when that is, by PostgreSQL's clock. */
export interface DueAssessment {
  sessionId: string;
  at: Date;
}

/**
 * Claims sessions that are due.
 *
 * @param refused sessions of which WhatsApp has refused a message a moment ago
 */
export async function claimAssessments(
  db: Queryable,
  refused: readonly string[],
  limit: number,
): Promise<DueAssessment[]> {
  await db.query(ADOPT);
  const { rows } = await db.query<DueAssessment>({ ...CLAIM, values: [refused, limit] });
  return rows;
}

interface StoredRisk extends GuardColumns {
  score: number;
  level: RiskLevel;
  isGuarded: boolean;
}

const LOCK = {
  name: 'lock-risk',
  text: `SELECT r.score, r.level, r.guarded_since IS NOT NULL AS "isGuarded", ${GUARD_COLUMNS}
    FROM session_risk r LEFT JOIN session_pacing p ON p.session_id = r.session_id WHERE r.session_id = $1 FOR UPDATE OF r`,
};
const STORE = {
  name: 'store-risk',
  text: `UPDATE session_risk SET score = $2, level_since = CASE WHEN level = $3 THEN level_since ELSE $5::timestamptz END, level = $3,
      reasons = $4, assessed_at = $5, locked_at = CASE WHEN $6::bool THEN $5 ELSE locked_at END,
      guarded_since = CASE WHEN $7::bool THEN coalesce(guarded_since, $5) END
    WHERE session_id = $1`,
};
/**
 * A statement of its own behind the lock: what another process has written meanwhile, the statement that has waited for
 * the lock does not see.
 */
const REMEMBER = {
  name: 'remember-risk',
  text: `INSERT INTO session_risk_history (session_id, at, score, level, signals) SELECT $1::uuid, $2::timestamptz, $3::int, $4::text, $5::jsonb
    WHERE $6::bool OR NOT EXISTS (SELECT FROM session_risk_history h WHERE h.session_id = $1 AND h.at >= $2::timestamptz - interval '1 day')
    ON CONFLICT DO NOTHING`,
};

/** A score that moves by less is no entry of the history, unless the level changes or a day has passed. */
const STEP = 3;

/** What an assessment has found. */
export interface Assessment {
  score: number;
  level: RiskLevel;
  /** The guard has just been triggered. */
  hasCrossed: boolean;
  appended: Appended | null;
}

/**
 * Assesses a session and stores what is found, with an entry of the history and the event of a new level in the same
 * transaction: whatever dies, each change of the level is told once. `null`: the session is gone.
 */
export async function assessSession(pool: Pool, { sessionId, at }: DueAssessment): Promise<Assessment | null> {
  const figures = await readRiskFigures(pool, sessionId, at);
  if (!figures) return null;
  const { score, reasons } = scoreRisk(figures);
  return await inTransaction(pool, async (tx) => {
    const before = await lockRisk(tx, sessionId);
    if (!before) return null;
    const level = riskLevel(score, before.level);
    const isOver = isGuarded(score, guardThreshold(before), before.isGuarded);
    await tx.query({
      ...STORE,
      values: [sessionId, score, level, JSON.stringify(reasons), at, figures.isLocked, isOver],
    });
    const hasMoved = level !== before.level || Math.abs(score - before.score) >= STEP;
    const points = JSON.stringify(pointsOf(reasons));
    await tx.query({ ...REMEMBER, values: [sessionId, at, score, level, points, hasMoved] });
    const appended = level === before.level ? null : await tell(tx, sessionId, before.level, { score, level, reasons });
    return { score, level, hasCrossed: isOver && !before.isGuarded, appended };
  });
}

async function lockRisk(tx: Queryable, sessionId: string): Promise<StoredRisk | null> {
  const { rows } = await tx.query<StoredRisk>({ ...LOCK, values: [sessionId] });
  return rows[0] ?? null;
}

const pointsOf = (reasons: readonly RiskReason[]): Partial<Record<RiskSignal, number>> =>
  Object.fromEntries(reasons.map(({ signal, points }) => [signal, points]));

async function tell(
  tx: PoolClient,
  sessionId: string,
  previousLevel: RiskLevel,
  { score, level, reasons }: { score: number; level: RiskLevel; reasons: RiskReason[] },
): Promise<Appended> {
  const data = { score, level, previousLevel, reasons };
  return await appendControlEvent(tx, { sessionId, type: 'session.risk', data });
}

const SWEEP = {
  name: 'sweep-risk-history',
  text: `DELETE FROM session_risk_history h USING (SELECT session_id, at FROM session_risk_history
      WHERE at < now() - interval '${RISK_HISTORY_DAYS} days' ORDER BY at LIMIT $1) old
    WHERE h.session_id = old.session_id AND h.at = old.at`,
};

/** Deletes entries that are too old, at most `limit`; returns how many. */
export async function sweepRiskHistory(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ ...SWEEP, values: [limit] });
  return rowCount ?? 0;
}

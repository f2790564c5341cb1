import { DEFAULT_PACING } from '@wa-gate/contracts';
import { RISK_MARGIN } from './score.ts';

/** The guard of a session, as columns of its row `p` of `session_pacing`. */
export const GUARD_COLUMNS = `p.settings->'riskGuard' AS threshold, p.settings ? 'riskGuard' AS "hasThreshold"`;

/** What {@link GUARD_COLUMNS} tell. A session without a row of its own has neither. */
export interface GuardColumns {
  threshold: number | null;
  hasThreshold: boolean | null;
}

/** The score from which on broadcasts are paused. `null`: there is no guard. */
export const guardThreshold = ({ threshold, hasThreshold }: GuardColumns): number | null =>
  hasThreshold ? threshold : DEFAULT_PACING.riskGuard;

/** Whether the guard holds: from the threshold on, until the score is below it by {@link RISK_MARGIN}. */
export const isGuarded = (score: number, threshold: number | null, wasGuarded: boolean): boolean =>
  threshold !== null && score >= (wasGuarded ? threshold - RISK_MARGIN : threshold);

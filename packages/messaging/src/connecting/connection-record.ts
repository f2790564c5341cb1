import { FENCE_ONE, type Ownership, StaleEpochError } from '@wa-gate/cluster';
import type { Network, Queryable } from '@wa-gate/db';
import { HAS_ACCEPTED, HAS_REFUSED } from './trial-sql.ts';

/** How an attempt to connect went. */
export type ConnectionOutcome =
  /** `usedProxy`: it went through one. `version`: of WhatsApp Web, in the dotted form. */
  | { kind: 'opened'; version: string; usedProxy: boolean }
  /** `words`: why the proxy made no connection. */
  | { kind: 'proxy failed'; words: string }
  | { kind: 'version refused'; version: string };

const RECORD = {
  name: 'record-connection',
  text: `WITH ${FENCE_ONE}
  INSERT INTO session_connections AS c (session_id, client_version, opened_at, proxy_used_at, proxy_error, proxy_error_at, refused_version,
    refused_at)
  SELECT session_id, $3, CASE WHEN $3::text IS NOT NULL THEN now() END, CASE WHEN $4 THEN now() END, $5,
    CASE WHEN $5::text IS NOT NULL THEN now() END, $6, CASE WHEN $6::text IS NOT NULL THEN now() END FROM fence
  ON CONFLICT (session_id) DO UPDATE SET
    client_version = coalesce($3, c.client_version),
    opened_at = CASE WHEN $3::text IS NOT NULL THEN now() ELSE c.opened_at END,
    proxy_used_at = CASE WHEN $4 THEN now() ELSE c.proxy_used_at END,
    proxy_error = CASE WHEN $3::text IS NOT NULL THEN NULL ELSE coalesce($5, c.proxy_error) END,
    proxy_error_at = CASE WHEN $3::text IS NOT NULL THEN NULL WHEN $5::text IS NOT NULL THEN now() ELSE c.proxy_error_at END,
    refused_version = CASE WHEN $3 = c.refused_version THEN NULL ELSE coalesce($6, c.refused_version) END,
    refused_at = CASE WHEN $6::text IS NOT NULL THEN now() ELSE c.refused_at END,
    updated_at = now()`,
};

/** Only the owner of a session knows how it connects (I2). @throws {StaleEpochError} */
export async function recordConnection(db: Queryable, owner: Ownership, outcome: ConnectionOutcome): Promise<void> {
  const opened = outcome.kind === 'opened' ? outcome : undefined;
  const { rowCount } = await db.query({
    ...RECORD,
    values: [
      owner.sessionId,
      owner.epoch,
      opened?.version ?? null,
      opened?.usedProxy ?? false,
      outcome.kind === 'proxy failed' ? outcome.words : null,
      outcome.kind === 'version refused' ? outcome.version : null,
    ],
  });
  if (rowCount !== 1) throw new StaleEpochError([owner.sessionId]);
}

const FORGET_RELINK = {
  name: 'forget-relink',
  text: `WITH ${FENCE_ONE} UPDATE session_connections c SET relink_number = NULL, updated_at = now()
    FROM fence f WHERE c.session_id = f.session_id`,
};

/** The session is linked to the account that it was to be linked to. */
export async function forgetRelink(db: Queryable, owner: Ownership): Promise<void> {
  await db.query({ ...FORGET_RELINK, values: [owner.sessionId, owner.epoch] });
}

/** Of a hundred sessions that have tried the candidate it may be refused to so many before its trial ends. */
const TOLERATED_PERCENT = 10;

/**
 * Whether the trial of a version ends is counted from the rows of the sessions in the statement that ends it: two
 * workers that hear of refusals at once end it once.
 */
const ROLL_BACK = {
  name: 'roll-back-candidate',
  text: `UPDATE whatsapp_versions v SET candidate = NULL, candidate_percent = 0, candidate_session_ids = '{}',
      rolled_back = v.candidate, rolled_back_at = now(), updated_at = now()
    FROM (SELECT count(*) FILTER (WHERE ${HAS_REFUSED}) AS refused, count(*) FILTER (WHERE ${HAS_ACCEPTED}) AS accepted
      FROM session_connections c JOIN sessions s ON s.id = c.session_id JOIN whatsapp_versions v ON v.network = s.network
      WHERE s.network = $1::"Network" AND (c.refused_version = $2 OR c.client_version = $2)) t
    WHERE v.network = $1::"Network" AND v.candidate = $2 AND t.refused > 0
      AND t.refused * 100 > (t.refused + t.accepted) * ${TOLERATED_PERCENT}`,
};

/**
 * Ends the trial of a version when WhatsApp has refused it to more than a tenth of the sessions that
 * have tried it since the trial began.
 *
 * @returns whether this call has ended it
 */
export async function rollBackCandidate(db: Queryable, network: Network, version: string): Promise<boolean> {
  const { rowCount } = await db.query({ ...ROLL_BACK, values: [network, version] });
  return rowCount === 1;
}

import { leapOwnership, markKeysStale } from '@wa-gate/cluster';
import type { PoolClient, Queryable } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { APPEND_EVENTS } from '../events/append-events.ts';

/** Why the database may be behind: it was restored from a backup, or an asynchronous replica was promoted. */
export const RECOVERY_KINDS = ['restored', 'promoted'] as const;
export type RecoveryKind = (typeof RECOVERY_KINDS)[number];

/**
 * By so much `seq` leaps. Webhooks may have received events under the numbers of the lost time; another event under
 * one of them would count as a copy of the first. The only gap that I11 allows, and `session.restored` stands behind
 * it.
 */
const SEQ_LEAP = 1_000_000;

export interface Recovery {
  id: string;
  kind: RecoveryKind;
  /** What happened later is missing. `null`: unknown. */
  asOf: Date | null;
  recoveredAt: Date;
  /** Linked sessions whose keys are renewed before they connect. */
  sessions: number;
  /** Messages that wait and go out, under the ids that they had. Phones show one that has come already once. */
  queued: number;
  /**
   * Messages whose sender wanted no second attempt: nobody knows whether they were sent, so they become `unknown`.
   */
  unknown: number;
}

/**
 * What may have been sent must not be sent again when its sender has said so. The row looks as if an attempt had
 * begun, so that the next owner of its session gives it up as any attempt of an owner before.
 */
const MAKE_UNCERTAIN = `UPDATE outbox o SET state = 'SENDING', epoch = p.epoch, attempts = o.attempts + 1,
    attempt_log = o.attempt_log || jsonb_build_object('at', now(), 'epoch', p.epoch, 'worker', 'recovery', 'begun', true)
  FROM session_placements p WHERE p.session_id = o.session_id AND o.fail_if_uncertain AND o.state IN ('HELD', 'QUEUED', 'SENDING')
    AND o.not_before <= now()`;

const COUNT_QUEUED = `SELECT count(*) AS count FROM outbox o JOIN sessions s ON s.id = o.session_id
  WHERE o.state IN ('HELD', 'QUEUED', 'SENDING') AND NOT (fail_if_uncertain AND not_before <= now())`;

const LEAP = 'UPDATE session_counters SET last_seq = last_seq + $1';

const TELL_SESSIONS = `WITH new_events AS (
    SELECT session_id, NULL::bigint AS epoch, 1 AS ord, 'session.restored' AS type,
      jsonb_build_object('asOf', $1::text, 'skipped', $2::int) AS data
    FROM session_counters
  ), ${APPEND_EVENTS}
  SELECT count(*) AS count FROM appended`;

const END_LOGINS = `WITH ended AS (
    UPDATE logins SET ended_at = now(), ended_reason = 'recovered' WHERE ended_at IS NULL RETURNING id
  )
  INSERT INTO revocations (kind, subject) SELECT 'login', id::text FROM ended`;

/**
 * Makes a database safe to use that may be behind what was sent and told since: after a restore, after the promotion
 * of an asynchronous replica. Call it in one transaction, after the migrations and before any process of the
 * installation uses the database; one that does is fenced (I2).
 *
 * - Epochs and incarnations leap, so that no process of the lost time owns anything (I1).
 * - The keys of linked sessions are marked; their next owner renews them before it connects (I4).
 * - `seq` leaps, and `session.restored` says so (I11).
 * - Messages in flight follow the rule of uncertain outcomes (I8).
 * - Logins end: a refresh token that was used in the lost time must not be good once more.
 */
export async function recoverInstallation(
  tx: PoolClient,
  { kind, asOf }: { kind: RecoveryKind; asOf: Date | null },
): Promise<Recovery> {
  const id = newId();
  const { rows: made } = await tx.query<{ recoveredAt: Date }>(
    'INSERT INTO recoveries (id, kind, as_of) VALUES ($1, $2, $3) RETURNING recovered_at AS "recoveredAt"',
    [id, kind, asOf],
  );
  const queued = await tx.query<{ count: number }>(COUNT_QUEUED);
  const unknown = await tx.query(MAKE_UNCERTAIN);
  await leapOwnership(tx);
  const sessions = await markKeysStale(tx, id);
  await tx.query(LEAP, [SEQ_LEAP]);
  await tx.query(TELL_SESSIONS, [asOf?.toISOString() ?? null, SEQ_LEAP]);
  await tx.query(END_LOGINS);
  const recovery: Recovery = {
    id,
    kind,
    asOf,
    recoveredAt: made[0]!.recoveredAt,
    sessions,
    queued: queued.rows[0]!.count,
    unknown: unknown.rowCount ?? 0,
  };
  await tx.query('UPDATE recoveries SET report = $2 WHERE id = $1', [
    id,
    { sessions, queued: recovery.queued, unknown: recovery.unknown },
  ]);
  return recovery;
}

/** Linked sessions whose keys have not been renewed yet since a recovery or an import. */
export async function countStaleSessions(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>('SELECT count(*) AS count FROM stale_keys');
  return rows[0]!.count;
}

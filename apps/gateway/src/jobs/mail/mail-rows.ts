import type { Queryable } from '@wa-gate/db';
import { backoffDelay } from '@wa-gate/kit';
import type { QueueFigures } from '@wa-gate/messaging';

/** A mail that is due, claimed by one sender. */
export interface DueMail {
  id: string;
  recipient: string;
  content: Buffer;
  /** This one included. */
  attempts: number;
  createdAt: Date;
}

/** A claim that ends by itself: longer than an attempt takes. After a crash the mail is due again then. */
const CLAIM_SECONDS = 120;
/** What a mail tells of is no longer of interest then. */
const GIVE_UP_DAYS = 3;
const KEEP_DAYS = 7;
const RETRY = { initialMs: 10_000, maxMs: 3_600_000, factor: 3 };
const MAX_ERROR_LENGTH = 500;

/** Times are stored rounded to the millisecond: what is due now may lie half a one ahead. */
const CLAIM = {
  name: 'claim-mails',
  text: `UPDATE mails SET attempts = attempts + 1, next_attempt = now() + interval '${CLAIM_SECONDS} s'
    WHERE id IN (
      SELECT id FROM mails
      WHERE sent_at IS NULL AND next_attempt < now() + interval '1 ms' AND created_at > now() - interval '${GIVE_UP_DAYS} days'
      ORDER BY next_attempt LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING id, recipient, content, attempts, created_at AS "createdAt"`,
};
const SENT = {
  name: 'mail-sent',
  text: 'UPDATE mails SET sent_at = now(), last_error = NULL WHERE id = $1',
};
const FAILED = {
  name: 'mail-failed',
  text: `UPDATE mails SET next_attempt = now() + make_interval(secs => $2), last_error = $3 WHERE id = $1 AND sent_at IS NULL`,
};
const SWEEP = {
  name: 'sweep-mails',
  text: `DELETE FROM mails WHERE id IN (SELECT id FROM mails WHERE created_at < now() - interval '${KEEP_DAYS} days' LIMIT $1)`,
};

export async function claimMails(db: Queryable, limit: number): Promise<DueMail[]> {
  const { rows } = await db.query<DueMail>({ ...CLAIM, values: [limit] });
  return rows;
}

export async function markSent(db: Queryable, id: string): Promise<void> {
  await db.query({ ...SENT, values: [id] });
}

/** The mail stays, and is tried again later: 10 s, 30 s, 90 s … up to an hour apart, for some days. */
export async function markFailed(db: Queryable, { id, attempts }: DueMail, error: Error): Promise<void> {
  const delayMs = backoffDelay(attempts - 1, RETRY);
  const reason = error.message.replace(/\0/g, '').slice(0, MAX_ERROR_LENGTH);
  await db.query({ ...FAILED, values: [id, delayMs / 1_000, reason] });
}

/** Deletes mails that are a week old, sent or not, at most `limit`; returns how many. */
export async function sweepMails(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ ...SWEEP, values: [limit] });
  return rowCount ?? 0;
}

const FIGURES = {
  name: 'mail-figures',
  text: `SELECT count(*) AS depth, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS "oldestSeconds"
    FROM mails WHERE sent_at IS NULL AND created_at > now() - interval '${GIVE_UP_DAYS} days'`,
};

/** Mails that are not sent yet. The age counts from when they were written: a failed attempt begins no new wait. */
export async function readMailFigures(db: Queryable): Promise<QueueFigures> {
  const { rows } = await db.query<QueueFigures>(FIGURES);
  return rows[0]!;
}

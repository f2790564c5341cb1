import type { Queryable } from '@wa-gate/db';
import { firstIdOf } from './first-id.ts';

const SWEEP_KEYS = {
  name: 'sweep-idempotency-keys',
  text: `DELETE FROM idempotency_keys WHERE (session_id, key) IN (
    SELECT session_id, key FROM idempotency_keys WHERE expires_at <= now() LIMIT $1)`,
};

/** Deletes expired keys, at most `limit`. Returns the count; call it again while that is `limit`. */
export async function sweepIdempotencyKeys(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ ...SWEEP_KEYS, values: [limit] });
  return rowCount ?? 0;
}

/** SQL: the smallest id of so many days ago. */
const firstIdOfDaysAgo = (days: string): string => firstIdOf(`now() - make_interval(days => ${days})`);

/** Days for which a phone may request a message again. Later the bytes are useless. */
export const PAYLOAD_DAYS = 14;

/** Keeps the rows, because late receipts are matched by them. */
const SWEEP_PAYLOADS = {
  name: 'sweep-payloads',
  text: `WITH bound AS (
    SELECT ${firstIdOfDaysAgo('$1')} AS id
  ), old AS (
    SELECT o.message_id FROM outbox o WHERE o.message_id > $2 AND o.message_id < (SELECT id FROM bound)
    ORDER BY o.message_id LIMIT $3
  ), emptied AS (
    UPDATE outbox o SET payload = NULL FROM old
    WHERE o.message_id = old.message_id AND o.payload IS NOT NULL AND o.state NOT IN ('QUEUED', 'SENDING')
  )
  SELECT count(*) AS seen, max(message_id::text) AS last FROM old`,
};

const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** The position of a sweep of the payloads. A hint: a new process begins at the start. */
export interface PayloadSweep {
  after: string;
}

export const newPayloadSweep = (): PayloadSweep => ({ after: FIRST_ID });

/**
 * Drops the stored bytes of messages older than {@link PAYLOAD_DAYS}. Reads at most `limit` rows and returns their
 * count; call it again while that is `limit`.
 */
export async function sweepPayloads(db: Queryable, sweep: PayloadSweep, limit: number): Promise<number> {
  const values = [PAYLOAD_DAYS, sweep.after, limit];
  const { rows } = await db.query<{ seen: number; last: string | null }>({ ...SWEEP_PAYLOADS, values });
  const { seen, last } = rows[0]!;
  if (last) sweep.after = last;
  return seen;
}

/** Days for which the history of QR codes is kept. */
export const QR_HISTORY_DAYS = 30;

const SWEEP_QR_HISTORY = {
  name: 'sweep-qr-history',
  text: `DELETE FROM qr_history WHERE id IN (
    SELECT id FROM qr_history WHERE id < ${firstIdOfDaysAgo('$1')} ORDER BY id LIMIT $2)`,
};

/** Deletes rows older than {@link QR_HISTORY_DAYS}, at most `limit`. Returns the count. */
export async function sweepQrHistory(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ ...SWEEP_QR_HISTORY, values: [QR_HISTORY_DAYS, limit] });
  return rowCount ?? 0;
}

import type { Queryable } from '@wa-gate/db';

const SWEEP_KEYS = {
  name: 'sweep-idempotency-keys',
  text: `DELETE FROM idempotency_keys WHERE (session_id, key) IN (
    SELECT session_id, key FROM idempotency_keys WHERE expires_at <= now() LIMIT $1)`,
};

/**
 * Deletes keys that have expired, at most `limit` of them, and returns how many: call it again while it is the limit.
 */
export async function sweepIdempotencyKeys(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ ...SWEEP_KEYS, values: [limit] });
  return rowCount ?? 0;
}

/**
 * SQL: the first id that can be so many days old. Ids grow with time (uuid version 7), so that the primary key finds
 * old rows.
 */
const firstIdOfDaysAgo = (days: string): string =>
  `(lpad(to_hex((extract(epoch FROM now() - make_interval(days => ${days})) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid`;

/** For how long a phone may ask for a message again. After that the bytes are of no use. */
export const PAYLOAD_DAYS = 14;

/** The rows stay: late receipts are matched by them. */
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

/** Where a sweep of the payloads has come to. Only a hint: a new process begins at the start. */
export interface PayloadSweep {
  after: string;
}

export const newPayloadSweep = (): PayloadSweep => ({ after: FIRST_ID });

/**
 * Drops the stored bytes of messages older than {@link PAYLOAD_DAYS}, reading at most `limit` rows, and returns the
 * number of rows read: call it again while it is the limit.
 */
export async function sweepPayloads(db: Queryable, sweep: PayloadSweep, limit: number): Promise<number> {
  const values = [PAYLOAD_DAYS, sweep.after, limit];
  const { rows } = await db.query<{ seen: number; last: string | null }>({ ...SWEEP_PAYLOADS, values });
  const { seen, last } = rows[0]!;
  if (last) sweep.after = last;
  return seen;
}

/** For how long it is kept when QR codes were shown. */
export const QR_HISTORY_DAYS = 30;

const SWEEP_QR_HISTORY = {
  name: 'sweep-qr-history',
  text: `DELETE FROM qr_history WHERE id IN (
    SELECT id FROM qr_history WHERE id < ${firstIdOfDaysAgo('$1')} ORDER BY id LIMIT $2)`,
};

/** Deletes rows older than {@link QR_HISTORY_DAYS}, at most `limit` of them, and returns how many. */
export async function sweepQrHistory(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ ...SWEEP_QR_HISTORY, values: [QR_HISTORY_DAYS, limit] });
  return rowCount ?? 0;
}

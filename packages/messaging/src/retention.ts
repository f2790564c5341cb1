import type { Queryable } from '@wa-gate/db';

const SWEEP_KEYS = {
  name: 'sweep-idempotency-keys',
  text: `DELETE FROM idempotency_keys WHERE (session_id, key) IN (
    SELECT session_id, key FROM idempotency_keys WHERE expires_at <= now() LIMIT $1)`,
};

/** Deletes keys that have expired, at most `limit` of them, and returns how many: call it again while it is the limit. */
export async function sweepIdempotencyKeys(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ ...SWEEP_KEYS, values: [limit] });
  return rowCount ?? 0;
}

/** For how long a phone may ask for a message again. After that the bytes are of no use. */
export const PAYLOAD_DAYS = 14;

/** Message ids grow with time (uuid version 7), so the primary key finds what is old; the rows stay, late receipts are matched by them. */
const SWEEP_PAYLOADS = {
  name: 'sweep-payloads',
  text: `WITH bound AS (
    SELECT (lpad(to_hex((extract(epoch FROM now() - make_interval(days => $1)) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid AS id
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
 * Drops the stored bytes of messages older than {@link PAYLOAD_DAYS}, looking at no more than `limit` rows, and returns at how many: call it again while
 * it is the limit.
 */
export async function sweepPayloads(db: Queryable, sweep: PayloadSweep, limit: number): Promise<number> {
  const values = [PAYLOAD_DAYS, sweep.after, limit];
  const { rows } = await db.query<{ seen: number; last: string | null }>({ ...SWEEP_PAYLOADS, values });
  const { seen, last } = rows[0]!;
  if (last) sweep.after = last;
  return seen;
}

import { inTransaction, type Pool, type PoolClient } from '@wa-gate/db';
import { firstIdAt } from '@wa-gate/kit';

/**
 * Messages are counted from their rows, so that no count is lost or doubled. Counts of complete hours are stored,
 * because the rows will be deleted one day; the hours after them are counted on demand. An account is charged for what
 * it had accepted for sending, with which key, and for what it received. Messages typed on the phone are not charged;
 * such rows have a sender.
 *
 * The boundary is the row of `message_usage_progress`. Counting moves it under its row lock; a deletion of rows counts
 * them first and holds it in place meanwhile.
 */
const IS_COUNTED = `(m.direction = 'INBOUND' OR m.from_jid IS NULL)`;
/** Of a uuidv7: the first 48 bits are milliseconds. Rows are counted in the hour in which their id was made. */
const HOUR = `date_trunc('hour', to_timestamp(('x' || substr(replace(m.id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0), 'UTC')`;
const NO_KEY = `'00000000-0000-0000-0000-000000000000'::uuid`;

/** Groups of `message_usage` out of rows; `where` says of which. */
const counted = (
  where: string,
): string => `SELECT s.user_id, m.session_id, coalesce(m.api_key_id, ${NO_KEY}) AS api_key_id,
    m.direction, ${HOUR} AS hour, count(*) AS count
  FROM messages m JOIN sessions s ON s.id = m.session_id
  WHERE ${IS_COUNTED} AND ${where}
  GROUP BY 1, 2, 3, 4, 5`;

const KEEP = (
  where: string,
): string => `INSERT INTO message_usage (user_id, session_id, api_key_id, direction, hour, count)
  ${counted(where)}
  ON CONFLICT (user_id, hour, session_id, api_key_id, direction) DO UPDATE SET count = excluded.count`;

const KEEP_RANGE = { name: 'keep-message-counts', text: KEEP('m.id >= $1 AND m.id < $2') };
const KEEP_SESSION = { name: 'keep-message-counts-of-session', text: KEEP('m.session_id = $1 AND m.id >= $2') };

const HOUR_MS = 3_600_000;
/**
 * So long after an hour all rows with ids of that hour are committed: a transaction takes seconds, clocks differ by
 * less.
 */
const SETTLED_AFTER_MS = 10 * 60_000;
/** One transaction counts at most so much, so that nobody waits long for the boundary. */
const STEP_MS = 24 * HOUR_MS;

interface Boundary {
  countedBefore: Date;
}

/**
 * Counts the messages of the next complete hours and stores the counts; false when there are none. Safe to run
 * anywhere, any number of times.
 */
export async function countCompleteHours(pool: Pool, now: Date): Promise<boolean> {
  const settled = new Date(Math.floor((now.getTime() - SETTLED_AFTER_MS) / HOUR_MS) * HOUR_MS);
  return await inTransaction(pool, async (tx) => {
    const { rows } = await tx.query<Boundary>(
      'SELECT counted_before AS "countedBefore" FROM message_usage_progress FOR UPDATE',
    );
    const from = await firstHourWithMessages(tx, rows[0]!.countedBefore);
    const to = new Date(Math.min(settled.getTime(), (from ?? settled).getTime() + STEP_MS));
    if (to <= rows[0]!.countedBefore) return false;
    if (from && from < to) await tx.query({ ...KEEP_RANGE, values: [firstIdAt(from), firstIdAt(to)] });
    await tx.query('UPDATE message_usage_progress SET counted_before = $1', [to]);
    return to < settled;
  });
}

/** Empty hours are passed over in one step. */
async function firstHourWithMessages(tx: PoolClient, countedBefore: Date): Promise<Date | undefined> {
  const { rows } = await tx.query<{ hour: Date }>(
    `SELECT ${HOUR} AS hour FROM messages m WHERE m.id >= $1 ORDER BY m.id LIMIT 1`,
    [firstIdAt(countedBefore)],
  );
  return rows[0]?.hour;
}

/**
 * Stores the counts of a session before its messages are deleted, in the transaction that deletes them. Locks the
 * session first: a message that is being accepted is committed before, or finds no session after.
 */
export async function keepMessageCounts(tx: PoolClient, sessionId: string): Promise<void> {
  await tx.query('SELECT FROM sessions WHERE id = $1 FOR UPDATE', [sessionId]);
  const { rows } = await tx.query<Boundary>(
    'SELECT counted_before AS "countedBefore" FROM message_usage_progress FOR SHARE',
  );
  await tx.query({ ...KEEP_SESSION, values: [sessionId, firstIdAt(rows[0]!.countedBefore)] });
}

/** SQL: everything that was counted and what is only rows yet, as `message_usage` has it. Exact in one statement. */
export const ALL_MESSAGE_USAGE = `SELECT user_id, session_id, api_key_id, direction, hour, count FROM message_usage
  UNION ALL ${counted(`m.id >= (SELECT (lpad(to_hex((extract(epoch FROM counted_before) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
    FROM message_usage_progress)`)}`;

import { inTransaction, type Pool, type PoolClient } from '@wa-gate/db';
import { firstIdAt } from '@wa-gate/kit';
import { firstIdOf } from './first-id.ts';

/**
 * Counts messages from their rows, so that no count is lost or doubled. Counts of complete hours are stored, because
 * the rows will be deleted one day. Later hours are counted on demand. An account is charged for accepted messages, by
 * key, and for received ones. Messages typed on the phone are not charged; such rows have a sender. Nor is the history.
 *
 * The boundary is the row of `message_usage_progress`. Counting moves it under its row lock. A deletion of rows counts
 * them first and holds the lock meanwhile.
 */
const IS_COUNTED = `((m.direction = 'INBOUND' OR m.from_jid IS NULL) AND NOT m.is_history)`;
/** The hour of a uuidv7, whose first 48 bits are milliseconds. Rows are counted in the hour of their id. */
const HOUR = `date_trunc('hour', to_timestamp(('x' || substr(replace(m.id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0), 'UTC')`;
const NO_KEY = `'00000000-0000-0000-0000-000000000000'::uuid`;

/** The groups of `message_usage` of the rows that `where` selects. */
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
 * Milliseconds after an hour when all rows with ids of that hour are committed. A transaction takes seconds, and clocks
 * differ by less than this.
 */
const SETTLED_AFTER_MS = 10 * 60_000;
/** The maximum of time that one transaction counts, so that others wait only briefly for the boundary. */
const STEP_MS = 24 * HOUR_MS;

interface Boundary {
  countedBefore: Date;
}

/**
 * Counts the messages of the next complete hours and stores the counts. False when there are none. Safe to run
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

/** Finds the first hour with messages, to skip empty hours in one step. */
async function firstHourWithMessages(tx: PoolClient, countedBefore: Date): Promise<Date | undefined> {
  const { rows } = await tx.query<{ hour: Date }>(
    `SELECT ${HOUR} AS hour FROM messages m WHERE m.id >= $1 ORDER BY m.id LIMIT 1`,
    [firstIdAt(countedBefore)],
  );
  return rows[0]?.hour;
}

/**
 * Stores the counts of a session before its messages are deleted, in the transaction of the deletion. It locks the
 * session first: a concurrent accept is committed before, or finds no session after.
 */
export async function keepMessageCounts(tx: PoolClient, sessionId: string): Promise<void> {
  await tx.query('SELECT FROM sessions WHERE id = $1 FOR UPDATE', [sessionId]);
  const { rows } = await tx.query<Boundary>(
    'SELECT counted_before AS "countedBefore" FROM message_usage_progress FOR SHARE',
  );
  await tx.query({ ...KEEP_SESSION, values: [sessionId, firstIdAt(rows[0]!.countedBefore)] });
}

/** SQL: the stored counts and the counts of later rows, in the form of `message_usage`. Exact in one statement. */
export const ALL_MESSAGE_USAGE = `SELECT user_id, session_id, api_key_id, direction, hour, count FROM message_usage
  UNION ALL ${counted(`m.id >= (SELECT ${firstIdOf('counted_before')} FROM message_usage_progress)`)}`;

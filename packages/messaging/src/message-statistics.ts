import { inTransaction, type Pool, type PoolClient } from '@wa-gate/db';
import { firstIdAt } from '@wa-gate/kit';

/**
 * Messages by week and month, so that a dashboard of a year reads some hundred rows and not all messages. Complete
 * hours are counted once; later ones are read from the messages themselves. The boundary is the row of
 * `message_statistics_progress`: counts and boundary move in one transaction, so that a crash counts nothing twice and
 * nothing never. A message that gets its outcome after it was counted is corrected by a trigger of `messages`.
 */
export type StatisticUnit = 'week' | 'month';

/** States of messages that WhatsApp has acknowledged, and of those that failed. The trigger names them too. */
export const WAS_SENT = `('SENT', 'DELIVERED', 'READ', 'PLAYED')`;
export const HAS_FAILED = `('FAILED', 'UNKNOWN')`;

/** Each bucket of response times is so many times as wide as the one before. As in `message_response_bucket`. */
const BUCKET_GROWTH = 1.06;

/**
 * The milliseconds at a place in a bucket.
 *
 * @param share of the bucket that is below, 0 to 1
 */
export const millisecondsAt = (bucket: number, share: number): number =>
  bucket === 0 ? share : BUCKET_GROWTH ** (bucket - 1 + share);

/** What is counted of a message `m`. `unit`: SQL. */
export const countedColumns = (unit: string): string => `m.session_id,
  date_trunc(${unit}, message_time(m.id) AT TIME ZONE 'UTC')::date AS begins_on,
  m.chat_jid, m.sender_name, m.error_code, m.error_message, m.direction = 'INBOUND' AS is_received,
  m.direction = 'OUTBOUND' AS is_outbound, m.direction = 'OUTBOUND' AND m.state IN ${WAS_SENT} AS is_sent,
  m.direction = 'OUTBOUND' AND m.state IN ${HAS_FAILED} AS has_failed, message_response_ms(m.created_at, m.sent_at) AS response_ms`;

/** The columns of `message_statistics` and of the other tables, from rows with {@link countedColumns}. */
export const TOTALS = `count(*) FILTER (WHERE is_sent) AS sent, count(*) FILTER (WHERE is_received) AS received,
  count(*) FILTER (WHERE has_failed) AS failed, count(response_ms) AS timed, coalesce(sum(response_ms), 0) AS response_ms`;
export const CHAT_TOTALS = `max(sender_name) FILTER (WHERE is_received) AS name, count(*) FILTER (WHERE is_outbound) AS sent,
  count(*) FILTER (WHERE is_received) AS received`;

const KEY = 'session_id, unit, begins_on';

/**
 * Counts the messages with these ids. The sessions are locked against their deletion, which would remove the counts; of
 * a session that is being deleted nothing is counted.
 *
 * Rejected: four statements that read the messages once each (4 times the pages), and rows by day (7 times the rows for
 * figures that are shown by week and month).
 */
const COUNT = {
  name: 'count-message-statistics',
  text: `WITH living AS MATERIALIZED (
    SELECT id FROM sessions WHERE id IN (SELECT session_id FROM messages WHERE id >= $1 AND id < $2) ORDER BY id FOR KEY SHARE
  ), counted AS MATERIALIZED (
    SELECT u.unit, ${countedColumns('u.unit')}
    FROM messages m JOIN living ON living.id = m.session_id CROSS JOIN (VALUES ('month'), ('week')) AS u(unit)
    WHERE m.id >= $1 AND m.id < $2 AND NOT m.is_history
  ), responses AS (
    INSERT INTO message_response_statistics AS s (${KEY}, bucket, count)
    SELECT ${KEY}, message_response_bucket(response_ms) AS bucket, count(*) FROM counted WHERE response_ms IS NOT NULL GROUP BY 1, 2, 3, 4
    ON CONFLICT (${KEY}, bucket) DO UPDATE SET count = s.count + excluded.count
  ), chats AS (
    INSERT INTO message_chat_statistics AS s (${KEY}, chat_jid, name, sent, received)
    SELECT ${KEY}, chat_jid, ${CHAT_TOTALS} FROM counted GROUP BY 1, 2, 3, 4
    ON CONFLICT (${KEY}, chat_jid) DO UPDATE SET name = greatest(s.name, excluded.name), sent = s.sent + excluded.sent,
      received = s.received + excluded.received
  ), failures AS (
    INSERT INTO message_failure_statistics AS s (${KEY}, code, reason, count)
    SELECT ${KEY}, coalesce(error_code, ''), max(error_message), count(*) FROM counted WHERE has_failed GROUP BY 1, 2, 3, 4
    ON CONFLICT (${KEY}, code) DO UPDATE SET reason = greatest(s.reason, excluded.reason), count = s.count + excluded.count
  )
  INSERT INTO message_statistics AS s (${KEY}, sent, received, failed, timed, response_ms)
  SELECT ${KEY}, ${TOTALS} FROM counted GROUP BY 1, 2, 3
  ON CONFLICT (${KEY}) DO UPDATE SET sent = s.sent + excluded.sent, received = s.received + excluded.received,
    failed = s.failed + excluded.failed, timed = s.timed + excluded.timed, response_ms = s.response_ms + excluded.response_ms`,
};

const HOUR_MS = 3_600_000;
/**
 * Milliseconds after an hour when all rows with ids of that hour are committed. The trigger of `messages` looks at rows
 * that are older than 5 minutes: the rest is for clocks that differ.
 */
const SETTLED_AFTER_MS = 20 * 60_000;
/** What one transaction counts at most: outcomes that come late wait for it. */
const STEP_MS = 6 * HOUR_MS;

/**
 * Counts the messages of the next complete hours. `false`: there are none left. Safe to run anywhere, any number of
 * times.
 */
export async function countMessageStatistics(pool: Pool, now: Date): Promise<boolean> {
  const settled = new Date(Math.floor((now.getTime() - SETTLED_AFTER_MS) / HOUR_MS) * HOUR_MS);
  return await inTransaction(pool, async (tx) => {
    const { rows } = await tx.query<{ countedBefore: Date }>(
      'SELECT counted_before AS "countedBefore" FROM message_statistics_progress WHERE id = 1 FOR UPDATE',
    );
    const { countedBefore } = rows[0]!;
    const from = await firstHourWithMessages(tx, countedBefore);
    const to = new Date(Math.min(settled.getTime(), (from ?? settled).getTime() + STEP_MS));
    if (to <= countedBefore) return false;
    if (from && from < to) await tx.query({ ...COUNT, values: [firstIdAt(from), firstIdAt(to)] });
    await tx.query('UPDATE message_statistics_progress SET counted_before = $1 WHERE id = 1', [to]);
    return to < settled;
  });
}

/** Empty hours are skipped in one step. */
async function firstHourWithMessages(tx: PoolClient, countedBefore: Date): Promise<Date | undefined> {
  const { rows } = await tx.query<{ hour: Date }>(
    `SELECT date_trunc('hour', message_time(id), 'UTC') AS hour FROM messages WHERE id >= $1 ORDER BY id LIMIT 1`,
    [firstIdAt(countedBefore)],
  );
  return rows[0]?.hour;
}

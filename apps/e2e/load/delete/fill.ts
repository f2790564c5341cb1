import { EVENTS } from '@wa-gate/contracts';
import type { Pool } from '@wa-gate/db';

/** Messages of one statement. */
const PART = 25_000;
/** Days over which the messages lie: all are counted before they are deleted. */
const DAYS = 60;

const EVENT = JSON.stringify(EVENTS['session.status'].example);

/** Sent messages with their names, outbox and words, and for each so many events with their deliveries. */
const PART_OF_SESSION = `WITH made AS (
    SELECT n, (lpad(to_hex(($3::bigint + n * $4::float8)::bigint), 12, '0') || '7000' || '8000' || lpad(to_hex(n), 12, '0'))::uuid AS id,
      '1555' || lpad((n % 5000)::text, 7, '0') || '@s.whatsapp.net' AS jid FROM generate_series($5::int, $6::int) n
  ), stored AS (
    INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_me, kind, text, state, sent_at, wire_at)
    SELECT id, $1, 'OUTBOUND', 'F' || n, jid, true, 'text', 'A message of ordinary length, as people write them.', 'READ', now(), now() FROM made
  ), keyed AS (
    INSERT INTO message_keys (session_id, chat_jid, from_me, wa_message_id, message_id) SELECT $1, jid, true, 'F' || n, id FROM made
  ), queued AS (
    INSERT INTO outbox (message_id, session_id, state, wa_message_id, chat_jid, request, attempts, epoch)
    SELECT id, $1, 'SENT', 'F' || n, jid, '{"type":"text"}', 1, 1 FROM made
  ), searched AS (
    INSERT INTO message_search (session_id, message_id, document, grams)
    SELECT $1, id, ' a message of ordinary length as people write them ', ARRAY[n % 997, n % 1009, 5, 6] FROM made
  ), told AS (
    INSERT INTO events (session_id, seq, type, data, epoch)
    SELECT $1, $7::bigint + (n - 1)::bigint * $8 + k, 'session.status', $9::jsonb, 1 FROM made CROSS JOIN generate_series(1, $8::int) k
  )
  INSERT INTO webhook_deliveries (webhook_id, session_id, seq, status, attempts, response_code, delivered_at)
  SELECT $2, $1, $7::bigint + (n - 1)::bigint * $8 + k, 'DELIVERED', 1, 200, now() FROM made CROSS JOIN generate_series(1, $8::int) k`;

/** Fills a linked session with what a year of use leaves. Its webhook must be off, so that nobody delivers it now. */
export async function fillSession(
  pool: Pool,
  { id, webhookId }: { id: string; webhookId: string },
  { messages, deliveries }: { messages: number; deliveries: number },
): Promise<void> {
  const count = messages * deliveries;
  // The linked session appends events of its own meanwhile: these come behind.
  const { rows } = await pool.query<{ seq: number }>(
    'UPDATE session_counters SET last_seq = last_seq + $2 WHERE session_id = $1 RETURNING last_seq - $2 AS seq',
    [id, count],
  );
  const seq = Number(rows[0]!.seq);
  const begin = Date.now() - DAYS * 86_400_000;
  const everyMs = ((DAYS - 2) * 86_400_000) / messages;
  for (let first = 1; first <= messages; first += PART) {
    const last = Math.min(messages, first + PART - 1);
    await pool.query(PART_OF_SESSION, [id, webhookId, begin, everyMs, first, last, seq, deliveries, EVENT]);
  }
  await pool.query(
    'INSERT INTO message_index_progress (session_id, seq) VALUES ($1, $2) ON CONFLICT (session_id) DO UPDATE SET seq = excluded.seq',
    [id, seq + count],
  );
  // Tables do not grow so fast otherwise: PostgreSQL would plan for the small ones of a minute ago.
  await pool.query('ANALYZE');
}

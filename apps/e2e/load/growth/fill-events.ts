import type { Pool } from '@wa-gate/db';

/** Messages of one statement; each has {@link PER_MESSAGE} events. */
const PART = 50_000;
const PER_MESSAGE = 3;
/** Days over which the messages lie. */
const DAYS = 25;

/** The events of sent messages, as the owner of a session appends them. */
const EVENTS = `INSERT INTO events (session_id, seq, type, data, epoch, created_at)
  SELECT $1, $2::bigint + (n - $5::int)::bigint * ${PER_MESSAGE} + k,
    (ARRAY['message.sent', 'message.delivered', 'message.read'])[k],
    jsonb_build_object('messageId', lpad(to_hex(at), 8, '0') || '-' || lpad(to_hex(at % 65536), 4, '0') || '-7000-8000-' || lpad(to_hex(n), 12, '0'),
      'to', '62811' || lpad((n % 5000)::text, 7, '0'), 'status', (ARRAY['sent', 'delivered', 'read'])[k], 'waMessageId', '3EB0' || upper(md5(n::text)),
      'chatId', '62811' || lpad((n % 5000)::text, 7, '0') || '@s.whatsapp.net'),
    1, to_timestamp(at)
  FROM generate_series($5::int, $6::int) n CROSS JOIN LATERAL (SELECT ($3::float8 + n * $4::float8)::bigint AS at) t
    CROSS JOIN generate_series(1, ${PER_MESSAGE}) k`;

/**
 * Stores so many events of past messages in linked sessions that have no webhook yet. Search and chats count as filled
 * from them.
 */
export async function fillEvents(pool: Pool, slugs: readonly string[], events: number): Promise<void> {
  const { rows } = await pool.query<{ id: string }>('SELECT id FROM sessions WHERE slug = ANY($1)', [slugs]);
  const messages = Math.ceil(events / rows.length / PER_MESSAGE);
  const begin = Date.now() / 1_000 - DAYS * 86_400;
  const everySeconds = (DAYS * 86_400) / messages;
  for (const { id } of rows) {
    // The owner appends events of its own meanwhile: they come behind.
    const { rows: counted } = await pool.query<{ base: number }>(
      'UPDATE session_counters SET last_seq = last_seq + $2 WHERE session_id = $1 RETURNING last_seq - $2 AS base',
      [id, messages * PER_MESSAGE],
    );
    const base = Number(counted[0]!.base);
    for (let first = 1; first <= messages; first += PART) {
      const last = Math.min(messages, first + PART - 1);
      const seq = base + (first - 1) * PER_MESSAGE;
      await pool.query(EVENTS, [id, seq, begin, everySeconds, first, last]);
    }
    await pool.query(
      `INSERT INTO message_index_progress (session_id, seq) VALUES ($1, $2)
       ON CONFLICT (session_id) DO UPDATE SET seq = greatest(message_index_progress.seq, excluded.seq)`,
      [id, base + messages * PER_MESSAGE],
    );
  }
}

import type { Pool } from '@wa-gate/db';
import { firstIdAt } from '@wa-gate/kit';

/** Of ordinary chats with a shop, the frequent ones first. */
const WORDS = [
  ...['saya', 'mau', 'tanya', 'apakah', 'barang', 'sudah', 'dikirim', 'pesanan', 'terima', 'kasih', 'belum', 'datang'],
  ...['besok', 'hari', 'ini', 'bisa', 'bayar', 'transfer', 'alamat', 'nomor', 'resi', 'ongkir', 'gratis', 'warna'],
  ...['merah', 'ukuran', 'pengiriman', 'kurir', 'jakarta', 'bandung', 'surabaya', 'faktur', 'lunas', 'diskon', 'promo'],
  ...['tolong', 'cepat', 'lama', 'menunggu', 'kembali', 'uang', 'rusak', 'ganti', 'garansi', 'toko', 'buka', 'tutup'],
  ...['pagi', 'siang', 'malam', 'maaf', 'salah', 'benar', 'setuju', 'batal', 'konfirmasi', 'stok', 'habis', 'tersedia'],
];
const NAMES = ['Ann', 'Budi', 'Citra', 'Dewi', 'Eko', 'Fitri', 'Gita', 'Hadi', 'Indah', 'Joko', 'Kartika', 'Lestari'];

/** Days over which the messages lie. */
const DAYS = 85;
/** Messages of one statement. */
const PART = 50_000;

const JID = `'62811' || lpad((1000000 + n % $4)::text, 7, '0') || '@s.whatsapp.net'`;

/**
 * Texts of six words and more, of which some are frequent. One in twenty has the number of an invoice, one in fifty a
 * phone number, one in ten an emoji.
 */
const TEXT = `(SELECT string_agg(($5::text[])[1 + floor(power(random(), 2) * cardinality($5::text[]))::int + w * 0], ' ')
    FROM generate_series(1, 6 + n % 5) AS w)
  || CASE WHEN n % 20 = 0 THEN ' INV/2026/' || lpad(n::text, 7, '0') ELSE '' END
  || CASE WHEN n % 50 = 0 THEN ' 0812-' || substr(lpad(n::text, 8, '3'), 1, 4) || '-' || substr(lpad(n::text, 8, '3'), 5) ELSE '' END
  || CASE WHEN n % 10 = 0 THEN ' 👍' ELSE '' END`;

const MESSAGES = `WITH made AS (
    SELECT n, (lpad(to_hex(($2::bigint + n * $3::float8)::bigint), 12, '0') || '7000' || '8000' || lpad(to_hex(n), 12, '0'))::uuid AS id,
      $1::uuid AS session_id, ${JID} AS jid, n % 3 = 0 AS from_me, ${TEXT} AS text
    FROM generate_series($6::int, $7::int) n
  ), stored AS (
    INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_jid, from_me, sender_name, kind, text, state, wa_timestamp, sent_at)
    SELECT id, session_id, (CASE WHEN from_me THEN 'OUTBOUND' ELSE 'INBOUND' END)::"MessageDirection", 'M' || n, jid,
      CASE WHEN from_me THEN '6281000000000@s.whatsapp.net' ELSE jid END, from_me, NULL, 'text', text,
      (CASE WHEN from_me THEN 'READ' ELSE 'RECEIVED' END)::"MessageState", message_time(id), message_time(id) FROM made
  ), keyed AS (
    INSERT INTO message_keys (session_id, chat_jid, from_me, wa_message_id, message_id) SELECT session_id, jid, from_me, 'M' || n, id FROM made
  ), counted AS (
    UPDATE session_counters SET last_seq = last_seq + (SELECT count(*) FROM made) WHERE session_id = $1
    RETURNING last_seq - (SELECT count(*) FROM made) AS base
  )
  INSERT INTO events (session_id, seq, type, data)
  SELECT session_id, base + row_number() OVER (ORDER BY id), CASE WHEN from_me THEN 'message.sent' ELSE 'message.received' END,
    jsonb_build_object('messageId', id) FROM made CROSS JOIN counted`;

const CONTACTS = `WITH made AS (
    SELECT n, gen_random_uuid() AS id, '62811' || lpad((1000000 + n)::text, 7, '0') AS number FROM generate_series(0, $2::int - 1) n
  ), people AS (
    INSERT INTO contacts (id, workspace_id, name, phone_number, push_name, first_seen_at, last_seen_at)
    SELECT id, $1, ($3::text[])[1 + n % cardinality($3::text[])] || ' ' || n, '+' || number, ($3::text[])[1 + n % cardinality($3::text[])] || ' ' || n,
      now(), now() FROM made RETURNING 1
  )
  INSERT INTO contact_identities (workspace_id, jid, contact_id) SELECT $1, number || '@s.whatsapp.net', id FROM made`;

/** Fills sessions of one workspace with messages of the last weeks, their events, and the people behind the chats. */
export async function fillHistory(
  pool: Pool,
  { slugs, messages, chats }: { slugs: readonly string[]; messages: number; chats: number },
): Promise<void> {
  const { rows } = await pool.query<{ id: string; workspaceId: string }>(
    'SELECT id, workspace_id AS "workspaceId" FROM sessions WHERE slug = ANY($1)',
    [slugs],
  );
  await pool.query(CONTACTS, [rows[0]!.workspaceId, chats, NAMES]);
  const each = Math.ceil(messages / rows.length);
  const begin = Date.now() - DAYS * 86_400_000;
  for (const [index, { id }] of rows.entries()) {
    for (let first = 1; first <= each; first += PART) {
      const last = Math.min(each, first + PART - 1);
      const everyMs = (DAYS * 86_400_000) / each;
      await pool.query(MESSAGES, [id, begin + index, everyMs, Math.ceil(chats / rows.length), WORDS, first, last]);
    }
  }
  await pool.query('ANALYZE');
  // The first id of the future: nothing here was made after it.
  const { rows: late } = await pool.query('SELECT FROM messages WHERE id > $1', [firstIdAt(new Date())]);
  if (late.length > 0) throw new Error('messages of the future were made');
}

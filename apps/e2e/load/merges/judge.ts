import type { Pool } from '@wa-gate/db';

/** What has become of the people. */
export interface Outcome {
  /** Contacts that are not merged into another one. */
  contacts: number;
  /** Contacts that are. */
  merged: number;
  /** `contact.merged`. */
  events: number;
  messages: number;
  /** Messages that an event has told as readable. */
  told: number;
  /** People with a LID and a number that are not one contact: a number without a LID, or a LID without a number. */
  split: number;
  /** Sessions that were told a LID without its number, with the message, and have not been told the number since. */
  untold: number;
  /** A session was told of the same person twice. */
  toldTwice: number;
  /** Messages of which there are two rows. */
  twice: number;
  /** Changes of contacts that no event has told yet. */
  waiting: number;
  deadlocks: number;
  /** What is still on its way. */
  missing: number;
}

/** Groups have no contact; only people write here. */
const QUESTION = `WITH alive AS (
    SELECT c.id, c.lid, c.phone_number FROM contacts c WHERE c.merged_into IS NULL AND EXISTS (
      SELECT 1 FROM contact_identities i JOIN messages m ON m.chat_jid = i.jid AND NOT m.from_me WHERE i.contact_id = c.id)
  ), by_lid AS (
    SELECT m.session_id, i.contact_id FROM messages m JOIN sessions s ON s.id = m.session_id
    JOIN contact_identities i ON i.workspace_id = s.workspace_id AND i.jid = m.chat_jid
    JOIN events e ON e.session_id = m.session_id AND e.data->>'messageId' = m.id::text
      AND e.type IN ('message.received', 'message.recovered') AND e.data->'identities'->'chat'->>'phoneNumber' IS NULL
    WHERE m.chat_jid LIKE '%@lid' AND NOT m.from_me
  ), changes AS (
    SELECT session_id, (data->>'contactId')::uuid AS contact_id, count(*) AS times FROM events WHERE type = 'contact.merged' GROUP BY 1, 2
  )
  SELECT (SELECT count(*) FROM alive) AS contacts, (SELECT count(*) FROM contacts WHERE merged_into IS NOT NULL) AS merged,
    (SELECT count(*) FROM events WHERE type = 'contact.merged') AS events,
    (SELECT count(*) FROM messages WHERE NOT from_me) AS messages,
    (SELECT count(*) FROM events WHERE type IN ('message.received', 'message.recovered')) AS told,
    (SELECT count(*) FROM alive WHERE lid IS NULL OR phone_number IS NULL) AS split,
    (SELECT count(*) FROM by_lid l WHERE NOT EXISTS (SELECT 1 FROM changes c WHERE c.session_id = l.session_id AND c.contact_id = l.contact_id)) AS untold,
    (SELECT count(*) FROM changes WHERE times > 1) AS "toldTwice",
    (SELECT count(*) FROM (SELECT 1 FROM messages GROUP BY session_id, wa_message_id, from_me HAVING count(*) > 1) d) AS twice,
    (SELECT count(*) FROM contact_merges) AS waiting,
    (SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()) AS deadlocks,
    (SELECT count(*) FROM inbound_journal WHERE projected_at IS NULL) AS journal`;

export async function readOutcome(pool: Pool): Promise<Outcome> {
  const { rows } = await pool.query<Outcome & { journal: number }>(QUESTION);
  const { journal, ...row } = rows[0]!;
  return { ...row, missing: journal + row.waiting + row.split + row.untold };
}

const EVERY_MS = 2_000;

/** Notes the ids of contacts as they appear, as a customer would who stores them. */
export function watchIds(pool: Pool) {
  const seen = new Set<string>();
  const look = async () => {
    const { rows } = await pool.query<{ id: string }>('SELECT id FROM contacts');
    for (const { id } of rows) seen.add(id);
  };
  const timer = setInterval(() => void look().catch(() => undefined), EVERY_MS);
  return {
    /** Those that mean nobody now. */
    async lost(): Promise<string[]> {
      clearInterval(timer);
      await look();
      const { rows } = await pool.query<{ id: string }>(
        'SELECT c.id FROM contacts c JOIN contacts k ON k.id = coalesce(c.merged_into, c.id) AND k.merged_into IS NULL',
      );
      const alive = new Set(rows.map(({ id }) => id));
      return [...seen].filter((id) => !alive.has(id));
    },
  };
}

import type { JournalEntry } from '@wa-gate/cluster';
import type { Queryable } from '@wa-gate/db';

/** A journal row with its content: a received part that is not a message yet. */
export type JournalRow = JournalEntry & { content: NonNullable<JournalEntry['content']> };

const FIND = {
  name: 'find-journalled',
  text: 'SELECT plaintext FROM inbound_journal WHERE session_id = $1 AND hash = $2',
};

const UNPROJECTED = {
  name: 'unprojected-journal',
  text: `SELECT hash, stanza_id AS "stanzaId", enc_index AS "encIndex", enc_count AS "encCount", stanza, plaintext
    FROM inbound_journal WHERE session_id = $1 AND projected_at IS NULL
    ORDER BY created_at, enc_index`,
};

const SWEEP = {
  name: 'sweep-journal',
  text: `DELETE FROM inbound_journal WHERE (session_id, hash) IN (
    SELECT session_id, hash FROM inbound_journal WHERE created_at < now() - make_interval(days => $1) LIMIT $2)`,
};

/** Days for which WhatsApp stores a message for an absent device. No copy arrives after that. */
export const JOURNAL_DAYS = 14;

/**
 * The sealed plaintext of a ciphertext that was decrypted before; `done` when it is a message already; `null` when it
 * is unknown.
 */
export async function findJournalled(db: Queryable, sessionId: string, hash: Buffer): Promise<Buffer | 'done' | null> {
  const { rows } = await db.query<{ plaintext: Buffer | null }>({ ...FIND, values: [sessionId, hash] });
  return rows[0] ? (rows[0].plaintext ?? 'done') : null;
}

/** The parts that are not messages yet, oldest first. Read them only after the takeover has committed. */
export async function readUnprojected(db: Queryable, sessionId: string): Promise<JournalRow[]> {
  const { rows } = await db.query<Omit<JournalRow, 'content'> & JournalRow['content']>({
    ...UNPROJECTED,
    values: [sessionId],
  });
  return rows.map(({ stanza, plaintext, ...entry }) => ({ ...entry, content: { stanza, plaintext } }));
}

/**
 * Deletes rows older than {@link JOURNAL_DAYS}, at most `limit`. Returns the count; call it again while that is
 * `limit`.
 */
export async function sweepJournal(db: Queryable, limit = 5_000): Promise<number> {
  const { rowCount } = await db.query({ ...SWEEP, values: [JOURNAL_DAYS, limit] });
  return rowCount ?? 0;
}

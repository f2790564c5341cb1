import type { Queryable } from '@wa-gate/db';
import { FENCE_MANY, FENCE_ONE, fenceParameters, type Ownership, StaleEpochError } from './fence.ts';

/** One entry of a session's Signal store. `kind` is Baileys' type (`session`, `pre-key`, …) or `creds`. */
export interface KeyEntry {
  kind: string;
  keyId: string;
  /** The sealed bytes. */
  value: Buffer;
}

export type KeyReference = Pick<KeyEntry, 'kind' | 'keyId'>;

/** A decrypted part of an inbound stanza, durable in the commit of the ratchet step that read it (I5). */
export interface JournalEntry {
  /** SHA-256 of the ciphertext: how a copy that is delivered again is known. */
  hash: Buffer;
  /** WhatsApp's id of the stanza. */
  stanzaId: string;
  /** Which of the stanza's `enc` children this is, and how many there are: it can be replayed when all are here. */
  encIndex: number;
  encCount: number;
  /**
   * Sealed; the stanza holds hashes in place of its ciphertexts. A row without content records only that the message
   * was read.
   */
  content: { stanza: Buffer; plaintext: Buffer } | null;
}

/**
 * CTEs that write keys behind {@link FENCE_MANY}; parameters $3 to $16 are {@link keyWriteValues}.
 *
 * @param upserts SQL of what stands behind the rows to insert: `$17` and later parameters may narrow them
 */
const writeKeys = (upserts: string): string => `written AS (
    INSERT INTO session_keys (session_id, kind, key_id, value)
    SELECT f.session_id, k.kind, k.key_id, k.value
    FROM fence f JOIN ${upserts}
    ON CONFLICT (session_id, kind, key_id) DO UPDATE SET value = excluded.value
    RETURNING 1
  ), removed AS (
    DELETE FROM session_keys s
    USING fence f JOIN unnest($7::uuid[], $8::text[], $9::text[]) AS d(session_id, kind, key_id) USING (session_id)
    WHERE s.session_id = d.session_id AND s.kind = d.kind AND s.key_id = d.key_id
    RETURNING 1
  ), journalled AS (
    INSERT INTO inbound_journal (session_id, hash, stanza_id, enc_index, enc_count, stanza, plaintext, projected_at)
    SELECT f.session_id, j.hash, j.stanza_id, j.enc_index, j.enc_count, j.stanza, j.plaintext, CASE WHEN j.stanza IS NULL THEN now() END
    FROM fence f JOIN unnest($10::uuid[], $11::bytea[], $12::text[], $13::int[], $14::int[], $15::bytea[], $16::bytea[])
      AS j(session_id, hash, stanza_id, enc_index, enc_count, stanza, plaintext) USING (session_id)
    ON CONFLICT DO NOTHING
    RETURNING 1
  )`;

/**
 * For many sessions of one worker: under load one statement carries the keys of many, and one commit makes them
 * durable.
 */
const WRITE_KEYS = {
  name: 'write-many-session-keys',
  text: `WITH ${FENCE_MANY},
  ${writeKeys('unnest($3::uuid[], $4::text[], $5::text[], $6::bytea[]) AS k(session_id, kind, key_id, value) USING (session_id)')}
  SELECT session_id AS "sessionId" FROM fence`,
};

/**
 * The same as a part of a larger statement, where some keys are written only together with a message: parameter $17
 * (uuid[]) names it for each upsert, or is NULL. The statement before has a CTE `message(id)`.
 */
export const WRITE_KEYS_WITH_MESSAGE = writeKeys(`unnest($3::uuid[], $4::text[], $5::text[], $6::bytea[], $17::uuid[])
      AS k(session_id, kind, key_id, value, message_id) USING (session_id)
    WHERE k.message_id IS NULL OR EXISTS (SELECT 1 FROM message m WHERE m.id = k.message_id)`);

/**
 * CTEs that write the ratchet steps that read messages, behind {@link FENCE_MANY} in the statement that stores these
 * messages; the parameters from `first` on are {@link stepValues}. The journal rows are done at once.
 *
 * @param condition SQL: whether anything is written
 */
export const writeSteps = (first: number, condition: string): string => `stepped AS (
    INSERT INTO session_keys (session_id, kind, key_id, value)
    SELECT f.session_id, k.kind, k.key_id, k.value
    FROM fence f JOIN unnest($${first}::uuid[], $${first + 1}::text[], $${first + 2}::text[], $${first + 3}::bytea[])
      AS k(session_id, kind, key_id, value) USING (session_id)
    WHERE ${condition}
    ON CONFLICT (session_id, kind, key_id) DO UPDATE SET value = excluded.value
  ), read AS (
    INSERT INTO inbound_journal (session_id, hash, stanza_id, enc_index, enc_count, projected_at)
    SELECT f.session_id, j.hash, j.stanza_id, j.enc_index, j.enc_count, now()
    FROM fence f JOIN unnest($${first + 4}::uuid[], $${first + 5}::bytea[], $${first + 6}::text[], $${first + 7}::int[], $${first + 8}::int[])
      AS j(session_id, hash, stanza_id, enc_index, enc_count) USING (session_id)
    WHERE ${condition}
    ON CONFLICT DO NOTHING
  )`;

const CLEAR_KEYS = {
  name: 'clear-session-keys',
  text: `WITH ${FENCE_ONE}, removed AS (
    DELETE FROM session_keys s USING fence f WHERE s.session_id = f.session_id RETURNING 1
  ), forgotten AS (
    DELETE FROM inbound_journal j USING fence f WHERE j.session_id = f.session_id RETURNING 1
  ), settled AS (
    DELETE FROM stale_keys s USING fence f WHERE s.session_id = f.session_id RETURNING 1
  )
  SELECT (SELECT count(*) FROM fence) AS fenced`,
};

const READ_KEYS = {
  name: 'read-session-keys',
  text: 'SELECT key_id, value FROM session_keys WHERE session_id = $1 AND kind = $2 AND key_id = ANY($3::text[])',
};

const READ_KIND = {
  name: 'read-session-kind',
  text: 'SELECT key_id, value FROM session_keys WHERE session_id = $1 AND kind = $2',
};

const READ_KIND_PAGE = {
  name: 'read-session-kind-page',
  text: `SELECT key_id AS "keyId", value FROM session_keys WHERE session_id = $1 AND kind = $2 AND key_id > $3
    ORDER BY key_id LIMIT $4`,
};

const columns = (entries: readonly KeyReference[]): [string[], string[]] => [
  entries.map((entry) => entry.kind),
  entries.map((entry) => entry.keyId),
];

/** What one session wants written; each key at most once in a batch. */
export interface KeyWrite {
  owner: Ownership;
  upserts: readonly KeyEntry[];
  deletes: readonly KeyReference[];
  journal?: readonly JournalEntry[];
}

/** The ratchet step that read a message. It is written by the statement that stores the message. */
export interface RatchetStep {
  owner: Ownership;
  upserts: readonly KeyEntry[];
  read: Omit<JournalEntry, 'content'>;
}

/** Parameters of {@link writeSteps}. Of several steps with one key the last one counts. */
export function stepValues(steps: readonly RatchetStep[]): unknown[] {
  const last = new Map<string, KeyEntry & Ownership>();
  for (const { owner, upserts } of steps) {
    for (const entry of upserts) last.set(`${owner.sessionId}|${entry.kind}|${entry.keyId}`, { ...entry, ...owner });
  }
  const keys = [...last.values()];
  return [
    keys.map(({ sessionId }) => sessionId),
    ...columns(keys),
    keys.map(({ value }) => value),
    steps.map(({ owner }) => owner.sessionId),
    steps.map(({ read }) => read.hash),
    steps.map(({ read }) => read.stanzaId),
    steps.map(({ read }) => read.encIndex),
    steps.map(({ read }) => read.encCount),
  ];
}

/**
 * Parameters of {@link FENCE_MANY} and {@link WRITE_KEYS_WITH_MESSAGE}, $1 to $16, and the write that each upsert
 * belongs to.
 */
export function keyWriteValues<W extends KeyWrite>(
  writes: readonly W[],
): { sessionIds: string[]; values: unknown[]; upsertedBy: W[] } {
  const { sessionIds, epochs } = fenceParameters(writes.map((write) => write.owner));
  const upserts = writes.flatMap((write) => write.upserts.map((entry) => ({ entry, write })));
  const deletes = writes.flatMap(({ owner, deletes: entries }) => entries.map((entry) => ({ ...entry, owner })));
  const journal = writes.flatMap(({ owner, journal: entries = [] }) => entries.map((entry) => ({ ...entry, owner })));
  const values = [
    sessionIds,
    epochs,
    upserts.map(({ write }) => write.owner.sessionId),
    ...columns(upserts.map(({ entry }) => entry)),
    upserts.map(({ entry }) => entry.value),
    deletes.map((entry) => entry.owner.sessionId),
    ...columns(deletes),
    journal.map((entry) => entry.owner.sessionId),
    journal.map((entry) => entry.hash),
    journal.map((entry) => entry.stanzaId),
    journal.map((entry) => entry.encIndex),
    journal.map((entry) => entry.encCount),
    journal.map((entry) => entry.content?.stanza ?? null),
    journal.map((entry) => entry.content?.plaintext ?? null),
  ];
  return { sessionIds, values, upsertedBy: upserts.map(({ write }) => write) };
}

/**
 * Writes keys of many sessions in one fenced statement (I2). A session may appear several times, always with the same
 * epoch. The writes of stale owners are left out, and their sessions returned; the others are written, all or nothing.
 * A ciphertext that is in the journal already stays unchanged.
 */
export async function writeManySessionKeys(db: Queryable, writes: readonly KeyWrite[]): Promise<string[]> {
  const { sessionIds, values } = keyWriteValues(writes);
  const { rows } = await db.query<{ sessionId: string }>({ ...WRITE_KEYS, values });
  const owned = new Set(rows.map((row) => row.sessionId));
  return sessionIds.filter((id) => !owned.has(id));
}

/**
 * Removes all keys of a session that was logged out, and its journal: the device is gone, and the keys would only be a
 * risk.
 *
 * @throws {StaleEpochError}
 */
export async function clearSessionKeys(db: Queryable, owner: Ownership): Promise<void> {
  const { rows } = await db.query<{ fenced: number }>({ ...CLEAR_KEYS, values: [owner.sessionId, owner.epoch] });
  if (rows[0]?.fenced !== 1) throw new StaleEpochError([owner.sessionId]);
}

/**
 * Reads entries of one kind; ids without an entry are absent from the map. Read only after the takeover has committed.
 */
export async function readSessionKeys(
  db: Queryable,
  sessionId: string,
  kind: string,
  keyIds: readonly string[],
): Promise<Map<string, Buffer>> {
  const { rows } = await db.query<{ key_id: string; value: Buffer }>({
    ...READ_KEYS,
    values: [sessionId, kind, keyIds],
  });
  return new Map(rows.map((row) => [row.key_id, row.value]));
}

/** All entries of one kind. */
export async function readSessionKind(db: Queryable, sessionId: string, kind: string): Promise<Map<string, Buffer>> {
  const { rows } = await db.query<{ key_id: string; value: Buffer }>({ ...READ_KIND, values: [sessionId, kind] });
  return new Map(rows.map((row) => [row.key_id, row.value]));
}

/** Entries of one kind whose id is greater than `after`, in the order of their ids. */
export async function readSessionKindPage(
  db: Queryable,
  sessionId: string,
  kind: string,
  { after, limit }: { after: string; limit: number },
): Promise<Pick<KeyEntry, 'keyId' | 'value'>[]> {
  const { rows } = await db.query<Pick<KeyEntry, 'keyId' | 'value'>>({
    ...READ_KIND_PAGE,
    values: [sessionId, kind, after, limit],
  });
  return rows;
}

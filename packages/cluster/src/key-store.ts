import type { Queryable } from '@wa-gate/db';
import { FENCE_ONE, type Ownership, StaleEpochError } from './fence.ts';

/** One entry of a session's Signal store. `kind` is Baileys' type (`session`, `pre-key`, …) or `creds`. */
export interface KeyEntry {
  kind: string;
  keyId: string;
  /** The sealed bytes. */
  value: Buffer;
}

export type KeyReference = Pick<KeyEntry, 'kind' | 'keyId'>;

const WRITE_KEYS = {
  name: 'write-session-keys',
  text: `WITH ${FENCE_ONE}, written AS (
    INSERT INTO session_keys (session_id, kind, key_id, value)
    SELECT f.session_id, k.kind, k.key_id, k.value
    FROM fence f CROSS JOIN unnest($3::text[], $4::text[], $5::bytea[]) AS k(kind, key_id, value)
    ON CONFLICT (session_id, kind, key_id) DO UPDATE SET value = excluded.value
    RETURNING 1
  ), removed AS (
    DELETE FROM session_keys s USING fence f, unnest($6::text[], $7::text[]) AS d(kind, key_id)
    WHERE s.session_id = f.session_id AND s.kind = d.kind AND s.key_id = d.key_id
    RETURNING 1
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

const columns = (entries: readonly KeyReference[]): [string[], string[]] => [
  entries.map((entry) => entry.kind),
  entries.map((entry) => entry.keyId),
];

/**
 * Writes and deletes keys of one session in one fenced statement (I2): all or nothing.
 *
 * @throws {StaleEpochError} when the owner is no longer the owner; nothing was written
 */
export async function writeSessionKeys(
  db: Queryable,
  owner: Ownership,
  upserts: readonly KeyEntry[],
  deletes: readonly KeyReference[],
): Promise<void> {
  const values = [
    owner.sessionId,
    owner.epoch,
    ...columns(upserts),
    upserts.map((entry) => entry.value),
    ...columns(deletes),
  ];
  const { rows } = await db.query<{ fenced: number }>({ ...WRITE_KEYS, values });
  if (rows[0]?.fenced !== 1) throw new StaleEpochError([owner.sessionId]);
}

/** Reads entries of one kind; ids without an entry are absent from the map. Read only after the takeover has committed. */
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

import { FENCE_ONE, type Ownership, StaleEpochError } from '@wa-gate/cluster';
import type { HistoryDepth } from '@wa-gate/contracts';
import { inTransaction, type Pool, type Queryable, type TransactionLimits } from '@wa-gate/db';
import { APPEND_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from '../events/append-events.ts';
import { auditAnswer, type GapAnchor } from './gaps.ts';

/** What a part of the history contains, as the phone announces it. */
export const HISTORY_CHUNK_KINDS = ['bootstrap', 'recent', 'full', 'names', 'on_request', 'other'] as const;
export type HistoryChunkKind = (typeof HISTORY_CHUNK_KINDS)[number];

/** Where the file of a chunk is, and what opens it. Byte strings are base64. */
export interface HistoryReference {
  directPath: string;
  mediaKey: string;
  fileSha256?: string | undefined;
  fileEncSha256?: string | undefined;
  /** Bytes of the file itself, which is compressed. */
  fileLength?: number | undefined;
}

/** A part of the history that the phone announces. */
export interface HistoryNotice {
  kind: HistoryChunkKind;
  /** SHA-256 of what it contains. */
  fingerprint: Buffer;
  chunkOrder?: number | undefined;
  /** Percent of the history of this linking. */
  progress?: number | undefined;
  /** Of older messages that were asked for: the id of the request. */
  requestId?: string | undefined;
  /** One of the two: the place of the file, or the file. */
  reference?: HistoryReference | undefined;
  payload?: Uint8Array | undefined;
}

/** Days for which a row is kept that nothing reads any more. WhatsApp tells a notice again for less than that. */
const KEPT_DAYS = 60;

/**
 * SQL: deletes such rows of the session of the fence. What its last linking has brought is none of them, because the
 * state of the history is the sum of these parts.
 */
const swept = (which: string): string => `swept AS (
    DELETE FROM history_chunks o USING fence f WHERE o.session_id = f.session_id AND o.state <> 'waiting' AND ${which}
      AND o.finished_at < now() - interval '${KEPT_DAYS} days'
  )`;

const ACCEPT = {
  name: 'accept-history-chunk',
  text: `WITH ${FENCE_ONE}, ${swept(`o.kind = 'on_request' AND $4 = 'on_request'`)}, taken AS (
    INSERT INTO history_chunks (id, session_id, kind, fingerprint, chunk_order, progress, reference, payload, request_id)
    SELECT $3, session_id, $4, $5, $6, $7, $8::jsonb, $9, $11 FROM fence ON CONFLICT (session_id, fingerprint) DO NOTHING
    RETURNING id
  ), projected AS (
    UPDATE inbound_journal j SET projected_at = now(), stanza = NULL, plaintext = NULL
    FROM fence f WHERE j.session_id = f.session_id AND j.hash = ANY($10::bytea[]) AND j.projected_at IS NULL
  )
  SELECT (SELECT count(*) FROM fence)::int AS owned, (SELECT count(*) FROM taken)::int AS taken`,
};

/**
 * Writes down a part of the history that is to be taken in, and marks the journal rows of its message as done, in one
 * statement under the fence (I2, I5). The same part a second time changes nothing.
 *
 * @returns whether it is new
 * @throws {StaleEpochError}
 */
export async function acceptHistoryChunk(
  db: Queryable,
  { sessionId, epoch }: Ownership,
  { id, ...notice }: HistoryNotice & { id: string },
  journal: readonly Buffer[],
): Promise<boolean> {
  const { kind, fingerprint, chunkOrder, progress, reference, payload, requestId } = notice;
  const { rows } = await db.query<{ owned: number; taken: number }>({
    ...ACCEPT,
    values: [
      sessionId,
      epoch,
      id,
      kind,
      fingerprint,
      chunkOrder ?? null,
      progress ?? null,
      reference ? JSON.stringify(reference) : null,
      payload ?? null,
      journal,
      requestId ?? null,
    ],
  });
  if (rows[0]!.owned === 0) throw new StaleEpochError([sessionId]);
  return rows[0]!.taken > 0;
}

/** A part of the history that its owner takes in. */
export interface HistoryChunk extends Ownership {
  id: string;
  kind: HistoryChunkKind;
  reference: HistoryReference | null;
  payload: Buffer | null;
  /** Attempts, this one included. */
  attempts: number;
}

const LOCK_SLOTS = {
  name: 'lock-history-slots',
  text: `SELECT pg_advisory_xact_lock(hashtextextended('history slots', 0))`,
};

const CLAIM = {
  name: 'claim-history-chunk',
  text: `WITH ${FENCE_ONE}, due AS (
    SELECT c.id FROM fence f JOIN history_chunks c USING (session_id)
    WHERE c.state = 'waiting' AND c.not_before < now() + interval '1 millisecond' ORDER BY c.received_at, c.id LIMIT 1
  ), slot AS (
    INSERT INTO history_syncs AS s (session_id, working_until)
    SELECT f.session_id, now() + $4 * interval '1 millisecond' FROM fence f CROSS JOIN due
    WHERE (SELECT count(*) FROM history_syncs o WHERE o.working_until > now() AND o.session_id <> f.session_id) < $3
    ON CONFLICT (session_id) DO UPDATE SET working_until = excluded.working_until
    RETURNING s.session_id
  )
  UPDATE history_chunks c SET attempts = c.attempts + 1 FROM due, slot WHERE c.id = due.id
  RETURNING c.id, c.kind, c.reference, c.payload, c.attempts`,
};

/** It holds a lock of the whole fleet. */
const BRIEFLY: TransactionLimits = { idleMs: 2_000, lockMs: 2_000 };

/**
 * Takes the oldest waiting part of a session, if fewer than `sessions` other sessions of the fleet take one in now.
 *
 * @param slotMs milliseconds after which the place in the fleet is free again, unless it is renewed
 */
export async function claimHistoryChunk(
  pool: Pool,
  { sessionId, epoch }: Ownership,
  { sessions, slotMs }: { sessions: number; slotMs: number },
): Promise<HistoryChunk | null> {
  return await inTransaction(
    pool,
    async (tx) => {
      await tx.query(LOCK_SLOTS);
      const { rows } = await tx.query<Omit<HistoryChunk, keyof Ownership>>({
        ...CLAIM,
        values: [sessionId, epoch, sessions, slotMs],
      });
      return rows[0] ? { sessionId, epoch, ...rows[0] } : null;
    },
    BRIEFLY,
  );
}

const WAITING = {
  name: 'sessions-with-waiting-history',
  text: `SELECT s.session_id AS id FROM unnest($1::uuid[]) AS s(session_id) WHERE EXISTS (
    SELECT 1 FROM history_chunks c WHERE c.session_id = s.session_id AND c.state = 'waiting' AND c.not_before <= now())`,
};

/** The sessions among these that have a part to take in. Locks nothing. */
export async function findWaitingHistory(db: Queryable, sessionIds: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({ ...WAITING, values: [sessionIds] });
  return rows.map(({ id }) => id);
}

const KEEP = {
  name: 'keep-history-slot',
  text: `WITH ${FENCE_ONE} UPDATE history_syncs s SET working_until = now() + $3 * interval '1 millisecond'
    FROM fence f WHERE s.session_id = f.session_id AND s.working_until IS NOT NULL`,
};

/** Keeps the place of a session in the fleet, while it takes in a part. */
export async function keepHistorySlot(db: Queryable, { sessionId, epoch }: Ownership, slotMs: number): Promise<void> {
  await db.query({ ...KEEP, values: [sessionId, epoch, slotMs] });
}

const POSTPONE = {
  name: 'postpone-history-chunk',
  text: `WITH ${FENCE_ONE}, freed AS (
    UPDATE history_syncs s SET working_until = NULL FROM fence f WHERE s.session_id = f.session_id
  )
  UPDATE history_chunks c SET not_before = now() + $4 * interval '1 millisecond', attempts = greatest(0, c.attempts - $5)
  FROM fence f WHERE c.id = $3 AND c.session_id = f.session_id`,
};

/** Gives a taken part back. With `counts: false` the attempt says nothing of it, as when the worker stops. */
export async function postponeHistoryChunk(
  db: Queryable,
  { sessionId, epoch, id }: Pick<HistoryChunk, 'sessionId' | 'epoch' | 'id'>,
  { delayMs, counts }: { delayMs: number; counts: boolean },
): Promise<void> {
  await db.query({ ...POSTPONE, values: [sessionId, epoch, id, delayMs, counts ? 0 : 1] });
}

/** How the taking in of a part has ended. */
export interface FinishedChunk extends Ownership {
  id: string;
  state: 'done' | 'failed';
  /** Messages in it. */
  found: number;
  /** Chats in it. */
  chats: number;
  /** Messages in it that PostgreSQL does not take. */
  refused: number;
  /** Of older messages that were asked for: their chat, and whether the phone has older ones still. */
  chat?: string | undefined;
  hasMore?: boolean | undefined;
  /** Of such: the oldest message in it. */
  oldest?: GapAnchor | undefined;
  /** For people; of a failed one. */
  error?: string | undefined;
}

/** What was stored counts batch by batch, so that a part which is taken in a second time after a crash counts once. */
const FINISH = {
  name: 'finish-history-chunk',
  text: `WITH ${FENCE_ONE}, ended AS (
    UPDATE history_chunks c SET state = $4, found = $5, chats = $6, error = $7, finished_at = now(), reference = NULL, payload = NULL
    FROM fence f WHERE c.id = $3 AND c.session_id = f.session_id AND c.state = 'waiting'
    RETURNING c.session_id, c.kind, c.progress, c.stored, c.request_id, f.epoch
  ), freed AS (
    UPDATE history_syncs s SET working_until = NULL FROM fence f WHERE s.session_id = f.session_id
  ), ${auditAnswer('$4', '$9::bool', '$11')}, others AS (
    SELECT count(*) AS count FROM fence f JOIN history_chunks c USING (session_id) WHERE c.state = 'waiting' AND c.id <> $3
  ), new_events AS (
    SELECT e.session_id, e.epoch, 1 AS ord, 'history.progress' AS type, jsonb_strip_nulls(jsonb_build_object(
      'kind', CASE WHEN EXISTS (SELECT 1 FROM history_gap_chats g WHERE g.session_id = e.session_id AND g.request_id = e.request_id)
        THEN 'gap' ELSE e.kind END, 'progress', CASE WHEN e.kind <> 'on_request' THEN e.progress END, 'found', $5::int, 'stored', e.stored, 'chats', $6::int, 'waiting', w.count,
      'requestId', e.request_id, 'chat', $8::text, 'hasMore', $9::bool, 'refused', nullif($10::int, 0),
      'failed', CASE WHEN $4 = 'failed' THEN $7::text END)) AS data
    FROM ended e CROSS JOIN others w
  ), ${APPEND_EVENTS}
  SELECT (SELECT count(*) FROM fence)::int AS owned, ${APPENDED_COLUMNS}`,
};

/** Ends a part and tells it. @throws {StaleEpochError} */
export async function finishHistoryChunk(db: Queryable, ended: FinishedChunk): Promise<Appended> {
  const { sessionId, epoch, id, state, found, chats, refused, error, chat, hasMore, oldest } = ended;
  const { rows } = await db.query<Appended & { owned: number }>({
    ...FINISH,
    values: [
      sessionId,
      epoch,
      id,
      state,
      found,
      chats,
      error ?? null,
      chat ?? null,
      hasMore ?? null,
      refused,
      oldest ? JSON.stringify(oldest) : null,
    ],
  });
  if (rows[0]!.owned === 0) throw new StaleEpochError([sessionId]);
  return readAppended(rows[0]!);
}

const DEPTH = {
  name: 'history-depth-of-session',
  text: `SELECT coalesce(s.settings->>'history', 'none') AS wanted, coalesce(h.depth, 'none') AS linked
    FROM sessions s LEFT JOIN history_syncs h ON h.session_id = s.id WHERE s.id = $1`,
};

/** The full history comes only where the client has asked for it when it registered. */
const LINKED = {
  name: 'linked-with-history',
  text: `WITH ${FENCE_ONE}, ${swept('true')}
    INSERT INTO history_syncs (session_id, depth)
    SELECT f.session_id, CASE WHEN s.settings->>'history' = 'full' AND $3 <> 'full' THEN 'recent' ELSE coalesce(s.settings->>'history', 'none') END
    FROM fence f JOIN sessions s ON s.id = f.session_id
    ON CONFLICT (session_id) DO UPDATE SET depth = excluded.depth, asked_at = now()`,
};

/** The phone has linked the session, which had asked for this depth: from now on its history comes. */
export async function linkedWithHistory(
  db: Queryable,
  { sessionId, epoch }: Ownership,
  asked: HistoryDepth,
): Promise<void> {
  await db.query({ ...LINKED, values: [sessionId, epoch, asked] });
}

/** How much of the history a connection asks the phone for, and how much it takes in. */
export interface ConnectionHistory {
  asks: HistoryDepth;
  takes: HistoryDepth;
}

/**
 * How much of the history a connection asks for and takes in. The phone is asked when it links the session, so a linked
 * session has the depth of that time; the setting `none` stops what is still to come.
 */
export async function historyDepthFor(
  db: Queryable,
  sessionId: string,
  { isLinked }: { isLinked: boolean },
): Promise<ConnectionHistory> {
  const { rows } = await db.query<{ wanted: HistoryDepth; linked: HistoryDepth }>({ ...DEPTH, values: [sessionId] });
  const [row] = rows;
  if (!row) return { asks: 'none', takes: 'none' };
  if (!isLinked) return { asks: row.wanted, takes: row.wanted };
  return { asks: row.linked, takes: row.wanted === 'none' ? 'none' : row.linked };
}

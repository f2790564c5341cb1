import { FENCE_MANY, FENCE_ONE, fenceParameters, type Ownership } from '@wa-gate/cluster';
import type { Queryable } from '@wa-gate/db';
import type { WhatsAppReference } from './whatsapp-file.ts';

/** A file that its owner has yet to fetch from WhatsApp. */
export interface Download extends Ownership {
  mediaId: string;
  workspaceId: string;
  /** Attempts, this one included. */
  attempts: number;
  reference: WhatsAppReference | null;
  /** Bytes that a file of the workspace's tier may have. */
  maxBytes: number;
  /** The message of the file, by which its phone finds it. */
  waMessageId: string;
  chatJid: string;
  fromJid: string | null;
  fromMe: boolean;
}

const DOWNLOAD_COLUMNS = `m.id AS "mediaId", m.session_id AS "sessionId", m.workspace_id AS "workspaceId", m.wa AS reference,
    l.media_max_bytes AS "maxBytes", g.wa_message_id AS "waMessageId", g.chat_jid AS "chatJid",
    g.from_jid AS "fromJid", g.from_me AS "fromMe"`;
const OF_DOWNLOAD = `JOIN messages g ON g.id = m.message_id JOIN workspaces w ON w.id = m.workspace_id
    JOIN users u ON u.id = w.owner_user_id JOIN tiers l ON l.tier = u.tier`;

/** SQL: row `d` is due, and not in the hands of the asking owner. The column rounds to milliseconds, up as well. */
const isDue = (inHand: string): string =>
  `d.not_before < now() + interval '1 millisecond' AND d.media_id <> ALL(${inHand}::uuid[])`;

const INSPECT = {
  name: 'inspect-downloads',
  text: `SELECT s.session_id AS id FROM unnest($1::uuid[]) AS s(session_id) WHERE EXISTS (
    SELECT 1 FROM media_downloads d WHERE d.session_id = s.session_id AND ${isDue('$2')})`,
};

/** The sessions among these with downloads that are due. Locks nothing. */
export async function inspectDownloads(
  db: Queryable,
  sessionIds: readonly string[],
  inHand: readonly string[],
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({ ...INSPECT, values: [sessionIds, inHand] });
  return rows.map(({ id }) => id);
}

/**
 * What is in hand is known to the owner alone: a row that is claimed and forgotten, by a crash or by a lost answer, is
 * due again at once, for this owner or the next. A mark in the row would have to be taken off by somebody. Attempts are
 * counted here, so that a file at which the worker dies is given up at last.
 */
const CLAIM = {
  name: 'claim-downloads',
  text: `WITH ${FENCE_MANY}, due AS (
    SELECT d.media_id, f.epoch FROM fence f JOIN unnest($1::uuid[], $3::int[]) AS r(session_id, room) USING (session_id)
    CROSS JOIN LATERAL (SELECT d.media_id FROM media_downloads d WHERE d.session_id = f.session_id AND ${isDue('$4')}
      ORDER BY d.not_before, d.media_id LIMIT r.room) d
    LIMIT $5
  ), taken AS (
    UPDATE media_downloads d SET attempts = d.attempts + 1, epoch = due.epoch FROM due WHERE d.media_id = due.media_id
    RETURNING d.media_id, d.attempts, d.epoch
  )
  SELECT ${DOWNLOAD_COLUMNS}, t.attempts, t.epoch FROM taken t JOIN media m ON m.id = t.media_id ${OF_DOWNLOAD}`,
};

/** A session whose owner has room for some downloads. */
export interface DownloadRoom extends Ownership {
  room: number;
}

/**
 * Takes due downloads of sessions of one worker, `limit` in all. Sessions that are not owned any more yield none.
 *
 * @param inHand media that the caller is fetching
 */
export async function claimDownloads(
  db: Queryable,
  sessions: readonly DownloadRoom[],
  inHand: readonly string[],
  limit: number,
): Promise<Download[]> {
  const { sessionIds, epochs } = fenceParameters(sessions);
  const rooms = sessionIds.map((id) => sessions.find(({ sessionId }) => sessionId === id)!.room);
  const { rows } = await db.query<Download>({ ...CLAIM, values: [sessionIds, epochs, rooms, inHand, limit] });
  return rows;
}

const POSTPONE = {
  name: 'postpone-download',
  text: `WITH ${FENCE_ONE} UPDATE media_downloads d SET attempts = greatest(d.attempts - $4, 0),
      not_before = now() + make_interval(secs => $5)
    FROM fence f WHERE d.media_id = $3 AND d.session_id = f.session_id`,
};

/**
 * Gives a taken download back, to be tried again after `delayMs`. With `counts: false` the attempt says nothing of the
 * file, as when the worker stops, and is taken out of the count.
 */
export async function postponeDownload(
  db: Queryable,
  { sessionId, epoch, mediaId }: Ownership & { mediaId: string },
  { delayMs, counts }: { delayMs: number; counts: boolean },
): Promise<void> {
  const values = [sessionId, epoch, mediaId, counts ? 0 : 1, delayMs / 1000];
  await db.query({ ...POSTPONE, values });
}

const RELOCATE = {
  name: 'relocate-media',
  text: `WITH ${FENCE_ONE} UPDATE media m SET wa = m.wa || jsonb_build_object('directPath', $4::text)
    FROM fence f WHERE m.id = $3 AND m.session_id = f.session_id RETURNING m.wa`,
};

/** The phone has uploaded a file again: keeps its new place. Returns the reference; `null`: not ours any more. */
export async function relocateMedia(
  db: Queryable,
  { sessionId, epoch, mediaId }: Ownership & { mediaId: string },
  directPath: string,
): Promise<WhatsAppReference | null> {
  const { rows } = await db.query<{ wa: WhatsAppReference }>({
    ...RELOCATE,
    values: [sessionId, epoch, mediaId, directPath],
  });
  return rows[0]?.wa ?? null;
}

const FIND_LOST = {
  name: 'find-lost-media',
  text: `SELECT m.id AS "mediaId", m.wa AS reference FROM message_keys k JOIN media m ON m.message_id = k.message_id
    WHERE k.session_id = $1 AND k.chat_jid = $2 AND k.from_me = $3 AND k.wa_message_id = $4
      AND m.status IN ('expired', 'failed') AND m.wa IS NOT NULL LIMIT 1`,
};

/** The file of a message that was given up, for an answer of the phone that comes after that. */
export async function findLostMedia(
  db: Queryable,
  { sessionId, chatJid, fromMe, waMessageId }: Pick<Download, 'sessionId' | 'chatJid' | 'fromMe' | 'waMessageId'>,
): Promise<{ mediaId: string; reference: WhatsAppReference } | null> {
  const { rows } = await db.query<{ mediaId: string; reference: WhatsAppReference }>({
    ...FIND_LOST,
    values: [sessionId, chatJid, fromMe, waMessageId],
  });
  return rows[0] ?? null;
}

const REQUEST = {
  name: 'request-download',
  text: `WITH asked AS (
    UPDATE media m SET status = 'pending', error_code = NULL, error_message = NULL
    WHERE m.id = $1 AND m.direction = 'inbound' AND m.status <> 'ready' AND m.wa IS NOT NULL AND m.session_id IS NOT NULL
    RETURNING m.id, m.session_id
  ), queued AS (
    INSERT INTO media_downloads (media_id, session_id) SELECT id, session_id FROM asked
    ON CONFLICT (media_id) DO UPDATE SET attempts = 0, not_before = least(media_downloads.not_before, now())
  )
  SELECT session_id AS "sessionId" FROM asked`,
};

/**
 * Has the owner of the session fetch a received file: one that was given up, or that is not fetched at arrival. No
 * fence: who asks moves nothing that the owner has in hand.
 *
 * @returns the session to notify; `null`: it is there already, or can never be fetched
 */
export async function requestDownload(db: Queryable, mediaId: string): Promise<string | null> {
  const { rows } = await db.query<{ sessionId: string }>({ ...REQUEST, values: [mediaId] });
  return rows[0]?.sessionId ?? null;
}

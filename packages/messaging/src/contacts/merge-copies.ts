import { FENCE_MANY, fenceParameters, type Ownership } from '@wa-gate/cluster';
import type { Queryable } from '@wa-gate/db';

/**
 * Messages of a session that are one: the same WhatsApp id, stored once for each name of a chat, from before these
 * names were known to be one person's.
 */
export interface Copies {
  sessionId: string;
  /** The row of `contact_merges` that makes the names those of one person. */
  mergeId: number;
  messageIds: string[];
}

/** Copies that have become one message. */
export interface MergedCopies {
  sessionId: string;
  mergeId: number;
  /** The message that is left. */
  messageId: string;
  /** Ids that find it from now on. */
  mergedMessageIds: string[];
}

/** A change of a contact that no event has told yet: the key of a row of `contact_merges`. */
export interface WaitingMerge {
  sessionId: string;
  mergeId: number;
}

/**
 * Reads the names of one chat by the index of `message_keys`, and looks for each under the other name. It runs once for
 * each change of a contact.
 */
const FIND = {
  name: 'find-message-copies',
  text: `WITH waiting AS (
      SELECT session_id, id, data FROM contact_merges WHERE session_id = ANY($1::uuid[]) ORDER BY session_id, id LIMIT $2
    ), names AS (
      SELECT w.session_id, w.id, j.jid FROM waiting w CROSS JOIN LATERAL jsonb_array_elements_text(w.data->'jids') AS j(jid)
    ), pairs AS (
      SELECT a.session_id, a.id, p.from_me, p.wa_message_id, p.one, p.other FROM names a
      JOIN names b ON b.session_id = a.session_id AND b.id = a.id AND b.jid > a.jid
      CROSS JOIN LATERAL (SELECT x.from_me, x.wa_message_id, x.message_id AS one, y.message_id AS other FROM message_keys x
        JOIN message_keys y ON y.session_id = x.session_id AND y.chat_jid = b.jid AND y.from_me = x.from_me AND y.wa_message_id = x.wa_message_id
        WHERE x.session_id = a.session_id AND x.chat_jid = a.jid AND y.message_id <> x.message_id) p
    ), copies AS (
      SELECT session_id, id, array_agg(DISTINCT m.message_id) AS ids
      FROM pairs CROSS JOIN LATERAL (VALUES (one), (other)) AS m(message_id) GROUP BY session_id, id, from_me, wa_message_id
    )
    SELECT (SELECT coalesce(json_agg(json_build_object('sessionId', session_id, 'mergeId', id) ORDER BY session_id, id), '[]') FROM waiting) AS waiting,
      (SELECT coalesce(json_agg(json_build_object('sessionId', session_id, 'mergeId', id, 'messageIds', ids) ORDER BY session_id, id), '[]')
        FROM copies) AS copies`,
};

/**
 * The changes of contacts that no event has told yet to these sessions, the oldest first, with the copies among the
 * messages of each.
 */
export async function findCopiesOfMessages(
  db: Queryable,
  sessionIds: readonly string[],
  limit: number,
): Promise<{ waiting: WaitingMerge[]; copies: Copies[] }> {
  const { rows } = await db.query<{ waiting: WaitingMerge[]; copies: Copies[] }>({
    ...FIND,
    values: [sessionIds, limit],
  });
  return rows[0]!;
}

const OWNED = { name: 'owned-for-copies', text: `WITH ${FENCE_MANY} SELECT session_id AS "sessionId" FROM fence` };

/** In the order of the ids, as all that locks several messages. */
const LOCK = {
  name: 'lock-message-copies',
  text: `SELECT m.id, m.is_stub AS "isStub", EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = m.id) AS "isOfApi"
    FROM messages m WHERE m.id = ANY($1::uuid[]) ORDER BY m.id FOR UPDATE OF m`,
};

const PAIR = 'pair AS (SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS p(gone, kept))';

/**
 * The message that is left gets the present state of all: deleted when one was, as the latest edit has it, readable
 * when one can be read. What was sent from here is as far as its outbox says.
 */
const UNITE = {
  name: 'unite-message-copies',
  text: `WITH ${PAIR}, members AS (
      SELECT kept, gone AS id FROM pair UNION SELECT kept, kept FROM pair
    ), best AS (
      SELECT DISTINCT ON (g.kept) g.kept, m.kind, m.text, m.content, m.context, m.is_stub, m.edited_at, m.revoked_at
      FROM members g JOIN messages m ON m.id = g.id
      ORDER BY g.kept, m.revoked_at IS NULL, m.edited_at DESC NULLS LAST, m.is_stub, m.id <> g.kept, m.id
    ), whole AS (
      SELECT g.kept, max(m.state) AS state, min(m.sent_at) AS sent_at, min(m.delivered_at) AS delivered_at, min(m.read_at) AS read_at,
        min(m.deleted_for_me_at) AS deleted_for_me_at,
        (array_agg(m.secret ORDER BY m.id) FILTER (WHERE m.secret IS NOT NULL))[1] AS secret,
        (array_agg(m.sender_name ORDER BY m.id) FILTER (WHERE m.sender_name IS NOT NULL))[1] AS sender_name,
        min(m.chat_jid) FILTER (WHERE m.id <> g.kept) AS other_chat
      FROM members g JOIN messages m ON m.id = g.id GROUP BY g.kept
    )
    UPDATE messages m SET kind = b.kind, text = b.text, content = b.content, context = coalesce(b.context, m.context), is_stub = b.is_stub,
      edited_at = b.edited_at, revoked_at = b.revoked_at, deleted_for_me_at = w.deleted_for_me_at, secret = coalesce(m.secret, w.secret),
      sender_name = coalesce(m.sender_name, w.sender_name), chat_alt_jid = coalesce(m.chat_alt_jid, w.other_chat),
      state = CASE WHEN EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = m.id) THEN m.state ELSE w.state END,
      sent_at = coalesce(m.sent_at, w.sent_at), delivered_at = coalesce(m.delivered_at, w.delivered_at), read_at = coalesce(m.read_at, w.read_at)
    FROM best b JOIN whole w USING (kept) WHERE m.id = b.kept`,
};

/** What belonged to the others belongs to the message that is left: names, changes, receipts, files, former ids. */
const MOVE = {
  name: 'move-to-merged-message',
  text: `WITH ${PAIR}, names AS (
      SELECT p.gone, p.kept, m.session_id, m.from_me, m.wa_message_id, n.chat_jid FROM pair p JOIN messages m ON m.id = p.gone
      CROSS JOIN LATERAL (SELECT m.chat_jid UNION SELECT a.chat_jid FROM message_aliases a WHERE a.message_id = p.gone) n
    ), named AS (
      UPDATE message_keys k SET message_id = n.kept FROM names n
      WHERE k.session_id = n.session_id AND k.chat_jid = n.chat_jid AND k.from_me = n.from_me AND k.wa_message_id = n.wa_message_id
        AND k.message_id = n.gone
    ), changes AS (
      UPDATE message_changes c SET message_id = p.kept FROM pair p WHERE c.message_id = p.gone
    ), to_send AS (
      UPDATE outbox o SET change_of = p.kept FROM pair p JOIN message_changes c ON c.message_id = p.gone AND c.state IS NOT NULL
      WHERE o.message_id = c.id
    ), typed AS (
      UPDATE phone_messages t SET message_id = n.kept FROM names n
      WHERE t.session_id = n.session_id AND t.wa_message_id = n.wa_message_id AND t.message_id = n.gone
    ), receipts AS (
      INSERT INTO message_receipts AS k (message_id, jid, delivered_at, read_at, played_at)
      SELECT p.kept, r.jid, min(r.delivered_at), min(r.read_at), min(r.played_at) FROM pair p JOIN message_receipts r ON r.message_id = p.gone
      GROUP BY p.kept, r.jid ORDER BY p.kept, r.jid
      ON CONFLICT (message_id, jid) DO UPDATE SET delivered_at = least(k.delivered_at, excluded.delivered_at),
        read_at = least(k.read_at, excluded.read_at), played_at = least(k.played_at, excluded.played_at)
    ), files AS (
      UPDATE media d SET message_id = p.kept FROM pair p WHERE d.message_id = p.gone
    ), followed AS (
      UPDATE message_aliases a SET message_id = p.kept FROM pair p WHERE a.message_id = p.gone
    )
    INSERT INTO message_aliases (id, message_id, chat_jid) SELECT p.gone, p.kept, m.chat_jid FROM pair p JOIN messages m ON m.id = p.gone`,
};

/** Of the changes that counted for each of the copies, one counts: the first deletion, the latest of all others. */
const SETTLE = {
  name: 'settle-merged-changes',
  text: `UPDATE message_changes c SET is_current = false WHERE c.message_id = ANY($1::uuid[]) AND c.is_current AND EXISTS (
      SELECT 1 FROM message_changes o WHERE o.message_id = c.message_id AND o.is_current AND o.kind = c.kind AND o.id <> c.id
        AND (c.kind <> 'reaction' OR o.from_me = c.from_me)
        AND CASE c.kind WHEN 'revoke' THEN (o.wa_timestamp, o.id) < (c.wa_timestamp, c.id) ELSE (o.wa_timestamp, o.id) > (c.wa_timestamp, c.id) END)`,
};

const DELETE = { name: 'delete-message-copies', text: 'DELETE FROM messages WHERE id = ANY($1::uuid[])' };

/**
 * Makes one message of each group of copies, in a transaction of the caller and under the fence of their sessions (I2).
 * What was sent by the API stays, else what can be read, else the older one. The other ids go on finding it. Copies
 * that are gone meanwhile are left out, so a repetition does nothing.
 */
export async function mergeCopies(
  client: Queryable,
  owners: readonly Ownership[],
  groups: readonly Copies[],
): Promise<MergedCopies[]> {
  const { sessionIds, epochs } = fenceParameters(owners);
  const owned = await client.query<{ sessionId: string }>({ ...OWNED, values: [sessionIds, epochs] });
  const isOwned = new Set(owned.rows.map(({ sessionId }) => sessionId));
  const mine = groups.filter(({ sessionId }) => isOwned.has(sessionId));
  const { rows } = await client.query<{ id: string; isStub: boolean; isOfApi: boolean }>({
    ...LOCK,
    values: [mine.flatMap(({ messageIds }) => messageIds)],
  });
  const there = new Map(rows.map((row) => [row.id, row]));
  const rankOf = (id: string) => (there.get(id)!.isOfApi ? 0 : there.get(id)!.isStub ? 2 : 1);
  const merged = unionOf(mine).flatMap(({ sessionId, mergeId, messageIds }): MergedCopies[] => {
    const [messageId, ...mergedMessageIds] = messageIds
      .filter((id) => there.has(id))
      .sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1));
    return messageId === undefined || mergedMessageIds.length === 0
      ? []
      : [{ sessionId, mergeId, messageId, mergedMessageIds }];
  });
  if (merged.length > 0) await unite(client, merged);
  return merged;
}

/**
 * Each message in one group: a contact whose changes wait in several rows has its copies in each, and in the later ones
 * under more names. The last of the rows tells.
 */
function unionOf(groups: readonly Copies[]): Copies[] {
  const union = new Map<string, Copies>();
  for (const group of groups) {
    const others = new Set(group.messageIds.flatMap((id) => union.get(id) ?? []));
    const messageIds = [...new Set([...group.messageIds, ...[...others].flatMap((other) => other.messageIds)])];
    const whole = { ...group, messageIds };
    for (const id of messageIds) union.set(id, whole);
  }
  return [...new Set(union.values())];
}

async function unite(client: Queryable, merged: readonly MergedCopies[]): Promise<void> {
  const pairs = merged.flatMap(({ messageId, mergedMessageIds }) => mergedMessageIds.map((gone) => [gone, messageId]));
  const gone = pairs.map(([id]) => id);
  const kept = pairs.map(([, id]) => id);
  await client.query({ ...UNITE, values: [gone, kept] });
  await client.query({ ...MOVE, values: [gone, kept] });
  await client.query({ ...SETTLE, values: [kept] });
  await client.query({ ...DELETE, values: [gone] });
}

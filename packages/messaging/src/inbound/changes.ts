import { FENCE_MANY, fenceParameters, type Ownership } from '@wa-gate/cluster';
import type { ChangeName } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { identitiesAmong, namesOf, peopleOf } from '../contacts/identity-sql.ts';
import { APPEND_TRACED_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from '../events/append-events.ts';
import type { Projected } from './inbound.ts';

/** A change of an earlier message, as it came over WhatsApp. */
export interface InboundChange extends Ownership {
  id: string;
  /** The id of the change itself. */
  waMessageId: string;
  chatJid: string;
  chatAltJid?: string | undefined;
  /** Who made it, under both names where WhatsApp tells them. */
  fromJid: string;
  fromAltJid?: string | undefined;
  fromMe: boolean;
  senderName?: string | undefined;
  /** WhatsApp's server has marked it as that of a group's administrator. */
  byAdmin: boolean;
  /** The changed message, as the author of the change names it. Of two messages with this id `fromMe` decides. */
  target: { waMessageId: string; fromMe: boolean };
  /** `sealed`: encrypted with the secret of its message, which has not come yet. */
  kind: ChangeName | 'sealed';
  data: Record<string, unknown>;
  waTimestamp: Date;
  /** `traceparent` of its arrival, while that is traced. */
  trace?: string | undefined;
}

/** The changes of one session that may wait for their messages. A later one takes the place of the oldest. */
export const WAITING_CHANGES_OF_SESSION = 1_000;

/** Days for which a change waits. Later no copy of its message comes any more. */
export const CHANGE_WAITING_DAYS = 14;

const IN_GROUP = `t.chat_jid LIKE '%@g.us'`;

/**
 * SQL: the change `t` is by the author of the message `m`. In a group the names are compared. A number and a LID cannot
 * be compared when the stanza has told no other name: then the author gets the benefit of the doubt.
 */
const BY_AUTHOR = `CASE WHEN m.from_me OR t.from_me THEN m.from_me AND t.from_me
    WHEN ${IN_GROUP} THEN m.from_jid IN (t.from_jid, t.from_alt_jid)
      OR (t.from_alt_jid IS NULL AND split_part(m.from_jid, '@', 2) <> split_part(t.from_jid, '@', 2))
    ELSE true END`;

/** SQL: `c` and `j` are changes by the same person in the same chat. */
const SAME_PERSON = (
  c: string,
  j: string,
) => `${c}.from_me = ${j}.from_me AND (${c}.from_me OR ${c}.chat_jid NOT LIKE '%@g.us'
    OR ARRAY[${c}.from_jid, ${c}.from_alt_jid] && ARRAY[${j}.from_jid, ${j}.from_alt_jid])`;

/** SQL: the changes of a message that each person has one of. */
const OF_EACH_PERSON = `('reaction', 'vote', 'answer')`;

/** The file types, whose caption may be edited as a text. */
const HAS_CAPTION = `m.kind IN ('image', 'video', 'document')`;

/**
 * Records changes and applies those that count. The messages are found by chat, under any of its names, and id alone:
 * whose message it is, the author of a change may tell wrongly.
 *
 * An edit counts when it is by the author and not older than the last one; a deletion when it is by the author or an
 * administrator, and the first; a reaction, a vote or an answer when its person has no later one. What does not count
 * is kept in the history and makes no event. What nobody may do is not kept. The statement reads each message as it was
 * before it: see `oneEach` for why that is enough. Reactions, votes and answers are read from the history and do not
 * update the message.
 *
 * A change that the API has made is in the table since it was accepted, and its row is found by its id: whoever brings
 * it (the acknowledgement, or a copy of it), it counts from now on, and its outbox row is done. Its event is in the
 * trace of that row.
 *
 * `evicted` keeps the number of changes without a message bounded, and runs only when one is added.
 */
const APPLY = {
  name: 'apply-changes',
  text: `WITH ${FENCE_MANY}, came AS (
    SELECT i.session_id, coalesce(p.id, i.id) AS id, i.change, i.wa_message_id, i.target, i.target_from_me, i.chat_jid, i.chat_alt_jid,
      coalesce(p.from_jid, i.from_jid) AS from_jid, i.from_alt_jid, i.from_me, i.by_admin, i.sender_name, i.data, i.wa_timestamp, i.trace, i.ord,
      p.id AS own_id, p.message_id AS own_target
    FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::bool[], $9::text[], $10::text[], $11::text[],
        $12::text[], $13::bool[], $14::bool[], $15::text[], $16::jsonb[], $17::timestamptz[], $20::text[])
      WITH ORDINALITY AS i(session_id, id, change, wa_message_id, target, target_from_me, chat_jid, chat_alt_jid, from_jid, from_alt_jid,
        from_me, by_admin, sender_name, data, wa_timestamp, trace, ord)
    JOIN fence USING (session_id)
    LEFT JOIN message_changes p ON i.from_me AND p.from_me AND p.session_id = i.session_id AND p.wa_message_id = i.wa_message_id
      AND p.state IS NOT NULL
  ), targeted AS (
    SELECT c.*, coalesce(c.own_target, k.message_id) AS target_id FROM came c JOIN sessions s ON s.id = c.session_id LEFT JOIN LATERAL (
      SELECT k.message_id FROM (SELECT c.chat_alt_jid UNION SELECT jid FROM ${namesOf('s.workspace_id', 'c.chat_jid')} AS o(jid)) AS n(jid)
      CROSS JOIN LATERAL (SELECT message_id, from_me FROM message_keys
        WHERE session_id = c.session_id AND chat_jid = n.jid AND from_me IN (true, false) AND wa_message_id = c.target OFFSET 0) k
      ORDER BY k.from_me = c.target_from_me DESC LIMIT 1) k ON true
  ), judged AS (
    SELECT t.*, m.id AS message_id, m.kind AS old_kind, m.text AS old_text, m.content AS old_content, m.is_stub,
      ${BY_AUTHOR} AS by_author,
      CASE t.change WHEN 'edit' THEN m.revoked_at IS NULL AND (m.edited_at IS NULL OR t.wa_timestamp >= m.edited_at)
        WHEN 'revoke' THEN m.revoked_at IS NULL
        WHEN 'sealed' THEN false
        ELSE NOT EXISTS (SELECT 1 FROM message_changes c WHERE c.message_id = m.id AND c.is_current AND c.kind = t.change
          AND c.wa_timestamp > t.wa_timestamp AND (t.change NOT IN ${OF_EACH_PERSON} OR ${SAME_PERSON('c', 't')})) END AS counts
    FROM targeted t LEFT JOIN messages m ON m.id = t.target_id AND t.change <> 'sealed' AND (t.change = 'revoke' OR NOT m.is_stub)
  ), allowed AS (
    SELECT *, message_id IS NOT NULL AND counts AS applies FROM judged
    WHERE message_id IS NULL OR CASE change WHEN 'edit' THEN by_author
      WHEN 'revoke' THEN by_author OR (by_admin AND chat_jid LIKE '%@g.us') ELSE true END
  ), kept AS (
    INSERT INTO message_changes AS k (id, session_id, message_id, kind, wa_message_id, target_wa_message_id, target_from_me, chat_jid,
      chat_alt_jid, from_jid, from_alt_jid, from_me, by_admin, sender_name, data, previous, is_current, wa_timestamp, state)
    SELECT id, session_id, message_id, change, wa_message_id, target, target_from_me, chat_jid, chat_alt_jid, from_jid, from_alt_jid,
      from_me, by_admin, sender_name, data,
      CASE WHEN applies AND change IN ('edit', 'revoke')
        THEN jsonb_strip_nulls(jsonb_build_object('type', old_kind, 'text', old_text, 'content', old_content)) END,
      applies, wa_timestamp, CASE WHEN own_id IS NOT NULL THEN 'SENT'::"MessageState" END
    FROM allowed ORDER BY ord
    ON CONFLICT (session_id, wa_message_id, from_me) DO UPDATE SET state = 'SENT', error_code = NULL, error_message = NULL,
      data = excluded.data, by_admin = excluded.by_admin, previous = excluded.previous, is_current = excluded.is_current,
      wa_timestamp = excluded.wa_timestamp WHERE k.state <> 'SENT'
    RETURNING id
  ), settled AS (
    UPDATE outbox o SET state = 'SENT' FROM came c WHERE o.message_id = c.own_id AND o.state <> 'SENT'
  ), effective AS (
    SELECT a.* FROM allowed a JOIN kept USING (id) WHERE a.applies
  ), replaced AS (
    UPDATE message_changes c SET is_current = false FROM effective j
    WHERE c.message_id = j.message_id AND c.kind = j.change AND c.is_current AND (j.change NOT IN ${OF_EACH_PERSON} OR ${SAME_PERSON('c', 'j')})
  ), changed AS (
    UPDATE messages m SET
      kind = CASE WHEN j.change = 'revoke' OR (j.data->>'type' = 'text' AND ${HAS_CAPTION}) THEN m.kind ELSE j.data->>'type' END,
      text = CASE WHEN j.change = 'edit' THEN j.data->>'text' END,
      content = CASE WHEN j.change = 'revoke' THEN NULL
        WHEN j.data->>'type' = m.kind OR (j.data->>'type' = 'text' AND ${HAS_CAPTION})
          THEN nullif(coalesce(m.content, '{}') || coalesce(j.data->'content', '{}'), '{}')
        ELSE j.data->'content' END,
      edited_at = CASE WHEN j.change = 'edit' THEN j.wa_timestamp END,
      revoked_at = CASE WHEN j.change = 'revoke' THEN j.wa_timestamp END,
      is_stub = false
    FROM effective j WHERE m.id = j.message_id AND j.change IN ('edit', 'revoke')
    RETURNING j.id, m.kind, m.text, m.content
  ), evicted AS (
    DELETE FROM message_changes w USING (SELECT DISTINCT a.session_id FROM allowed a JOIN kept USING (id) WHERE a.message_id IS NULL) s
      CROSS JOIN LATERAL (SELECT o.id FROM message_changes o WHERE o.session_id = s.session_id AND o.message_id IS NULL
        ORDER BY o.id DESC OFFSET ${WAITING_CHANGES_OF_SESSION - 1}) old
    WHERE w.id = old.id
  ), projected AS (
    UPDATE inbound_journal j SET projected_at = now(), stanza = NULL, plaintext = NULL
    FROM fence f JOIN unnest($18::uuid[], $19::bytea[]) AS d(session_id, hash) USING (session_id)
    WHERE j.session_id = d.session_id AND j.hash = d.hash AND j.projected_at IS NULL
  ), new_events AS (
    SELECT j.session_id, f.epoch, j.ord,
      CASE WHEN j.own_id IS NULL THEN j.trace ELSE (SELECT o.trace FROM outbox o WHERE o.message_id = j.own_id) END AS trace,
      CASE j.change WHEN 'edit' THEN 'message.edited' WHEN 'revoke' THEN 'message.revoked' WHEN 'vote' THEN 'poll.vote'
        WHEN 'answer' THEN 'message.answer' ELSE 'message.reaction' END AS type,
      jsonb_strip_nulls(jsonb_build_object('messageId', j.message_id, 'waMessageId', j.target, 'changeId', j.wa_message_id,
        'chat', j.chat_jid, 'chatAlt', j.chat_alt_jid, 'from', j.from_jid, 'fromMe', j.from_me, 'senderName', j.sender_name,
        'source', CASE WHEN j.own_id IS NOT NULL THEN 'api' WHEN j.from_me THEN 'phone' END,
        'timestamp', extract(epoch FROM j.wa_timestamp)::bigint) || CASE j.change
        WHEN 'edit' THEN jsonb_build_object('type', c.kind, 'text', c.text, 'content', c.content)
        WHEN 'revoke' THEN jsonb_build_object('byAdmin', NOT coalesce(j.by_author, false))
        WHEN 'vote' THEN j.data || jsonb_build_object('name', j.old_text, 'isRemoved', j.data->'options' = '[]' AND NOT j.data ? 'unknownOptions')
        WHEN 'answer' THEN j.data || jsonb_build_object('name', j.old_text)
        ELSE jsonb_build_object('emoji', j.data->>'emoji', 'isRemoved', j.data->>'emoji' = '') END)
        || ${identitiesAmong('who')} AS data
    FROM effective j JOIN fence f USING (session_id) JOIN sessions s ON s.id = j.session_id LEFT JOIN changed c ON c.id = j.id
    CROSS JOIN LATERAL ${peopleOf('s.workspace_id', 'j.chat_jid', 'j.from_jid')} AS who
    WHERE j.change IN ('edit', 'revoke', 'reaction', 'vote', 'answer')
  ), ${APPEND_TRACED_EVENTS}
  SELECT (SELECT coalesce(json_agg(session_id), '[]') FROM fence) AS owned,
    (SELECT coalesce(json_agg(id), '[]') FROM kept) AS kept,
    (SELECT coalesce(json_agg(id), '[]') FROM judged WHERE id NOT IN (SELECT id FROM allowed)) AS refused, ${APPENDED_COLUMNS}`,
};

export interface AppliedChanges extends Appended {
  /** Ids of changes that were new; the others had come before. */
  kept: string[];
  /** Ids of changes that their author may not make; they are not kept. */
  refused: string[];
  /** Sessions of the batch that this worker does not own any more. */
  stale: string[];
}

/**
 * Records a batch of changes with their events, and marks the journal rows that are done, in one statement under the
 * fence (I2, I5). A change that has come before does nothing.
 *
 * @param changes at most one for each message and, of reactions, person: see `oneEach`
 */
export async function applyChanges(
  db: Queryable,
  changes: readonly InboundChange[],
  projected: readonly Projected[] = [],
): Promise<AppliedChanges> {
  const { sessionIds, epochs } = fenceParameters([...changes, ...projected]);
  const column = <T>(read: (change: InboundChange) => T) => changes.map(read);
  const { rows } = await db.query<AppliedChanges & { owned: string[] }>({
    ...APPLY,
    values: [
      sessionIds,
      epochs,
      column((c) => c.sessionId),
      column((c) => c.id),
      column((c) => c.kind),
      column((c) => c.waMessageId),
      column((c) => c.target.waMessageId),
      column((c) => c.target.fromMe),
      column((c) => c.chatJid),
      column((c) => c.chatAltJid ?? null),
      column((c) => c.fromJid),
      column((c) => c.fromAltJid ?? null),
      column((c) => c.fromMe),
      column((c) => c.byAdmin),
      column((c) => c.senderName ?? null),
      column((c) => JSON.stringify(c.data)),
      column((c) => c.waTimestamp),
      projected.map(({ sessionId }) => sessionId),
      projected.map(({ hash }) => hash),
      column((c) => c.trace ?? null),
    ],
  });
  const row = rows[0]!;
  const owned = new Set(row.owned);
  return {
    ...readAppended(row),
    kept: row.kept,
    refused: row.refused,
    stale: sessionIds.filter((id) => !owned.has(id)),
  };
}

/** The message of an encrypted change: how the key of the change is derived. */
export interface SecretOfTarget {
  /** The place of the change in the question. */
  index: number;
  /** `null`: a message that was sent from here, whose secret is derived, or one of which none is known. */
  secret: Buffer | null;
  fromMe: boolean;
  fromJid: string | null;
  /** What it is: of a poll `content` has the options. */
  type: string;
  content: Record<string, unknown> | null;
  /** All names under which its author and the author of the change are known. */
  authors: string[];
  changers: string[];
}

const FIND_SECRETS = {
  name: 'find-message-secrets',
  text: `SELECT t.index::int - 1 AS index, m.secret, m.from_me AS "fromMe", m.from_jid AS "fromJid", m.kind AS type, m.content,
      ARRAY(SELECT jid FROM ${namesOf('s.workspace_id', 'm.from_jid')} AS a(jid) WHERE jid IS NOT NULL) AS authors,
      ARRAY(SELECT jid FROM ${namesOf('s.workspace_id', 't.from_jid')} AS c(jid)) AS changers
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bool[], $6::text[])
      WITH ORDINALITY AS t(session_id, chat_jid, chat_alt_jid, target, target_from_me, from_jid, index)
    JOIN sessions s ON s.id = t.session_id
    CROSS JOIN LATERAL (
      SELECT k.message_id FROM (SELECT t.chat_alt_jid UNION SELECT jid FROM ${namesOf('s.workspace_id', 't.chat_jid')} AS o(jid)) AS n(jid)
      CROSS JOIN LATERAL (SELECT message_id, from_me FROM message_keys
        WHERE session_id = t.session_id AND chat_jid = n.jid AND from_me IN (true, false) AND wa_message_id = t.target OFFSET 0) k
      ORDER BY k.from_me = t.target_from_me DESC LIMIT 1) k
    JOIN messages m ON m.id = k.message_id WHERE NOT m.is_stub`,
};

/** Finds the messages of encrypted changes. One that is missing has not come, or could not be read. */
export async function findSecrets(db: Queryable, changes: readonly InboundChange[]): Promise<SecretOfTarget[]> {
  const { rows } = await db.query<SecretOfTarget>({
    ...FIND_SECRETS,
    values: [
      changes.map(({ sessionId }) => sessionId),
      changes.map(({ chatJid }) => chatJid),
      changes.map(({ chatAltJid }) => chatAltJid ?? null),
      changes.map(({ target }) => target.waMessageId),
      changes.map(({ target }) => target.fromMe),
      changes.map(({ fromJid }) => fromJid),
    ],
  });
  return rows;
}

const TAKE_WAITING = {
  name: 'take-waiting-changes',
  text: `WITH taken AS (
    DELETE FROM message_changes w USING unnest($1::uuid[], $2::bigint[], $3::text[]) AS m(session_id, epoch, wa_message_id)
    WHERE w.session_id = m.session_id AND w.target_wa_message_id = m.wa_message_id AND w.message_id IS NULL
    RETURNING w.*, m.epoch
  ) SELECT DISTINCT ON (id) session_id AS "sessionId", epoch, id, kind, wa_message_id AS "waMessageId", chat_jid AS "chatJid",
    chat_alt_jid AS "chatAltJid", from_jid AS "fromJid", from_alt_jid AS "fromAltJid", from_me AS "fromMe", by_admin AS "byAdmin",
    sender_name AS "senderName", data, wa_timestamp AS "waTimestamp",
    json_build_object('waMessageId', target_wa_message_id, 'fromMe', target_from_me) AS target
  FROM taken ORDER BY id`,
};

/**
 * Takes the changes that wait for these messages out of the table, in the order in which they came. The caller holds
 * the fence of their sessions in the same transaction, and applies or keeps each.
 */
export async function takeWaitingChanges(
  db: Queryable,
  messages: readonly (Ownership & { waMessageId: string })[],
): Promise<InboundChange[]> {
  const { rows } = await db.query<InboundChange>({
    ...TAKE_WAITING,
    values: [
      messages.map(({ sessionId }) => sessionId),
      messages.map(({ epoch }) => epoch),
      messages.map(({ waMessageId }) => waMessageId),
    ],
  });
  return rows;
}

const SWEEP = {
  name: 'sweep-waiting-changes',
  text: `DELETE FROM message_changes WHERE id IN (
    SELECT id FROM message_changes WHERE message_id IS NULL AND created_at < now() - make_interval(days => $1) LIMIT $2)`,
};

/** Deletes changes that have waited for {@link CHANGE_WAITING_DAYS}, at most `limit`. Returns the count. */
export async function sweepWaitingChanges(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ ...SWEEP, values: [CHANGE_WAITING_DAYS, limit] });
  return rowCount ?? 0;
}

import { inTransaction, type Pool } from '@wa-gate/db';
import { eraseGapChats } from '../history/gaps.ts';
import { lockContacts, UNDER_LOCK } from './learn.ts';

/** Messages of one transaction. */
const BATCH = 500;
/** Messages that are looked at in one statement: nothing leads to the messages of one member of a group. */
const PAGE = 20_000;

/** The messages of the chats with the person, by the names of messages and by the other name of the chat. */
const OF_CHATS = {
  name: 'erase-find-chats',
  text: `SELECT k.message_id AS id FROM message_keys k WHERE k.session_id = $1 AND k.chat_jid = ANY($2::text[])
    UNION SELECT m.id FROM messages m WHERE m.session_id = $1 AND m.chat_alt_jid = ANY($2::text[]) LIMIT ${BATCH}`,
};

/** A page of the messages of a session: which of them the person wrote, and where the next page begins. */
const BY_PERSON = {
  name: 'erase-find-writer',
  text: `WITH page AS (
      SELECT id, from_jid FROM messages WHERE session_id = $1 AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT ${PAGE}
    )
    SELECT (SELECT coalesce(json_agg(id), '[]') FROM page WHERE from_jid = ANY($2::text[])) AS ids,
      (SELECT id FROM page ORDER BY id DESC LIMIT 1) AS last, (SELECT count(*) FROM page) AS count`,
};

/**
 * The events stay, because they are numbered without gaps (I11): what they say of the person goes. They keep the shape
 * that their schemas promise.
 */
const BLANK_EVENTS = {
  name: 'erase-blank-events',
  text: `UPDATE events e SET data = e.data - '{text,content,senderName,chatAlt,identities}'::text[]
      || CASE WHEN e.data ? 'chat' THEN '{"chat":"erased"}'::jsonb ELSE '{}' END
      || CASE WHEN e.data ? 'from' THEN '{"from":"erased"}'::jsonb ELSE '{}' END
      || CASE WHEN e.data ? 'to' THEN '{"to":"erased"}'::jsonb ELSE '{}' END
      || CASE WHEN e.data ? 'media'
        THEN jsonb_build_object('media', jsonb_build_object('mediaId', e.data->'media'->'mediaId', 'status', 'expired')) ELSE '{}' END
      || CASE WHEN e.data ? 'media' THEN jsonb_build_object('media',
        jsonb_build_object('mediaId', e.data->'media'->'mediaId', 'status', 'expired')) ELSE '{}' END
    FROM (SELECT unnest($1::text[]) AS id UNION SELECT a.id::text FROM message_aliases a WHERE a.message_id = ANY($1::uuid[])) m
    WHERE e.data ? 'messageId' AND e.data->>'messageId' = m.id`,
};
/** Of the messages and of their changes. A repeated request would be answered with a message that is gone. */
const FORGET_KEYS = {
  name: 'erase-keys',
  text: `DELETE FROM idempotency_keys WHERE session_id = $1 AND (message_id = ANY($2::uuid[])
    OR message_id IN (SELECT id FROM message_changes WHERE message_id = ANY($2::uuid[])))`,
};
const DELETE_MESSAGES = { name: 'erase-messages', text: 'DELETE FROM messages WHERE id = ANY($1::uuid[])' };

/**
 * The reports of broadcasts keep their rows, which their counts are equal to. Who has opted out stays in the list of
 * those who must not be written to.
 */
const BLANK_RECIPIENTS = {
  name: 'erase-recipients',
  text: `UPDATE broadcast_recipients SET given = 'erased', jid = NULL, name = NULL, variables = NULL
    WHERE broadcast_id IN (SELECT id FROM broadcasts WHERE workspace_id = $1) AND jid = ANY($2::text[])
      AND state NOT IN ('pending', 'queued')`,
};

/**
 * Deletes what a workspace knows of a person: its contact, and with `messages` those of the chats with it and those
 * that it wrote in groups, also from the events. Works in small transactions; a second call finishes what a crash has
 * left. Whoever writes afterwards is a new contact.
 *
 * @returns the count of deleted messages
 */
export async function eraseContact(
  pool: Pool,
  contact: { workspaceId: string; contactId: string; jids: readonly string[] },
  { messages }: { messages: boolean },
): Promise<number> {
  const { workspaceId, contactId, jids } = contact;
  const { rows: sessions } = await pool.query<{ id: string }>('SELECT id FROM sessions WHERE workspace_id = $1', [
    workspaceId,
  ]);
  let erased = 0;
  // A deleted message is no longer known, and an answer of the phone would bring it again.
  if (messages) await eraseGapChats(pool, workspaceId, jids);
  for (const { id } of messages ? sessions : []) erased += await eraseMessages(pool, id, jids);
  await inTransaction(
    pool,
    async (client) => {
      await lockContacts(client, [workspaceId]);
      await client.query('DELETE FROM contacts WHERE workspace_id = $1 AND (id = $2 OR merged_into = $2)', [
        workspaceId,
        contactId,
      ]);
      await client.query(
        'DELETE FROM session_contacts WHERE jid = ANY($2) AND session_id IN (SELECT id FROM sessions WHERE workspace_id = $1)',
        [workspaceId, jids],
      );
      await client.query(
        'DELETE FROM contact_mappings WHERE workspace_id = $1 AND (number_jid = ANY($2) OR lid = ANY($2))',
        [workspaceId, jids],
      );
      await client.query('DELETE FROM contact_profiles WHERE workspace_id = $1 AND jid = ANY($2)', [workspaceId, jids]);
      await client.query('DELETE FROM number_checks WHERE workspace_id = $1 AND (jid = ANY($2) OR number = ANY($3))', [
        workspaceId,
        jids,
        jids.map((jid) => jid.split('@')[0]),
      ]);
    },
    UNDER_LOCK,
  );
  if (messages) await pool.query({ ...BLANK_RECIPIENTS, values: [workspaceId, jids] });
  if (messages)
    await blankChanges(
      pool,
      sessions.map(({ id }) => id),
      contactId,
    );
  return erased;
}

async function eraseMessages(pool: Pool, sessionId: string, jids: readonly string[]): Promise<number> {
  let erased = 0;
  for (;;) {
    const { rows } = await pool.query<{ id: string }>({ ...OF_CHATS, values: [sessionId, jids] });
    if (rows.length === 0) break;
    erased += await deleteMessages(
      pool,
      sessionId,
      rows.map(({ id }) => id),
    );
  }
  for (let after: string | null = null; ; ) {
    const { rows } = await pool.query<{ ids: string[]; last: string | null; count: number }>({
      ...BY_PERSON,
      values: [sessionId, jids, after],
    });
    const page: { ids: string[]; last: string | null; count: number } = rows[0]!;
    for (let n = 0; n < page.ids.length; n += BATCH)
      erased += await deleteMessages(pool, sessionId, page.ids.slice(n, n + BATCH));
    if (page.count < PAGE) return erased;
    after = page.last;
  }
}

async function deleteMessages(pool: Pool, sessionId: string, ids: readonly string[]): Promise<number> {
  return inTransaction(pool, async (client) => {
    await client.query({ ...BLANK_EVENTS, values: [ids] });
    await client.query({ ...FORGET_KEYS, values: [sessionId, ids] });
    const { rowCount } = await client.query({ ...DELETE_MESSAGES, values: [ids] });
    return rowCount ?? 0;
  });
}

const EVENTS_PAGE = 50_000;
const BLANK_CHANGES = {
  name: 'erase-blank-changes',
  text: `UPDATE events SET data = data || '{"phoneNumber":null,"lid":null,"name":null,"jids":[]}'
    WHERE session_id = $1 AND seq > $3 AND seq <= $4 AND type = 'contact.merged' AND data->>'contactId' = $2`,
};

async function blankChanges(pool: Pool, sessionIds: readonly string[], contactId: string): Promise<void> {
  for (const sessionId of sessionIds) {
    const { rows } = await pool.query<{ last: number }>(
      'SELECT last_seq AS last FROM session_counters WHERE session_id = $1',
      [sessionId],
    );
    const last = rows[0]?.last ?? 0;
    for (let seq = 0; seq < last; seq += EVENTS_PAGE)
      await pool.query({ ...BLANK_CHANGES, values: [sessionId, contactId, seq, seq + EVENTS_PAGE] });
  }
}

import type { Identity, Label, ListedLabel } from '@wa-gate/contracts';
import { likeAnywhere, type Queryable } from '@wa-gate/db';
import { CHAT_SETTINGS_COLUMNS, identityOf, namesOf, type StoredChatSettings } from '@wa-gate/messaging';
import type { Reach } from '../sessions/index.ts';

/** A chat with who is behind it. */
export interface ChatRecord {
  jid: string;
  slug: string;
  lastMessageId: string;
  unreadCount: number;
  identity: Identity;
  /** How the account shows it; null: as it shows any other. */
  settings: Omit<StoredChatSettings, 'jid' | 'readUpTo'> | null;
  labels: Label[];
}

export interface ChatFilter {
  /** Chats whose last message is below this id. */
  before?: string | undefined;
  isUnread?: boolean | undefined;
  /** A part of a name. */
  name?: string | undefined;
  /** A part of a number. */
  digits?: string | undefined;
  isArchived?: boolean | undefined;
  isPinned?: boolean | undefined;
  isMuted?: boolean | undefined;
  /** Id of a label of WhatsApp Business. */
  labelId?: string | undefined;
}

export interface ChatsRepository {
  /** The latest first. */
  list(reach: Reach, filter: ChatFilter, limit: number): Promise<ChatRecord[]>;
  /** Labels of WhatsApp Business of a session, by their numbers. */
  labels(sessionId: string): Promise<(Omit<ListedLabel, 'updatedAt'> & { updatedAt: Date })[]>;
  /** Ids of the messages with a star that are known here, the newest first. */
  starred(sessionId: string, before: string | undefined, limit: number): Promise<string[]>;
}

const NAMES = namesOf('page.workspace_id', 'page.jid');

/** Chats with one of the settings that are asked for, under all of their names. */
const CHOSEN = `SELECT t.session_id, n.jid, t.is_archived, t.pinned_at IS NOT NULL AS is_pinned, coalesce(t.muted_until > now(), false) AS is_muted
      FROM chat_settings t JOIN sessions s ON s.id = t.session_id CROSS JOIN LATERAL ${namesOf('s.workspace_id', 't.jid')} AS n(jid)
      WHERE num_nonnulls($8::bool, $9::bool, $10::bool) > 0 AND s.workspace_id = $1 AND ($2::uuid IS NULL OR s.id = $2)
        AND (t.is_archived OR t.pinned_at IS NOT NULL OR t.muted_until > now())`;

const has = (parameter: string, column: string): string =>
  `(${parameter}::bool IS NULL OR ((c.session_id, c.jid) IN (SELECT session_id, jid FROM chosen WHERE ${column})) = ${parameter})`;

/**
 * The names of people whom a search means are found once: asking for each chat reads thousands of rows by their keys.
 * So are the chats that are archived, pinned, muted or have a label, of which there are few.
 */
const LIST = {
  name: 'list-chats',
  text: `WITH people AS MATERIALIZED (
      SELECT i.jid FROM contacts k JOIN contact_identities i ON i.contact_id = k.id
      WHERE $5::text IS NOT NULL AND k.workspace_id = $1 AND k.merged_into IS NULL AND (
        concat_ws(E'\\n', k.saved_name, k.book_name, k.push_name, k.business_name, k.verified_name) ILIKE $5
        OR i.jid LIKE $6 OR k.phone_number LIKE $6)
    ), chosen AS MATERIALIZED (${CHOSEN}
    ), labelled AS MATERIALIZED (
      SELECT a.session_id, n.jid FROM wa_label_assignments a JOIN sessions s ON s.id = a.session_id
      CROSS JOIN LATERAL ${namesOf('s.workspace_id', 'a.chat_jid')} AS n(jid)
      WHERE $11::text IS NOT NULL AND s.workspace_id = $1 AND ($2::uuid IS NULL OR s.id = $2) AND a.label_id = $11 AND a.wa_message_id = ''
    )
    SELECT page.*, ${identityOf('page.workspace_id', 'page.jid')} AS identity,
      (SELECT to_jsonb(x) FROM (SELECT ${CHAT_SETTINGS_COLUMNS} FROM chat_settings t
        WHERE t.session_id = page.session_id AND t.jid IN (SELECT jid FROM ${NAMES} AS n(jid)) ORDER BY t.updated_at DESC LIMIT 1) x) AS settings,
      (SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('labelId', l.label_id, 'name', l.name, 'color', l.color)), '[]')
        FROM wa_label_assignments a JOIN wa_labels l USING (session_id, label_id)
        WHERE a.session_id = page.session_id AND a.chat_jid IN (SELECT jid FROM ${NAMES} AS n(jid)) AND a.wa_message_id = ''
          AND NOT l.is_deleted) AS labels
    FROM sessions s CROSS JOIN LATERAL (
      SELECT c.session_id, c.jid, s.slug, s.workspace_id, c.last_message_id AS "lastMessageId", c.unread_count AS "unreadCount" FROM chats c
      WHERE c.session_id = s.id AND ($3::uuid IS NULL OR c.last_message_id < $3)
        AND ($4::bool IS NULL OR (c.unread_count > 0) = $4)
        AND ($5::text IS NULL OR c.jid LIKE $6 OR c.jid IN (SELECT jid FROM people))
        AND ${has('$8', 'is_archived')} AND ${has('$9', 'is_pinned')} AND ${has('$10', 'is_muted')}
        AND ($11::text IS NULL OR (c.session_id, c.jid) IN (SELECT session_id, jid FROM labelled))
      ORDER BY c.last_message_id DESC LIMIT $7
    ) page WHERE s.workspace_id = $1 AND ($2::uuid IS NULL OR s.id = $2)
    ORDER BY page."lastMessageId" DESC LIMIT $7`,
};

const LABELS = {
  name: 'list-labels',
  text: `SELECT l.label_id AS "labelId", l.name, l.color, l.updated_at AS "updatedAt",
      count(a.label_id) FILTER (WHERE a.wa_message_id = '')::int AS "chatCount",
      count(a.label_id) FILTER (WHERE a.wa_message_id <> '')::int AS "messageCount"
    FROM wa_labels l LEFT JOIN wa_label_assignments a USING (session_id, label_id)
    WHERE l.session_id = $1 AND NOT l.is_deleted GROUP BY l.session_id, l.label_id ORDER BY length(l.label_id), l.label_id`,
};

const STARRED = {
  name: 'list-starred-messages',
  text: `SELECT DISTINCT k.message_id AS id FROM starred_messages t JOIN sessions s ON s.id = t.session_id
    CROSS JOIN LATERAL ${namesOf('s.workspace_id', 't.chat_jid')} AS n(jid)
    JOIN message_keys k ON k.session_id = t.session_id AND k.chat_jid = n.jid AND k.from_me = t.from_me AND k.wa_message_id = t.wa_message_id
    WHERE t.session_id = $1 AND ($2::uuid IS NULL OR k.message_id < $2) ORDER BY id DESC LIMIT $3`,
};

export function createChatsRepository(db: Queryable): ChatsRepository {
  return {
    async list({ workspaceId, sessionId }, filter, limit) {
      const { before, isUnread, name, digits, isArchived, isPinned, isMuted, labelId } = filter;
      const { rows } = await db.query<ChatRecord>({
        ...LIST,
        values: [
          workspaceId,
          sessionId ?? null,
          before ?? null,
          isUnread ?? null,
          name === undefined ? null : likeAnywhere(name),
          digits === undefined ? null : likeAnywhere(digits),
          limit,
          isArchived ?? null,
          isPinned ?? null,
          isMuted ?? null,
          labelId ?? null,
        ],
      });
      return rows;
    },
    labels: async (sessionId) => (await db.query({ ...LABELS, values: [sessionId] })).rows,
    async starred(sessionId, before, limit) {
      const { rows } = await db.query<{ id: string }>({ ...STARRED, values: [sessionId, before ?? null, limit] });
      return rows.map(({ id }) => id);
    },
  };
}

import type {
  Identity,
  MessageContext,
  MessageSource,
  MessageStateName,
  MessageTypeName,
  Reaction,
} from '@wa-gate/contracts';
import type { MessageDirection, MessageState, Queryable } from '@wa-gate/db';
import { identityOf } from '@wa-gate/messaging';
import type { Reach } from '../sessions/index.ts';

/** Of a poll its voters and the votes by option, of an event the people by answer. */
interface Counted {
  voters: number;
  by: Record<string, number> | null;
}

/** A message with the state that its outbox row adds. */
export interface MessageRecord {
  id: string;
  sessionId: string;
  workspaceId: string;
  slug: string;
  direction: MessageDirection;
  waMessageId: string;
  chatJid: string;
  fromJid: string | null;
  chatIdentity: Identity;
  /** `null`: of the account itself, which has never been linked. */
  fromIdentity: Identity | null;
  fromMe: boolean;
  source: MessageSource | null;
  /** Of a message to a group: its members beside the account, where they were counted. */
  recipients: number | null;
  senderName: string | null;
  type: MessageTypeName;
  text: string | null;
  content: Record<string, unknown> | null;
  context: MessageContext | null;
  state: MessageStateName;
  errorCode: string | null;
  errorMessage: string | null;
  metadata: Record<string, unknown> | null;
  editedAt: Date | null;
  revokedAt: Date | null;
  reactions: Reaction[] | null;
  /** Of a poll or an event. */
  counted: Counted | null;
  waTimestamp: Date | null;
  sentAt: Date | null;
  deliveredAt: Date | null;
  readAt: Date | null;
  createdAt: Date;
}

export interface MessageFilter {
  /** Ids from this one on. */
  from?: string | undefined;
  /** Ids below this one. */
  before?: string | undefined;
  direction?: MessageDirection | undefined;
  states?: MessageStateName[] | undefined;
  /** All names of the chat. */
  chatJids?: string[] | undefined;
}

export interface MessagesRepository {
  readState(messageId: string): Promise<MessageState | null>;
  find(
    scope: { workspaceId: string; sessionId?: string | undefined; all: boolean },
    id: string,
  ): Promise<MessageRecord | null>;
  /** Newest first. */
  list(reach: Reach, filter: MessageFilter, limit: number): Promise<MessageRecord[]>;
  count(reach: Reach, filter: MessageFilter): Promise<number>;
}

/** SQL: a time as the API writes it. */
export function isoOf(time: string): string {
  return `to_char(${time} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** `SENDING` is not a state of the message: it is what its outbox row says while an attempt runs. */
const STATE = `CASE WHEN m.state = 'QUEUED' AND o.state = 'SENDING' THEN 'SENDING' ELSE m.state::text END`;

/** Of each person the present one, oldest first. Times are text, because they come in JSON. */
const REACTIONS = `(SELECT json_agg(json_build_object('emoji', c.data->>'emoji', 'changeId', c.wa_message_id, 'from', c.from_jid,
    'fromMe', c.from_me, 'senderName', c.sender_name, 'timestamp', ${isoOf('c.wa_timestamp')}) ORDER BY c.wa_timestamp, c.id)
  FROM message_changes c WHERE c.message_id = m.id AND c.kind = 'reaction' AND c.is_current AND c.data->>'emoji' <> '')`;

/**
 * SQL: the votes of a poll, or the answers to an event, that count now. A withdrawn vote chooses nothing; one for
 * options that are not known here counts for its voter alone.
 */
const COUNTED = `CASE WHEN m.kind = 'poll' THEN (SELECT json_build_object('voters', count(DISTINCT c.id), 'by',
      (SELECT json_object_agg(name, votes) FROM (SELECT o.name, count(*) AS votes FROM message_changes v
        CROSS JOIN LATERAL jsonb_array_elements_text(v.data->'options') AS o(name)
        WHERE v.message_id = m.id AND v.kind = 'vote' AND v.is_current GROUP BY o.name) n))
    FROM message_changes c WHERE c.message_id = m.id AND c.kind = 'vote' AND c.is_current
      AND (c.data->'options' <> '[]' OR c.data ? 'unknownOptions'))
  WHEN m.kind = 'event' THEN (SELECT json_build_object('voters', coalesce(sum(people), 0), 'by', json_object_agg(response, people))
    FROM (SELECT c.data->>'response' AS response, count(*) AS people FROM message_changes c
      WHERE c.message_id = m.id AND c.kind = 'answer' AND c.is_current GROUP BY 1) n) END`;

const COLUMNS = `m.id, m.session_id AS "sessionId", s.workspace_id AS "workspaceId", s.slug, m.direction, m.wa_message_id AS "waMessageId", m.chat_jid AS "chatJid", m.from_jid AS "fromJid",
  m.from_me AS "fromMe", m.recipients, CASE WHEN m.direction = 'OUTBOUND' THEN CASE WHEN o.message_id IS NULL THEN 'phone' ELSE 'api' END END AS source,
  m.sender_name AS "senderName", m.kind AS type, m.text, m.content, m.context, ${STATE} AS state,
  m.error_code AS "errorCode", m.error_message AS "errorMessage", m.metadata, m.edited_at AS "editedAt", m.revoked_at AS "revokedAt", ${REACTIONS} AS reactions, ${COUNTED} AS counted, m.wa_timestamp AS "waTimestamp",
  m.sent_at AS "sentAt", m.delivered_at AS "deliveredAt", m.read_at AS "readAt", m.created_at AS "createdAt"`;
/**
 * SQL: who is behind the jids of a row, for the rows that are shown. What the API has sent is from the account of its
 * session.
 */
const identities = (row: string, chat: string, from: string, workspace: string, ownNumber: string): string => `
  ${identityOf(workspace, `${row}.${chat}`)} AS "chatIdentity",
  CASE WHEN coalesce(${row}.${from}, ${ownNumber}) IS NOT NULL
    THEN ${identityOf(workspace, `coalesce(${row}.${from}, ${ownNumber} || '@s.whatsapp.net')`)} END AS "fromIdentity"`;
const WITH_OUTBOX = 'LEFT JOIN outbox o ON o.message_id = m.id';

const READ_STATE = { name: 'read-message-state', text: 'SELECT state FROM messages WHERE id = $1' };

const FIND = {
  name: 'find-message',
  text: `SELECT ${COLUMNS}, ${identities('m', 'chat_jid', 'from_jid', 's.workspace_id', 's.phone_number')}
    FROM messages m JOIN sessions s ON s.id = m.session_id ${WITH_OUTBOX}
    WHERE m.id = coalesce((SELECT a.message_id FROM message_aliases a WHERE a.id = $1::uuid), $1::uuid) AND ($2::bool OR s.workspace_id = $3) AND ($4::uuid IS NULL OR s.id = $4)`,
};

const OF_REACH = 's.workspace_id = $1 AND ($2::uuid IS NULL OR s.id = $2)';

const FILTER = `($3::uuid IS NULL OR m.id >= $3) AND ($4::uuid IS NULL OR m.id < $4)
  AND ($5::"MessageDirection" IS NULL OR m.direction = $5)
  AND ($6::text[] IS NULL OR m.chat_jid = ANY($6) OR m.chat_alt_jid = ANY($6))
  AND ($7::text[] IS NULL OR ${STATE} = ANY($7))`;

/** Rows `m` of session `s`: all; those of a chat, by the names of messages and by the chat's other name; the latest. */
const ALL = '(SELECT * FROM messages WHERE session_id = s.id) m';
const OF_CHAT = `(SELECT k.message_id AS id FROM message_keys k WHERE k.session_id = s.id AND k.chat_jid = ANY($6)
    UNION SELECT b.id FROM messages b WHERE b.session_id = s.id AND b.chat_alt_jid = ANY($6) ORDER BY id DESC) c JOIN messages m ON m.id = c.id`;
const LATEST = `(SELECT * FROM messages WHERE session_id = s.id AND ($4::uuid IS NULL OR id < $4) ORDER BY id DESC LIMIT 2000) m`;

/**
 * Takes a page of each session by its index, and then the newest of these: a workspace has few sessions, and may have
 * millions of messages.
 */
const listOf = (name: string, rows: string) => ({
  name,
  text: `SELECT page.*, ${identities('page', '"chatJid"', '"fromJid"', 'page.workspace_id', 'page.own_number')}
    FROM sessions s CROSS JOIN LATERAL (
      SELECT ${COLUMNS}, s.workspace_id, s.phone_number AS own_number FROM ${rows} ${WITH_OUTBOX} WHERE ${FILTER}
      ORDER BY m.id DESC LIMIT $8
    ) page WHERE ${OF_REACH} ORDER BY page.id DESC LIMIT $8`,
});
const LIST = listOf('list-messages', ALL);
/** Sorts the ids of the whole chat. */
const LIST_OF_CHAT = listOf('list-messages-of-chat', OF_CHAT);
/** A page of a chat that is most of its session: that chat is large, and its page is among the latest messages. */
const LIST_OF_BUSY_CHAT = listOf('list-messages-of-busy-chat', LATEST);

const countOf = (name: string, rows: string) => ({
  name,
  text: `SELECT count(*) AS total FROM sessions s CROSS JOIN LATERAL (
      SELECT 1 FROM ${rows} ${WITH_OUTBOX} WHERE ${FILTER}
    ) found WHERE ${OF_REACH}`,
});
const COUNT = countOf('count-messages', ALL);
const COUNT_OF_CHAT = countOf('count-messages-of-chat', OF_CHAT);

const valuesOf = ({ workspaceId, sessionId }: Reach, filter: MessageFilter): unknown[] => [
  workspaceId,
  sessionId ?? null,
  filter.from ?? null,
  filter.before ?? null,
  filter.direction ?? null,
  filter.chatJids ?? null,
  filter.states ?? null,
];

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
export const isMessageId = (id: string): boolean => UUID.test(id);

export function createMessagesRepository(db: Queryable): MessagesRepository {
  return {
    async readState(messageId) {
      const { rows } = await db.query<{ state: MessageState }>({ ...READ_STATE, values: [messageId] });
      return rows[0]?.state ?? null;
    },
    async find({ workspaceId, sessionId, all }, id) {
      if (!isMessageId(id)) return null;
      const { rows } = await db.query<MessageRecord>({ ...FIND, values: [id, all, workspaceId, sessionId ?? null] });
      return rows[0] ?? null;
    },
    async list(reach, filter, limit) {
      const values = [...valuesOf(reach, filter), limit];
      const read = async (list: typeof LIST) => (await db.query<MessageRecord>({ ...list, values })).rows;
      if (!filter.chatJids) return await read(LIST);
      // The latest of several sessions reach back to different times: a full page of them may lack newer messages.
      const latest = reach.sessionId ? await read(LIST_OF_BUSY_CHAT) : [];
      return latest.length === limit ? latest : await read(LIST_OF_CHAT);
    },
    async count(reach, filter) {
      const count = filter.chatJids ? COUNT_OF_CHAT : COUNT;
      const { rows } = await db.query<{ total: number }>({ ...count, values: valuesOf(reach, filter) });
      return rows[0]!.total;
    },
  };
}

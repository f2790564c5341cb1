import type { MessageStateName } from '@wa-gate/contracts';
import type { MessageDirection, MessageState, MessageType, Queryable } from '@wa-gate/db';

/** A message with the state that its outbox row adds. */
export interface MessageRecord {
  id: string;
  slug: string;
  direction: MessageDirection;
  waMessageId: string;
  chatJid: string;
  fromJid: string | null;
  fromMe: boolean;
  senderName: string | null;
  type: MessageType;
  text: string | null;
  content: Record<string, unknown> | null;
  state: MessageStateName;
  errorCode: string | null;
  errorMessage: string | null;
  metadata: Record<string, unknown> | null;
  waTimestamp: Date | null;
  sentAt: Date | null;
  deliveredAt: Date | null;
  readAt: Date | null;
  createdAt: Date;
}

export interface MessageFilter {
  /** Ids below this one: the page after it. */
  before?: string | undefined;
  direction?: MessageDirection | undefined;
  states?: MessageStateName[] | undefined;
  limit: number;
}

export interface MessagesRepository {
  readState(messageId: string): Promise<MessageState | null>;
  find(
    scope: { workspaceId: string; sessionId?: string | undefined; all: boolean },
    id: string,
  ): Promise<MessageRecord | null>;
  /** Newest first. */
  list(sessionId: string, filter: MessageFilter): Promise<MessageRecord[]>;
}

/** `SENDING` is not a state of the message: it is what its outbox row says while an attempt runs. */
const STATE = `CASE WHEN m.state = 'QUEUED' AND o.state = 'SENDING' THEN 'SENDING' ELSE m.state::text END`;

const COLUMNS = `m.id, s.slug, m.direction, m.wa_message_id AS "waMessageId", m.chat_jid AS "chatJid", m.from_jid AS "fromJid",
  m.from_me AS "fromMe", m.sender_name AS "senderName", m.type, m.text, m.content, ${STATE} AS state,
  m.error_code AS "errorCode", m.error_message AS "errorMessage", m.metadata, m.wa_timestamp AS "waTimestamp",
  m.sent_at AS "sentAt", m.delivered_at AS "deliveredAt", m.read_at AS "readAt", m.created_at AS "createdAt"`;
const TABLES = `messages m JOIN sessions s ON s.id = m.session_id LEFT JOIN outbox o ON o.message_id = m.id`;

const READ_STATE = { name: 'read-message-state', text: 'SELECT state FROM messages WHERE id = $1' };

const FIND = {
  name: 'find-message',
  text: `SELECT ${COLUMNS} FROM ${TABLES}
    WHERE m.id = $1 AND ($2::bool OR s.workspace_id = $3) AND ($4::uuid IS NULL OR s.id = $4)`,
};

const LIST = {
  name: 'list-messages',
  text: `SELECT ${COLUMNS} FROM ${TABLES}
    WHERE m.session_id = $1 AND ($2::uuid IS NULL OR m.id < $2) AND ($3::"MessageDirection" IS NULL OR m.direction = $3)
      AND ($4::text[] IS NULL OR ${STATE} = ANY($4))
    ORDER BY m.id DESC LIMIT $5`,
};

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
    async list(sessionId, { before, direction, states, limit }) {
      const values = [sessionId, before ?? null, direction ?? null, states ?? null, limit];
      const { rows } = await db.query<MessageRecord>({ ...LIST, values });
      return rows;
    },
  };
}

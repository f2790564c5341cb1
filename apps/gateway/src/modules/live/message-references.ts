import type { ActedOnMessage, ChatSettings, InputOf } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { CHAT_SETTINGS_COLUMNS, presentChatSettings, type StoredChatSettings } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
import type { SessionRef } from '../../principal.ts';
import type { ContactNames } from '../contacts/index.ts';
import type { MessageIndex } from '../message-index/index.ts';

/** A message as its owner names it to WhatsApp. */
export type MessageReference = InputOf<'messages.markRead'>['messages'][number];

/** A message of a session, by our names and by those of WhatsApp. */
export interface ReferredMessage {
  messageId: string;
  reference: MessageReference;
  hasFailed: boolean;
}

/** Finds out how WhatsApp names messages. */
export interface MessageReferences {
  /** In the order of the ids. @throws {ApiError} MESSAGE_NOT_FOUND when one is not a message of the session */
  of(session: Pick<SessionRef, 'id'>, messageIds: readonly string[]): Promise<ReferredMessage[]>;
  /**
   * The last message of a chat, and those of the other side that may be unread.
   *
   * @throws {ApiError} INVALID_RECIPIENT, MESSAGE_NOT_FOUND: nothing was said there
   */
  lastOf(
    session: SessionRef,
    chat: string,
  ): Promise<{ messageId: string; last: MessageReference; received: MessageReference[] }>;
  /**
   * The oldest message of a chat that WhatsApp knows.
   *
   * @throws {ApiError} INVALID_RECIPIENT; MESSAGE_NOT_FOUND: the session has no message in this chat
   */
  firstOf(session: SessionRef, chat: string): Promise<{ messageId: string; first: MessageReference }>;
  /**
   * A chat by any of its names: how WhatsApp names it, all of its names, and its last message, where there is one.
   *
   * @throws {ApiError} INVALID_RECIPIENT, CONTACT_NOT_FOUND: an id that no contact has
   */
  chatOf(session: SessionRef, chat: string): Promise<{ chat: string; names: string[]; last?: MessageReference }>;
  /** How the account shows a chat, by all of its names. */
  settingsOf(session: Pick<SessionRef, 'id'>, names: readonly string[]): Promise<Omit<ChatSettings, 'chat'>>;
  /** Tells the list of chats that the account has read up to these messages. */
  wereRead(session: Pick<SessionRef, 'id'>, messageIds: readonly string[]): Promise<void>;
}

const COLUMNS = `m.id AS "messageId", m.chat_jid AS chat, m.wa_message_id AS id, m.from_me AS "fromMe", m.from_jid AS "from",
  m.state IN ('FAILED', 'UNKNOWN') AS "hasFailed", extract(epoch FROM coalesce(m.wa_timestamp, m.sent_at, m.created_at))::int AS at`;

const BY_ID = {
  name: 'messages-by-id',
  text: `SELECT ${COLUMNS} FROM messages m WHERE m.session_id = $1 AND m.id = ANY($2::uuid[])`,
};

/** What the other side has said lately: phones show older messages as read long since. */
const RECEIVED = { days: 14, most: 50 };

const OF_CHAT = {
  name: 'latest-of-chat',
  text: `SELECT ${COLUMNS} FROM (SELECT k.message_id FROM message_keys k WHERE k.session_id = $1 AND k.chat_jid = ANY($2)
      ORDER BY k.message_id DESC LIMIT 200) k
    JOIN messages m ON m.id = k.message_id WHERE m.state <> 'QUEUED' ORDER BY m.id DESC`,
};

const FIRST_OF_CHAT = {
  name: 'first-of-chat',
  text: `SELECT ${COLUMNS} FROM message_keys k JOIN messages m ON m.id = k.message_id
    WHERE k.session_id = $1 AND k.chat_jid = ANY($2) AND m.state NOT IN ('QUEUED', 'FAILED', 'UNKNOWN') ORDER BY k.message_id LIMIT 1`,
};

const SETTINGS = {
  name: 'settings-of-chat',
  text: `SELECT ${CHAT_SETTINGS_COLUMNS} FROM chat_settings t WHERE t.session_id = $1 AND t.jid = ANY($2::text[])
    ORDER BY t.updated_at DESC LIMIT 1`,
};

interface Row {
  messageId: string;
  chat: string;
  id: string;
  fromMe: boolean;
  from: string | null;
  hasFailed: boolean;
  at: number;
}

function referred({ messageId, chat, id, fromMe, from, hasFailed, at }: Row): ReferredMessage {
  const isOfMember = /@(?:g\.us|broadcast)$/.test(chat) && !fromMe && from !== null;
  const reference = { chat, id, fromMe, at, ...(isOfMember && { participant: from }) };
  return { messageId, reference, hasFailed };
}

export function createMessageReferences(deps: {
  db: Queryable;
  names: Pick<ContactNames, 'ofChat'>;
  index: Pick<MessageIndex, 'markRead'>;
}): MessageReferences {
  const { db, names, index } = deps;
  /** The messages of a chat that are in it for the other side, too, the latest first. */
  async function messagesOf(session: SessionRef, jids: readonly string[]): Promise<ReferredMessage[]> {
    const { rows } = await db.query<Row>({ ...OF_CHAT, values: [session.id, jids] });
    return rows.filter(({ hasFailed }) => !hasFailed).map(referred);
  }
  return {
    async of(session, messageIds) {
      const ids = [...new Set(messageIds)];
      const { rows } = ids.every(isUuid) ? await db.query<Row>({ ...BY_ID, values: [session.id, ids] }) : { rows: [] };
      const found = new Map(rows.map((row) => [row.messageId, referred(row)]));
      return ids.map((id) => {
        const message = found.get(id.toLowerCase());
        if (!message)
          throw new ApiError('MESSAGE_NOT_FOUND', { message: `This session has no message ${id}.`, details: { id } });
        return message;
      });
    },
    async lastOf(session, chat) {
      const jids = await names.ofChat(session.workspaceId, chat);
      const messages = await messagesOf(session, jids);
      const [latest] = messages;
      if (!latest) throw noneInChat();
      const oldest = Date.now() / 1_000 - RECEIVED.days * 86_400;
      const received = messages
        .map(({ reference }) => reference)
        .filter(({ fromMe, at }) => !fromMe && at >= oldest)
        .slice(0, RECEIVED.most);
      return { messageId: latest.messageId, last: latest.reference, received };
    },
    async firstOf(session, chat) {
      const { rows } = await db.query<Row>({
        ...FIRST_OF_CHAT,
        values: [session.id, await names.ofChat(session.workspaceId, chat)],
      });
      if (!rows[0]) throw noneInChat();
      const { messageId, reference } = referred(rows[0]);
      return { messageId, first: reference };
    },
    async chatOf(session, chat) {
      const jids = await names.ofChat(session.workspaceId, chat);
      if (jids.length === 0) throw new ApiError('CONTACT_NOT_FOUND');
      const [latest] = await messagesOf(session, jids);
      const last = latest?.reference;
      return { chat: last?.chat ?? jids[0]!, names: jids, ...(last && { last }) };
    },
    async settingsOf({ id }, jids) {
      const { rows } = await db.query<StoredChatSettings>({ ...SETTINGS, values: [id, jids] });
      return presentChatSettings(rows[0], Date.now());
    },
    wereRead: ({ id }, messageIds) => index.markRead(id, messageIds),
  };
}

const noneInChat = () => new ApiError('MESSAGE_NOT_FOUND', { message: 'This session has no message in this chat.' });

/** Refuses what can be done to messages of others alone. @throws {ApiError} CHANGE_NOT_POSSIBLE */
export function refuseOwn(messages: readonly ReferredMessage[]): void {
  if (messages.every(({ reference }) => !reference.fromMe)) return;
  throw new ApiError('CHANGE_NOT_POSSIBLE', {
    message: 'Messages that came can be marked as read or played; one of these is of the account itself.',
  });
}

/** Refuses what no phone has. @throws {ApiError} MESSAGE_NOT_SENT */
export function refuseUnsent(messages: readonly ReferredMessage[]): void {
  if (messages.some(({ hasFailed }) => hasFailed)) throw new ApiError('MESSAGE_NOT_SENT');
}

export const presentActed = ({ messageId, reference: { id, chat } }: ReferredMessage): ActedOnMessage => ({
  messageId,
  waMessageId: id,
  chat,
  status: 'sent',
  state: 'sent',
});

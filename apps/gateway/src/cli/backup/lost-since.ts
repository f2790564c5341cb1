import type { Queryable } from '@wa-gate/db';

/** A message that was accepted or received after the state of a backup. */
export interface LostMessage {
  messageId: string;
  /** The public id of its session. */
  sessionId: string;
  direction: 'outbound' | 'inbound';
  waMessageId: string;
  chat: string;
  state: string;
  createdAt: string;
}

/** What a database has that a backup of it has not. */
export interface LostSince {
  since: string;
  messages: LostMessage[];
  /** More messages than are named. */
  more: number;
  sessions: string[];
  users: string[];
  apiKeys: number;
}

const NAMED = 10_000;

/** Names what came after a time: messages, sessions, users, keys. Rows that were only changed are not found. */
export async function readLostSince(db: Queryable, since: Date): Promise<LostSince> {
  const messages = await db.query<LostMessage & { total: number }>(
    `SELECT m.id AS "messageId", s.slug AS "sessionId", lower(m.direction::text) AS direction, m.wa_message_id AS "waMessageId",
       m.chat_jid AS chat, lower(m.state::text) AS state, m.created_at AS "createdAt", count(*) OVER () AS total
     FROM messages m JOIN sessions s ON s.id = m.session_id WHERE m.created_at > $1 ORDER BY m.id LIMIT $2`,
    [since, NAMED],
  );
  const names = async (sql: string) => (await db.query<{ name: string }>(sql, [since])).rows.map(({ name }) => name);
  const keys = await db.query<{ count: number }>('SELECT count(*) AS count FROM api_keys WHERE created_at > $1', [
    since,
  ]);
  return {
    since: since.toISOString(),
    messages: messages.rows.map(({ messageId, sessionId, direction, waMessageId, chat, state, createdAt }) => ({
      messageId,
      sessionId,
      direction,
      waMessageId,
      chat,
      state,
      createdAt: new Date(createdAt).toISOString(),
    })),
    more: Math.max(0, (messages.rows[0]?.total ?? 0) - messages.rows.length),
    sessions: await names('SELECT slug AS name FROM sessions WHERE created_at > $1 ORDER BY 1'),
    users: await names('SELECT email AS name FROM users WHERE created_at > $1 ORDER BY 1'),
    apiKeys: keys.rows[0]!.count,
  };
}

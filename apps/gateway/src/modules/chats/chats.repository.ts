import type { Identity } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { identityOf } from '@wa-gate/messaging';
import type { Reach } from '../sessions/index.ts';

/** A chat with who is behind it. */
export interface ChatRecord {
  jid: string;
  slug: string;
  lastMessageId: string;
  unreadCount: number;
  identity: Identity;
}

export interface ChatFilter {
  /** Chats whose last message is below this id. */
  before?: string | undefined;
  isUnread?: boolean | undefined;
  /** A part of a name. */
  name?: string | undefined;
  /** A part of a number. */
  digits?: string | undefined;
}

export interface ChatsRepository {
  /** The latest first. */
  list(reach: Reach, filter: ChatFilter, limit: number): Promise<ChatRecord[]>;
}

/**
 * The names of people whom a search means are found once: asking for each chat reads thousands of rows by their
 * keys.
 */
const LIST = {
  name: 'list-chats',
  text: `WITH people AS MATERIALIZED (
      SELECT i.jid FROM contacts k JOIN contact_identities i ON i.contact_id = k.id
      WHERE $5::text IS NOT NULL AND k.workspace_id = $1 AND k.merged_into IS NULL AND (
        concat_ws(E'\\n', k.saved_name, k.book_name, k.push_name, k.business_name, k.verified_name) ILIKE $5
        OR i.jid LIKE $6 OR k.phone_number LIKE $6)
    )
    SELECT page.*, ${identityOf('page.workspace_id', 'page.jid')} AS identity
    FROM sessions s CROSS JOIN LATERAL (
      SELECT c.jid, s.slug, s.workspace_id, c.last_message_id AS "lastMessageId", c.unread_count AS "unreadCount" FROM chats c
      WHERE c.session_id = s.id AND ($3::uuid IS NULL OR c.last_message_id < $3)
        AND ($4::bool IS NULL OR (c.unread_count > 0) = $4)
        AND ($5::text IS NULL OR c.jid LIKE $6 OR c.jid IN (SELECT jid FROM people))
      ORDER BY c.last_message_id DESC LIMIT $7
    ) page WHERE s.workspace_id = $1 AND ($2::uuid IS NULL OR s.id = $2)
    ORDER BY page."lastMessageId" DESC LIMIT $7`,
};

const anywhere = (text: string): string => `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;

export function createChatsRepository(db: Queryable): ChatsRepository {
  return {
    async list({ workspaceId, sessionId }, { before, isUnread, name, digits }, limit) {
      const { rows } = await db.query<ChatRecord>({
        ...LIST,
        values: [
          workspaceId,
          sessionId ?? null,
          before ?? null,
          isUnread ?? null,
          name === undefined ? null : anywhere(name),
          digits === undefined ? null : anywhere(digits),
          limit,
        ],
      });
      return rows;
    },
  };
}

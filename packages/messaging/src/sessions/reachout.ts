import type { Queryable } from '@wa-gate/db';
import { namesOf } from '../contacts/identity-sql.ts';

/**
 * Until when the account may not begin new chats: WhatsApp's time-lock (code 463), or the end of the cycle whose cap on
 * new chats is used up. NULL when neither applies; a time in the past has no effect.
 *
 * @param session alias of a `sessions` row
 */
export const newChatsHeldUntil = (session: string): string => `greatest(${session}.reachout_locked_until,
  CASE WHEN ${session}.message_capping->>'status' = 'capped' THEN (${session}.message_capping->>'cycleEndsAt')::timestamptz END)`;

/**
 * Whether a message waits because it would begin a chat. A chat has begun when one message of it came in or was
 * acknowledged, under whatever name of the person; groups are not concerned. Accept and claim both use this condition.
 *
 * `CASE`, because an `AND` behind a comparison with NULL is evaluated: each claim of a session without a lock would
 * search its messages. `UNION ALL`, because one index answers each half: the names of messages begin with their chat.
 *
 * @param chat SQL of the chat's jid
 * @param session alias of a `sessions` row
 */
export const isHeldBack = (
  chat: string,
  session: string,
): string => `CASE WHEN ${newChatsHeldUntil(session)} > now() THEN
    ${chat} NOT LIKE '%@g.us' AND NOT EXISTS (
      SELECT 1 FROM ${namesOf(`${session}.workspace_id`, chat)} AS n(jid) JOIN message_keys k ON k.chat_jid = n.jid
      JOIN messages b ON b.id = k.message_id
      WHERE k.session_id = ${session}.id AND b.state >= 'SENT'
      UNION ALL
      SELECT 1 FROM messages b WHERE b.session_id = ${session}.id AND b.chat_alt_jid = ${chat} AND b.state >= 'SENT')
  ELSE false END`;

const MAY_BEGIN_NONE = {
  name: 'may-begin-no-chats',
  text: `SELECT coalesce(${newChatsHeldUntil('s')} > now(), false) AS held FROM sessions s WHERE s.id = $1`,
};

/** Whether WhatsApp lets the account of a session begin no chats at present, as far as is known here. */
export async function mayBeginNoChats(db: Queryable, sessionId: string): Promise<boolean> {
  const { rows } = await db.query<{ held: boolean }>({ ...MAY_BEGIN_NONE, values: [sessionId] });
  return rows[0]?.held ?? true;
}

/**
 * WhatsApp's time-lock (code 463): until `sessions.reachout_locked_until` the account may not begin new chats. A chat has begun when one
 * message of it came in or was acknowledged; groups are not concerned. Accept and claim both ask with this condition.
 *
 * @param chat SQL of the chat's jid
 * @param session SQL of a `sessions` row, as an alias
 */
export const isHeldByTimeLock = (chat: string, session: string): string => `(
  ${session}.reachout_locked_until > now() AND ${chat} NOT LIKE '%@g.us'
  AND NOT EXISTS (SELECT 1 FROM messages b
    WHERE b.session_id = ${session}.id AND b.chat_jid = ${chat} AND b.state >= 'SENT')
  AND NOT EXISTS (SELECT 1 FROM messages b
    WHERE b.session_id = ${session}.id AND b.chat_alt_jid = ${chat} AND b.state >= 'SENT'))`;

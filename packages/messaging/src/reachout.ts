/**
 * WhatsApp's time-lock (code 463): until `sessions.reachout_locked_until` the account may not begin new chats. A chat has begun when one
 * message of it came in or was acknowledged; groups are not concerned. Accept and claim both ask with this condition.
 *
 * `CASE`, because an `AND` behind a comparison with NULL is evaluated: each claim of a session without a lock would look through its messages.
 * `UNION ALL`, because one index answers each half.
 *
 * @param chat SQL of the chat's jid
 * @param session alias of a `sessions` row
 */
export const isHeldByTimeLock = (
  chat: string,
  session: string,
): string => `CASE WHEN ${session}.reachout_locked_until > now() THEN
    ${chat} NOT LIKE '%@g.us' AND NOT EXISTS (
      SELECT 1 FROM messages b WHERE b.session_id = ${session}.id AND b.chat_jid = ${chat} AND b.state >= 'SENT'
      UNION ALL
      SELECT 1 FROM messages b WHERE b.session_id = ${session}.id AND b.chat_alt_jid = ${chat} AND b.state >= 'SENT')
  ELSE false END`;

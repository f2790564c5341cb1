import { FENCE_ONE, type Ownership } from '@wa-gate/cluster';
import type { Queryable } from '@wa-gate/db';

/**
 * The message and its name move with the row of the outbox, so that a copy of it is still known. What has moved already
 * counts as moved: the answer of an earlier statement may have been lost.
 */
const MOVE = {
  name: 'move-chat',
  text: `WITH ${FENCE_ONE}, moved AS (
    UPDATE outbox o SET chat_jid = $5 FROM fence f
    WHERE o.message_id = ANY($3::uuid[]) AND o.session_id = f.session_id AND o.chat_jid IN ($4, $5) AND o.state = 'SENDING' AND o.epoch = f.epoch
    RETURNING o.message_id, o.session_id, o.wa_message_id
  ), named AS (
    UPDATE message_keys k SET chat_jid = $5 FROM moved m
    WHERE k.session_id = m.session_id AND k.chat_jid = $4 AND k.from_me AND k.wa_message_id = m.wa_message_id
  ), changes AS (
    UPDATE message_changes c SET chat_jid = $5 FROM moved WHERE c.id = moved.message_id
  ), messages_moved AS (
    UPDATE messages m SET chat_jid = $5 FROM moved WHERE m.id = moved.message_id
  )
  SELECT message_id FROM moved`,
};

/**
 * Moves claimed messages and changes to another chat: WhatsApp has answered with another name for the number that they
 * were sent to. Before any attempt to send them.
 *
 * @returns `false`: not all of them are this owner's to send any more
 */
export async function moveChat(
  db: Queryable,
  owner: Ownership,
  messageIds: readonly string[],
  chat: { from: string; to: string },
): Promise<boolean> {
  const { rowCount } = await db.query({
    ...MOVE,
    values: [owner.sessionId, owner.epoch, messageIds, chat.from, chat.to],
  });
  return rowCount === messageIds.length;
}

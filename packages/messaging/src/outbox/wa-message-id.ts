import { randomBytes } from 'node:crypto';
import type { Queryable } from '@wa-gate/db';

/**
 * A WhatsApp message id, made when the message is accepted: `3EB0` and 18 upper-case hex digits. Every attempt uses it
 * (I8).
 */
export const newWaMessageId = (): string => `3EB0${randomBytes(9).toString('hex').toUpperCase()}`;

const IS_TAKEN = {
  name: 'is-wa-message-id-taken',
  text: `SELECT EXISTS (SELECT 1 FROM outbox WHERE session_id = $1 AND wa_message_id = $2)
    OR EXISTS (SELECT 1 FROM phone_messages WHERE session_id = $1 AND wa_message_id = $2)
    OR EXISTS (SELECT 1 FROM message_changes WHERE session_id = $1 AND wa_message_id = $2 AND from_me) AS "isTaken"`,
};

/** Whether a message or a change of the account has this id already. */
export async function isWaMessageIdTaken(db: Queryable, sessionId: string, waMessageId: string): Promise<boolean> {
  const { rows } = await db.query<{ isTaken: boolean }>({ ...IS_TAKEN, values: [sessionId, waMessageId] });
  return rows[0]!.isTaken;
}

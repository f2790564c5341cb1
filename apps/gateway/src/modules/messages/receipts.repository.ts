import type { MessageReceipt } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { isoOf } from './messages.repository.ts';

const RECEIPTS = {
  name: 'message-receipts',
  text: `SELECT r.jid, ${isoOf('r.delivered_at')} AS "deliveredAt", ${isoOf('r.read_at')} AS "readAt", ${isoOf('r.played_at')} AS "playedAt"
    FROM message_receipts r WHERE r.message_id = $1 ORDER BY coalesce(r.delivered_at, r.read_at), r.jid`,
};

/** What the members of a group have reported of a message to it (it has 1 024 at most). */
export async function readReceipts(db: Queryable, messageId: string): Promise<MessageReceipt[]> {
  return (await db.query<MessageReceipt>({ ...RECEIPTS, values: [messageId] })).rows;
}

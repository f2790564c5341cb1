import type { MessageChange } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { isoOf } from './messages.repository.ts';

/** The most changes of a message that are shown: its latest ones. */
const MAX_CHANGES = 1_000;

const CHANGES = {
  name: 'message-changes',
  text: `SELECT kind, "changeId", "from", "fromMe", "senderName", timestamp, "isCurrent", "byAdmin", data, previous FROM (
      SELECT c.id, c.kind, c.wa_message_id AS "changeId", c.from_jid AS "from", c.from_me AS "fromMe", c.sender_name AS "senderName",
        ${isoOf('c.wa_timestamp')} AS timestamp, c.is_current AS "isCurrent", c.by_admin AS "byAdmin", c.data, c.previous
      FROM message_changes c WHERE c.message_id = $1 ORDER BY c.id DESC LIMIT ${MAX_CHANGES}) latest ORDER BY id`,
};

type Row = Omit<MessageChange, 'previous'> & { previous: Partial<MessageChange['previous']> | null };

/** What was done to a message, oldest first. */
export async function readChanges(db: Queryable, messageId: string): Promise<MessageChange[]> {
  const { rows } = await db.query<Row>({ ...CHANGES, values: [messageId] });
  return rows.map(({ previous, ...change }) => ({
    ...change,
    ...(previous && { previous: { type: 'unknown', text: null, ...previous } }),
  }));
}

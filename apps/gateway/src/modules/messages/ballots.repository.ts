import type { Identity } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { identityOf } from '@wa-gate/messaging';
import { isoOf } from './messages.repository.ts';

/** What one person has chosen: the vote or answer that counts now. */
export interface Ballot {
  from: string;
  fromMe: boolean;
  senderName: string | null;
  identity: Identity;
  timestamp: string;
  data: Record<string, unknown>;
}

const BALLOTS = {
  name: 'message-ballots',
  text: `SELECT c.from_jid AS "from", c.from_me AS "fromMe", c.sender_name AS "senderName", c.data, ${isoOf('c.wa_timestamp')} AS timestamp,
      ${identityOf('s.workspace_id', 'c.from_jid')} AS identity
    FROM message_changes c JOIN sessions s ON s.id = c.session_id
    WHERE c.message_id = $1 AND c.kind = $2 AND c.is_current ORDER BY c.wa_timestamp, c.id`,
};

/**
 * The votes or answers of a message, the earliest first, one of each person. Somebody who was known by two names that
 * were not known to be one person has two in the table: the later one counts.
 */
export async function readBallots(db: Queryable, messageId: string, kind: 'vote' | 'answer'): Promise<Ballot[]> {
  const { rows } = await db.query<Ballot>({ ...BALLOTS, values: [messageId, kind] });
  const latest = new Map(rows.map((ballot) => [personOf(ballot), ballot]));
  return rows.filter((ballot) => latest.get(personOf(ballot)) === ballot);
}

const personOf = ({ fromMe, from, identity }: Ballot): string => (fromMe ? 'me' : (identity.contactId ?? from));

import { FENCE_MANY, fenceParameters, type Ownership } from '@wa-gate/cluster';
import type { ChangeName, MessageTypeName } from '@wa-gate/contracts';
import type { MessageState, Queryable } from '@wa-gate/db';
import type { InboundChange } from '../inbound/changes.ts';
import type { OutboxRequest } from './outbox.ts';
import type { RecordedOutcomes } from './outcomes.ts';

/** The message that a change is about, as its owner needs it to make the change. */
export interface ChangeTarget {
  waMessageId: string;
  chatJid: string;
  fromMe: boolean;
  fromJid: string | null;
  type: MessageTypeName;
  state: MessageState;
  isDeleted: boolean;
  /** When WhatsApp took it, or when it came; `null`: not yet. */
  at: Date | null;
  /** How it was sent from here: the bytes that were kept, and the request. */
  payload: Buffer | null;
  request: OutboxRequest | null;
  /** Inside a message that came: its changes may be encrypted with it. */
  secret: Buffer | null;
}

const FIND_TARGET = {
  name: 'find-change-target',
  text: `SELECT m.wa_message_id AS "waMessageId", m.chat_jid AS "chatJid", m.from_me AS "fromMe", m.from_jid AS "fromJid", m.kind AS type,
      m.state, m.revoked_at IS NOT NULL AS "isDeleted", coalesce(m.sent_at, m.wa_timestamp) AS at, o.payload, o.request, m.secret
    FROM messages m LEFT JOIN outbox o ON o.message_id = m.id WHERE m.id = $1 AND m.session_id = $2`,
};

/** `null`: it was deleted here. */
export async function findChangeTarget(
  db: Queryable,
  sessionId: string,
  messageId: string,
): Promise<ChangeTarget | null> {
  const { rows } = await db.query<ChangeTarget>({ ...FIND_TARGET, values: [messageId, sessionId] });
  return rows[0] ?? null;
}

/** What became of a change that this session has sent: the acknowledgement, or why there is none. */
export interface ChangeOutcome extends Ownership {
  /** WhatsApp's id of the change. */
  waMessageId: string;
  at: Date;
  /** Absent: the server has acknowledged it. */
  failure?: { state: Extract<MessageState, 'FAILED' | 'UNKNOWN'>; errorCode: string; errorMessage: string } | undefined;
}

const READ_OWN = {
  name: 'read-own-changes',
  text: `SELECT c.session_id AS "sessionId", c.id, c.kind, c.wa_message_id AS "waMessageId", c.chat_jid AS "chatJid",
      c.chat_alt_jid AS "chatAltJid", c.from_jid AS "fromJid", c.from_me AS "fromMe", c.by_admin AS "byAdmin", c.data,
      json_build_object('waMessageId', c.target_wa_message_id, 'fromMe', c.target_from_me) AS target
    FROM unnest($1::uuid[], $2::text[]) AS g(session_id, wa_message_id)
    JOIN message_changes c ON c.session_id = g.session_id AND c.wa_message_id = g.wa_message_id AND c.from_me
    WHERE c.state IS NOT NULL AND c.state <> 'SENT'`,
};

/** The changes that these acknowledgements are about, ready to be applied, in the order of the acknowledgements. */
export async function readOwnChanges(db: Queryable, outcomes: readonly ChangeOutcome[]): Promise<InboundChange[]> {
  const { rows } = await db.query<Omit<InboundChange, 'epoch' | 'waTimestamp'> & { kind: ChangeName }>({
    ...READ_OWN,
    values: [outcomes.map(({ sessionId }) => sessionId), outcomes.map(({ waMessageId }) => waMessageId)],
  });
  const byId = new Map(rows.map((row) => [`${row.sessionId} ${row.waMessageId}`, row]));
  return outcomes.flatMap(({ sessionId, epoch, waMessageId, at }) => {
    const change = byId.get(`${sessionId} ${waMessageId}`);
    return change ? [{ ...change, chatAltJid: change.chatAltJid ?? undefined, epoch, waTimestamp: at }] : [];
  });
}

/** A change that was acknowledged after all, or by another way, stays as it is. */
const FAIL = {
  name: 'fail-changes',
  text: `WITH ${FENCE_MANY}, given AS (
    SELECT i.* FROM unnest($3::uuid[], $4::text[], $5::"MessageState"[], $6::text[], $7::text[])
      AS i(session_id, wa_message_id, state, error_code, error_message) JOIN fence USING (session_id)
  ), failed AS (
    UPDATE message_changes c SET state = g.state, error_code = g.error_code, error_message = g.error_message
    FROM given g WHERE c.session_id = g.session_id AND c.wa_message_id = g.wa_message_id AND c.from_me AND c.state = 'QUEUED'
    RETURNING c.id, c.session_id, c.state
  ), settled AS (
    UPDATE outbox o SET state = f.state::text::"OutboxState" FROM failed f WHERE o.message_id = f.id
  )
  SELECT (SELECT coalesce(json_agg(session_id), '[]') FROM fence) AS owned,
    (SELECT coalesce(json_agg(json_build_object('sessionId', session_id, 'messageId', id, 'state', state)), '[]') FROM failed) AS moved`,
};

/** Records changes that will not be made, with the reason, under the fence (I2). */
export async function failChanges(
  db: Queryable,
  outcomes: readonly ChangeOutcome[],
): Promise<Pick<RecordedOutcomes, 'moved' | 'stale'>> {
  const { sessionIds, epochs } = fenceParameters(outcomes);
  const { rows } = await db.query<{ owned: string[]; moved: RecordedOutcomes['moved'] }>({
    ...FAIL,
    values: [
      sessionIds,
      epochs,
      outcomes.map(({ sessionId }) => sessionId),
      outcomes.map(({ waMessageId }) => waMessageId),
      outcomes.map(({ failure }) => failure?.state ?? 'FAILED'),
      outcomes.map(({ failure }) => failure?.errorCode ?? null),
      outcomes.map(({ failure }) => failure?.errorMessage ?? null),
    ],
  });
  const { owned, moved } = rows[0]!;
  const isOwned = new Set(owned);
  return { moved, stale: sessionIds.filter((id) => !isOwned.has(id)) };
}

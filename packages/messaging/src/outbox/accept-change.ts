import { type ChangeRequest, PAIRING_STATES } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { newChatsHeldUntil } from '../sessions/reachout.ts';
import { type Acceptance, TAKE_KEY, verdictOf } from './acceptance.ts';
import { findUsedKeys, forgetKeysOf, type IdempotencyKeys, keyNames } from './idempotency.ts';

/** A change of a message of the session, to be made by the API. */
export interface AcceptedChange {
  changeId: string;
  sessionId: string;
  /** The message that it changes. */
  messageId: string;
  /** WhatsApp's id of the change itself. */
  waMessageId: string;
  request: ChangeRequest;
  /** As an administrator of the group: the message is somebody else's. */
  byAdmin?: boolean | undefined;
  /** The key that the caller showed. */
  apiKeyId?: string | undefined;
  /** `traceparent` of the request that it came with, while it is traced. */
  trace?: string | undefined;
  idempotency?: IdempotencyKeys | undefined;
}

/** What became of it. The refusals are facts about the message and its session; they store nothing. */
export type ChangeAcceptance = Acceptance | { outcome: 'unknown-message' | 'deleted' | 'not-sent' };

/**
 * The change, its outbox row and the keys in one statement. It goes into the chat of its message, behind it: while the
 * message itself waits, in its lane and not before it is due, and held back as long as it is held. A deletion that
 * waits counts already. The session is locked, as by the accept of a message.
 */
const ACCEPT_CHANGE = {
  name: 'accept-change',
  text: `WITH target AS (
    SELECT m.id, m.wa_message_id, m.chat_jid, m.chat_alt_jid, m.from_me, m.state, m.is_stub,
      m.revoked_at IS NOT NULL OR EXISTS (SELECT 1 FROM message_changes r WHERE r.message_id = m.id AND r.kind = 'revoke'
        AND r.state = 'QUEUED') AS is_deleted,
      o.lane, o.state AS outbox_state, o.not_before
    FROM messages m LEFT JOIN outbox o ON o.message_id = m.id AND o.state IN ('HELD', 'QUEUED', 'SENDING')
    WHERE m.id = $3 AND m.session_id = $2
  ), session AS (
    SELECT s.id, coalesce(s.phone_number, '') || '@s.whatsapp.net' AS own_jid, ${newChatsHeldUntil('s')} AS locked_until,
      CASE WHEN t.id IS NULL THEN 'unknown-message' WHEN t.is_deleted THEN 'deleted'
        WHEN t.state IN ('FAILED', 'UNKNOWN') THEN 'not-sent' ELSE ${verdictOf('t.chat_jid', 's', '$10')} END AS outcome
    FROM sessions s LEFT JOIN target t ON true WHERE s.id = $2 FOR KEY SHARE OF s
  ), keys AS (
    INSERT INTO idempotency_keys AS k (session_id, key, request_hash, message_id, expires_at)
    SELECT s.id, given.key, $13, $1, now() + given.lifetime * interval '1 s'
    FROM session s CROSS JOIN unnest($11::text[], $12::int[]) AS given(key, lifetime)
    WHERE s.outcome = 'accepted' ORDER BY given.key
    ${TAKE_KEY}
    RETURNING request_hash, message_id
  ), used AS (
    SELECT * FROM keys WHERE message_id <> $1
  ), change AS (
    INSERT INTO message_changes (id, session_id, message_id, kind, wa_message_id, target_wa_message_id, target_from_me, chat_jid,
      chat_alt_jid, from_jid, from_me, by_admin, data, state, api_key_id, wa_timestamp)
    SELECT $1, s.id, t.id, $5, $4, t.wa_message_id, t.from_me, t.chat_jid, t.chat_alt_jid, s.own_jid, true, $6, $7, 'QUEUED', $8, now()
    FROM session s JOIN target t ON s.outcome = 'accepted' AND NOT EXISTS (SELECT 1 FROM used)
    RETURNING id
  ), queued AS (
    INSERT INTO outbox (message_id, session_id, lane, state, wa_message_id, chat_jid, request, not_before, trace, change_of)
    SELECT change.id, $2, coalesce(t.lane, 'INTERACTIVE'), CASE WHEN t.outbox_state = 'HELD' THEN 'HELD' ELSE 'QUEUED' END::"OutboxState", $4, t.chat_jid, $9,
      greatest(date_trunc('milliseconds', now()), t.not_before), $14, t.id
    FROM change CROSS JOIN target t
  )
  SELECT outcome, locked_until AS "lockedUntil", ceil(extract(epoch FROM locked_until - now()))::int AS "lockedSeconds",
    (SELECT json_agg(message_id) FROM used) AS "messageIds", (SELECT bool_and(request_hash = $13) FROM used) AS "isSameRequest"
  FROM session`,
};

interface AcceptRow {
  outcome: Exclude<ChangeAcceptance['outcome'], 'used' | 'unknown-session'>;
  lockedUntil: Date | null;
  lockedSeconds: number | null;
  messageIds: string[] | null;
  isSameRequest: boolean | null;
}

/** Accepts a change (I8), or says why not. Ring the doorbell of the session after this. */
export async function acceptChange(db: Queryable, change: AcceptedChange): Promise<ChangeAcceptance> {
  const { changeId, sessionId, messageId, waMessageId, request, idempotency } = change;
  const names = idempotency ? keyNames(idempotency) : [];
  const keys = names.map(({ name }) => name);
  const requestHash = idempotency?.requestHash ?? Buffer.alloc(0);
  const { rows } = await db.query<AcceptRow>({
    ...ACCEPT_CHANGE,
    values: [
      changeId,
      sessionId,
      messageId,
      waMessageId,
      request.change,
      change.byAdmin ?? false,
      JSON.stringify(request.data),
      change.apiKeyId ?? null,
      JSON.stringify(request),
      PAIRING_STATES,
      keys,
      names.map(({ lifetime }) => lifetime),
      requestHash,
      change.trace ?? null,
    ],
  });
  const acceptance = readAcceptance(rows[0]);
  if (acceptance.outcome === 'accepted' || names.length === 0) return acceptance;
  if (acceptance.outcome === 'used') {
    // A new key beside the used one was stored for a change that there is not.
    if (names.length > 1) await forgetKeysOf(db, sessionId, changeId);
    return acceptance;
  }
  // What was accepted before counts more than what is true now.
  const used = await findUsedKeys(db, { sessionId, keys, requestHash });
  return used ? { outcome: 'used', ...used } : acceptance;
}

function readAcceptance(row: AcceptRow | undefined): ChangeAcceptance {
  if (!row) return { outcome: 'unknown-session' };
  if (row.messageIds) return { outcome: 'used', messageIds: row.messageIds, isSameRequest: row.isSameRequest === true };
  if (row.outcome === 'time-locked')
    return { outcome: 'time-locked', until: row.lockedUntil!, retryAfterSeconds: row.lockedSeconds! };
  return { outcome: row.outcome };
}

import type { MessagePart, OutboundRequest } from '@wa-gate/contracts';
import type { OutboxLane, Queryable } from '@wa-gate/db';
import { isHeldBack } from '../sessions/reachout.ts';
import { findUsedKeys, forgetKeysOf, type IdempotencyKeys, keyNames, type UsedKeys } from './idempotency.ts';

export interface AcceptedMessage {
  messageId: string;
  sessionId: string;
  waMessageId: string;
  /** User jid or group jid. */
  chatJid: string;
  /** What the caller wants sent, as validated by the API; the owner turns it into a protobuf. */
  request: OutboundRequest;
  /** @default 'INTERACTIVE' */
  lane?: OutboxLane | undefined;
  /** When it is to be sent, where that is not at once. PostgreSQL compares it with its own clock. */
  schedule?: Schedule | undefined;
  /**
   * ISO 8601. What has not begun to leave by then ends as failed.
   *
   * @default it goes out late
   */
  expiresAt?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
  /**
   * The caller wants `unknown` instead of a second attempt when the fate of the first one cannot be known.
   *
   * @default what the settings of the session say, else false
   */
  failIfUncertain?: boolean | undefined;
  /** The key that the caller showed: usage is counted by it. */
  apiKeyId?: string | undefined;
  /** `traceparent` of the request that it came with, while it is traced. */
  trace?: string | undefined;
  /** Under which names this request may come again without being a new message. */
  idempotency?: IdempotencyKeys | undefined;
  /** Messages that are accepted with it, and follow it in its chat. Only the message itself has keys. */
  parts?: readonly AcceptedPart[] | undefined;
}

export interface AcceptedPart extends MessagePart {
  request: OutboundRequest;
}

/** The time of a message, and what its caller wrote of it. */
export interface Schedule {
  /** ISO 8601, UTC. */
  at: string;
  /** IANA name, where the caller gave a time on a clock there. */
  timeZone?: string;
  /** The time on that clock, as the caller wrote it. */
  localTime?: string;
  /** The clock skips that time, or shows it twice: what was made of it. */
  adjusted?: 'moved-forward' | 'first-of-two';
}

/**
 * What became of an accept. The refusals are facts about the session, found in the same statement; they store nothing.
 */
export type Acceptance =
  | { outcome: 'accepted' }
  | ({ outcome: 'used' } & UsedKeys)
  | { outcome: 'time-locked'; until: Date; retryAfterSeconds: number }
  | { outcome: 'unknown-session' | 'not-paired' | 'connecting' | 'logged-out' }
  /** By the clock of the database its time is over, or too far ahead, or the time at which it expires is over. */
  | { outcome: 'past' | 'too-far' | 'expired' };

/**
 * SQL: what the session says to a message for the chat, as `Acceptance['outcome']`. The clock is PostgreSQL's (I12).
 *
 * @param chat SQL of the chat's jid
 * @param session alias of a `sessions` row
 * @param pairingStates the parameter that holds the states in which an account is being linked
 */
export const verdictOf = (chat: string, session: string, pairingStates: string): string => `CASE
      WHEN ${session}.state = 'LOGGED_OUT' THEN 'logged-out'
      WHEN ${session}.paired_at IS NULL OR ${session}.state = ANY(${pairingStates}::"SessionState"[])
        THEN CASE WHEN ${session}.state IN ('INITIALIZING', 'CONNECTING', 'PAIRING') THEN 'connecting' ELSE 'not-paired' END
      WHEN ${isHeldBack(chat, session)} THEN 'time-locked'
      ELSE 'accepted' END`;

/** SQL: whether an attempt whose fate cannot be known is the last one; the request's word comes before the setting. */
export const failsIfUncertain = (wish: string, session: string): string =>
  `coalesce(${wish}::bool, ${session}.settings->>'onUncertain' = 'fail', false)`;

/**
 * What follows an insert of idempotency keys `k`. A key that is in use keeps what it names, also when its first use
 * commits only now: the conflict waits for it. One that has expired is taken over. `DO UPDATE` in all cases, because
 * only so the row of the other one is returned.
 */
export const TAKE_KEY = `ON CONFLICT (session_id, key) DO UPDATE SET
      request_hash = CASE WHEN k.expires_at <= now() THEN excluded.request_hash ELSE k.request_hash END,
      message_id = CASE WHEN k.expires_at <= now() THEN excluded.message_id ELSE k.message_id END,
      expires_at = CASE WHEN k.expires_at <= now() THEN excluded.expires_at ELSE k.expires_at END`;

/** What the statements of an accept return. */
export interface AcceptRow {
  outcome: Exclude<Acceptance['outcome'], 'used' | 'unknown-session'>;
  lockedUntil: Date | null;
  lockedSeconds: number | null;
  messageIds?: string[] | null;
  isSameRequest?: boolean | null;
}

/** What the keys of a message mean for its outcome. */
export async function settleKeys(
  db: Queryable,
  { sessionId, messageId, idempotency }: AcceptedMessage,
  acceptance: Acceptance,
): Promise<Acceptance> {
  if (acceptance.outcome === 'accepted' || !idempotency) return acceptance;
  const keys = keyNames(idempotency).map(({ name }) => name);
  if (acceptance.outcome === 'used') {
    // A new key beside the used one was stored for a message that there is not, and would be worth nothing for a day.
    if (keys.length > 1) await forgetKeysOf(db, sessionId, messageId);
    return acceptance;
  }
  // What was accepted before counts more than what the session says now.
  const used = await findUsedKeys(db, { sessionId, keys, requestHash: idempotency.requestHash });
  return used ? { outcome: 'used', ...used } : acceptance;
}

export function readAcceptance(row: AcceptRow | undefined): Acceptance {
  if (!row) return { outcome: 'unknown-session' };
  if (row.messageIds) return { outcome: 'used', messageIds: row.messageIds, isSameRequest: row.isSameRequest === true };
  if (row.outcome === 'time-locked')
    return { outcome: 'time-locked', until: row.lockedUntil!, retryAfterSeconds: row.lockedSeconds! };
  return { outcome: row.outcome };
}

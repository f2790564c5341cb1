import { createHash } from 'node:crypto';
import type { Queryable } from '@wa-gate/db';

/** Under which names a send may be repeated. Both are looked up within the session. */
export interface IdempotencyKeys {
  /** Of the header `Idempotency-Key`. */
  key?: string | undefined;
  /** The caller's own id of the message. */
  clientMessageId?: string | undefined;
  /** WhatsApp's id of the message, where the caller has chosen it. */
  waMessageId?: string | undefined;
  /** {@link hashRequest} of what is asked for: a key stands for one request. */
  requestHash: Buffer;
}

const KEY_LIFETIME_SECONDS = { key: 24 * 3_600, client: 30 * 24 * 3_600 } as const;

/** What keys that are in use already stand for. */
export interface UsedKeys {
  /**
   * The message that the first use made is among these; more than one when the keys were given with different messages
   * before.
   */
  messageIds: string[];
  isSameRequest: boolean;
}

/** The same for the same request, in whatever order the members of its objects came. */
export function hashRequest(request: unknown): Buffer {
  return createHash('sha256')
    .update(JSON.stringify(request, sortMembers) ?? '')
    .digest();
}

function sortMembers(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const FORGET = {
  name: 'forget-idempotency-keys',
  text: 'DELETE FROM idempotency_keys WHERE session_id = $1 AND message_id = $2',
};

/** Frees the keys of a message that was not made: new ones that came together with one in use. */
export async function forgetKeysOf(db: Queryable, sessionId: string, messageId: string): Promise<void> {
  await db.query({ ...FORGET, values: [sessionId, messageId] });
}

const FIND_USED = {
  name: 'find-used-keys',
  text: `SELECT json_agg(message_id) AS "messageIds", bool_and(request_hash = $3) AS "isSameRequest"
    FROM idempotency_keys WHERE session_id = $1 AND key = ANY($2) AND expires_at > now()`,
};

/** Which messages these keys have made, when they are in use. */
export async function findUsedKeys(
  db: Queryable,
  { sessionId, keys, requestHash }: { sessionId: string; keys: readonly string[]; requestHash: Buffer },
): Promise<UsedKeys | null> {
  const { rows } = await db.query<{ messageIds: string[] | null; isSameRequest: boolean | null }>({
    ...FIND_USED,
    values: [sessionId, keys, requestHash],
  });
  const { messageIds, isSameRequest } = rows[0]!;
  return messageIds ? { messageIds, isSameRequest: isSameRequest === true } : null;
}

/** The same by the keys themselves; `null`: none of them is in use. */
export async function findEarlierUse(
  db: Queryable,
  sessionId: string,
  idempotency: IdempotencyKeys,
): Promise<UsedKeys | null> {
  const keys = keyNames(idempotency).map(({ name }) => name);
  return await findUsedKeys(db, { sessionId, keys, requestHash: idempotency.requestHash });
}

/** Under which names, for how many seconds, the keys of a request are stored. */
export const keyNames = ({
  key,
  clientMessageId,
  waMessageId,
}: IdempotencyKeys): { name: string; lifetime: number }[] => [
  ...(key === undefined ? [] : [{ name: `key:${key}`, lifetime: KEY_LIFETIME_SECONDS.key }]),
  ...(clientMessageId === undefined
    ? []
    : [{ name: `client:${clientMessageId}`, lifetime: KEY_LIFETIME_SECONDS.client }]),
  ...(waMessageId === undefined ? [] : [{ name: `wa:${waMessageId}`, lifetime: KEY_LIFETIME_SECONDS.client }]),
];

import { describeMessageState, type MessageChange, type MessageStateName } from '@wa-gate/contracts';
import type { MessageState, Queryable } from '@wa-gate/db';
import { isoOf } from './messages.repository.ts';

/** The most changes of a message that are shown: its latest ones. */
const MAX_CHANGES = 1_000;

/** `SENDING` is not a state of the change: it is what its outbox row says while an attempt runs. */
const STATE = `CASE WHEN c.state = 'QUEUED' AND o.state = 'SENDING' THEN 'SENDING' ELSE c.state::text END AS state`;

const CHANGES = {
  name: 'message-changes',
  text: `SELECT kind, "changeId", "from", "fromMe", "senderName", timestamp, "isCurrent", "byAdmin", data, previous, state, "errorCode",
      "errorMessage" FROM (
      SELECT c.id, c.kind, c.wa_message_id AS "changeId", c.from_jid AS "from", c.from_me AS "fromMe", c.sender_name AS "senderName",
        ${isoOf('c.wa_timestamp')} AS timestamp, c.is_current AS "isCurrent", c.by_admin AS "byAdmin", c.data, c.previous, ${STATE},
        c.error_code AS "errorCode", c.error_message AS "errorMessage"
      FROM message_changes c LEFT JOIN outbox o ON o.message_id = c.id AND c.state IS NOT NULL
      WHERE c.message_id = $1 ORDER BY c.id DESC LIMIT ${MAX_CHANGES}) latest ORDER BY id`,
};

interface Progress {
  /** Of a change by the API. */
  state: MessageStateName | null;
  errorCode: string | null;
  errorMessage: string | null;
}

type Row = Omit<MessageChange, 'previous' | 'state' | 'status' | 'error' | 'source'> &
  Progress & { previous: Partial<MessageChange['previous']> | null };

/** What was done to a message, oldest first. */
export async function readChanges(db: Queryable, messageId: string): Promise<MessageChange[]> {
  const { rows } = await db.query<Row>({ ...CHANGES, values: [messageId] });
  return rows.map(({ previous, state, errorCode, errorMessage, ...change }) => ({
    ...change,
    ...(change.fromMe && { source: state === null ? 'phone' : 'api' }),
    ...(state && describeMessageState(state)),
    ...presentChangeError({ state, errorCode, errorMessage }),
    ...(previous && { previous: { type: 'unknown', text: null, ...previous } }),
  }));
}

/** Why a change by the API was not made. */
export const presentChangeError = ({ state, errorCode, errorMessage }: Progress) =>
  state === 'FAILED' || state === 'UNKNOWN' ? { error: { code: errorCode, message: errorMessage } } : {};

/** A change by the API, and what has become of it. */
export interface OwnChange extends Progress {
  id: string;
  changeId: string;
  messageId: string;
  waMessageId: string;
  state: MessageStateName;
}

const FIND_OWN = {
  name: 'find-own-change',
  text: `SELECT c.id, c.wa_message_id AS "changeId", c.message_id AS "messageId", c.target_wa_message_id AS "waMessageId", ${STATE},
      c.error_code AS "errorCode", c.error_message AS "errorMessage"
    FROM message_changes c LEFT JOIN outbox o ON o.message_id = c.id WHERE c.id = $1 AND c.session_id = $2 AND c.state IS NOT NULL`,
};

export async function findOwnChange(db: Queryable, sessionId: string, id: string): Promise<OwnChange | null> {
  const { rows } = await db.query<OwnChange>({ ...FIND_OWN, values: [id, sessionId] });
  return rows[0] ?? null;
}

const OWN_STATE = { name: 'own-change-state', text: 'SELECT state FROM message_changes WHERE id = $1' };

export async function readOwnChangeState(db: Queryable, id: string): Promise<MessageState | null> {
  const { rows } = await db.query<{ state: MessageState | null }>({ ...OWN_STATE, values: [id] });
  return rows[0]?.state ?? null;
}

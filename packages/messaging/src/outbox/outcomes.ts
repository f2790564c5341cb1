import { FENCE_MANY_OF_ANY_LENGTH, fenceParameters, type Ownership, ofAnyLength } from '@wa-gate/cluster';
import type { MessageState, Queryable } from '@wa-gate/db';
import { identityOf } from '../contacts/identity-sql.ts';
import { APPEND_TRACED_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from '../events/append-events.ts';

/**
 * The outcome of a message, from WhatsApp: the server's ack (`SENT`), a receipt, or a refusal. `UNKNOWN`: it cannot be
 * known.
 */
export interface Outcome extends Ownership {
  /** Id that WhatsApp knows the message by. */
  waMessageId: string;
  state: Extract<MessageState, 'SENT' | 'DELIVERED' | 'READ' | 'PLAYED' | 'FAILED' | 'UNKNOWN'>;
  at: Date;
  errorCode?: string;
  errorMessage?: string;
  /** When the attempt that this is the outcome of was on the wire, at the latest. */
  wireAt?: Date;
  /** Of a receipt in a group: the member. */
  participant?: string;
  /** Of a message to a group, or a receipt of one: its members beside the account. */
  recipients?: number;
}

/**
 * The parts of a batch with receipts in groups, and the steps that they make. Most batches have none, and a statement
 * without these parts begins sooner.
 */
const RECEIPTS_OF_MEMBERS = `, receipts AS (
    INSERT INTO message_receipts AS k (message_id, jid, delivered_at, read_at, played_at)
    SELECT message_id, participant, min(at) FILTER (WHERE state >= 'DELIVERED'), min(at) FILTER (WHERE state >= 'READ'),
      min(at) FILTER (WHERE state >= 'PLAYED')
    FROM reported WHERE participant IS NOT NULL AND message_id IS NOT NULL GROUP BY message_id, participant
    ORDER BY message_id, participant
    ON CONFLICT (message_id, jid) DO UPDATE SET delivered_at = least(k.delivered_at, excluded.delivered_at),
      read_at = least(k.read_at, excluded.read_at), played_at = least(k.played_at, excluded.played_at)
    RETURNING message_id, jid, delivered_at, read_at, played_at
  ), of_members AS (
    SELECT message_id, min(delivered_at) AS first_at, count(delivered_at) AS delivered, max(delivered_at) AS delivered_at,
      count(read_at) AS read, max(read_at) AS read_at, count(played_at) AS played, max(played_at) AS played_at
    FROM (SELECT * FROM receipts UNION ALL
      SELECT k.message_id, k.jid, k.delivered_at, k.read_at, k.played_at FROM (SELECT DISTINCT message_id FROM receipts) d
      CROSS JOIN LATERAL (SELECT * FROM message_receipts r WHERE r.message_id = d.message_id OFFSET 0) k
      WHERE NOT EXISTS (SELECT 1 FROM receipts n WHERE n.message_id = k.message_id AND n.jid = k.jid)) AS all_of_them
    GROUP BY message_id
  ), of_groups AS (
    SELECT g.session_id, g.wa_message_id, g.message_id, coalesce(m.recipients, g.recipients) AS recipients, o.first_at,
      o.delivered, o.delivered_at, o.read, o.read_at, o.played, o.played_at
    FROM (SELECT session_id, wa_message_id, message_id, max(recipients) AS recipients FROM reported
      WHERE participant IS NOT NULL GROUP BY session_id, wa_message_id, message_id) g
    JOIN of_members o USING (message_id) JOIN messages m ON m.id = g.message_id
  )`;

const STEPS_OF_GROUPS = `
    UNION ALL
    SELECT session_id, wa_message_id, message_id, 'SENT', first_at, NULL, NULL, NULL, recipients FROM of_groups
    UNION ALL
    SELECT g.session_id, g.wa_message_id, g.message_id, s.state, s.at, NULL, NULL, NULL, g.recipients
    FROM of_groups g CROSS JOIN LATERAL (VALUES ('DELIVERED'::"MessageState", g.delivered, g.delivered_at), ('READ', g.read, g.read_at),
      ('PLAYED', g.played, g.played_at)) AS s(state, members, at)
    WHERE s.members >= g.recipients`;

/** A batch has one outcome, or hundreds. */
const OUTCOMES = [
  '$3::uuid[]',
  '$4::text[]',
  '$5::"MessageState"[]',
  '$6::timestamptz[]',
  '$7::text[]',
  '$8::text[]',
  '$9::timestamptz[]',
  '$10::text[]',
  '$11::int[]',
];

/**
 * One statement for many outcomes of many sessions. A message only moves forward, so repeated and late receipts change
 * nothing. A receipt that overtakes the ack yields both events, in order, each once: the events are the steps between
 * the old and the new state. WhatsApp's receipts count whole seconds: a later step is never shown before an earlier
 * one.
 *
 * Messages are not locked when they are read: a lock is a record of the log for each step of each message. Instead one
 * is moved only from the state that was read. An owner whose connection was cut may repeat a statement while the first
 * one still runs; the one that comes second moves nothing, tells no event, and counts what was overtaken.
 *
 * A receipt in a group is that of one member. All of them are kept, and a message is as far as the member who is least
 * far, once as many have reported as the group had members. Their count adds the rows of this statement to those of
 * the table. Receipts of changes say nothing. `OFFSET 0` keeps the read of that table a probe of its index.
 */
const record = (ofMembers: boolean): string => `WITH ${FENCE_MANY_OF_ANY_LENGTH}, reported AS (
    SELECT i.*, coalesce(
        (SELECT o.message_id FROM outbox o WHERE o.session_id = i.session_id AND o.wa_message_id = i.wa_message_id
          AND o.change_of IS NULL LIMIT 1),
        (SELECT p.message_id FROM phone_messages p WHERE p.session_id = i.session_id AND p.wa_message_id = i.wa_message_id)) AS message_id
    FROM unnest(${OUTCOMES.map(ofAnyLength).join(', ')})
      AS i(session_id, wa_message_id, state, at, error_code, error_message, wire_at, participant, recipients)
    JOIN fence USING (session_id)
  )${ofMembers ? RECEIPTS_OF_MEMBERS : ''}, steps AS (
    SELECT session_id, wa_message_id, message_id, state, at, error_code, error_message, wire_at, recipients FROM reported
    WHERE participant IS NULL AND message_id IS NOT NULL${ofMembers ? STEPS_OF_GROUPS : ''}
  ), latest AS (
    SELECT session_id, wa_message_id, message_id, max(state) AS state, max(recipients) AS recipients,
      min(at) FILTER (WHERE state >= 'SENT') AS sent_at, min(at) FILTER (WHERE state >= 'DELIVERED') AS delivered_at,
      min(at) FILTER (WHERE state >= 'READ') AS read_at,
      min(at) FILTER (WHERE state < 'SENT') AS failed_at, max(error_code) AS error_code, max(error_message) AS error_message,
      max(wire_at) AS wire_at
    FROM steps GROUP BY session_id, wa_message_id, message_id
  ), before AS (
    SELECT m.id, m.state AS old_state, m.chat_jid, m.kind, m.text, m.content, m.context,
      s.workspace_id, s.phone_number || '@s.whatsapp.net' AS own_jid, ${identityOf('s.workspace_id', 'm.chat_jid')} AS chat_identity,
      (SELECT o.trace FROM outbox o WHERE o.message_id = m.id) AS trace,
      l.session_id, l.wa_message_id, l.state, l.failed_at, l.error_code, l.error_message, l.wire_at, l.recipients,
      coalesce(m.sent_at, l.sent_at) AS sent_at,
      CASE WHEN l.delivered_at IS NOT NULL THEN greatest(l.delivered_at, coalesce(m.sent_at, l.sent_at)) END AS delivered_at,
      CASE WHEN l.read_at IS NOT NULL THEN greatest(l.read_at, m.delivered_at, coalesce(m.sent_at, l.sent_at)) END AS read_at
    FROM latest l JOIN messages m ON m.id = l.message_id JOIN sessions s ON s.id = l.session_id
    WHERE l.state > m.state AND (l.state <> 'UNKNOWN' OR m.state = 'QUEUED')
    ORDER BY m.id
  ), moved AS (
    UPDATE messages m SET state = b.state,
      sent_at = b.sent_at, delivered_at = coalesce(m.delivered_at, b.delivered_at),
      read_at = coalesce(m.read_at, b.read_at), wire_at = coalesce(b.wire_at, m.wire_at), recipients = coalesce(m.recipients, b.recipients),
      error_code = CASE WHEN b.state < 'SENT' THEN b.error_code END,
      error_message = CASE WHEN b.state < 'SENT' THEN b.error_message END
    FROM before b WHERE m.id = b.id AND m.state = b.old_state
    RETURNING m.id
  ), done AS (
    UPDATE outbox o SET state = CASE WHEN b.state < 'SENT' THEN b.state::text::"OutboxState" ELSE 'SENT' END
    FROM before b JOIN moved USING (id) WHERE o.message_id = b.id AND b.old_state < 'SENT'
  ), new_events AS (
    SELECT b.session_id, f.epoch, b.trace, row_number() OVER (ORDER BY b.id, step.state) AS ord, step.type,
      jsonb_build_object('messageId', b.id, 'waMessageId', b.wa_message_id, 'to', b.chat_jid,
        'timestamp', extract(epoch FROM CASE step.type WHEN 'message.sent' THEN b.sent_at WHEN 'message.delivered' THEN b.delivered_at
          WHEN 'message.failed' THEN b.failed_at
          ELSE b.read_at END)::bigint,
        'identities', jsonb_build_object('chat', b.chat_identity)
          || CASE WHEN step.state = 'SENT' AND b.own_jid IS NOT NULL
            THEN jsonb_build_object('from', ${identityOf('b.workspace_id', 'b.own_jid')}) ELSE '{}' END)
        || CASE step.state WHEN 'SENT' THEN jsonb_strip_nulls(jsonb_build_object('chat', b.chat_jid, 'fromMe', true, 'source', 'api',
            'type', b.kind, 'text', b.text, 'content', b.content)) || coalesce(b.context, '{}')
          WHEN 'FAILED' THEN jsonb_build_object('errorCode', b.error_code, 'error', b.error_message)
          WHEN 'UNKNOWN' THEN jsonb_build_object('errorCode', b.error_code, 'error', b.error_message, 'state', 'unknown')
          ELSE '{}' END AS data
    FROM before b JOIN moved USING (id) JOIN fence f ON f.session_id = b.session_id
    CROSS JOIN (VALUES ('FAILED'::"MessageState", 'message.failed'), ('UNKNOWN', 'message.failed'), ('SENT', 'message.sent'),
      ('DELIVERED', 'message.delivered'), ('READ', 'message.read'), ('PLAYED', 'message.played')) AS step(state, type)
    WHERE step.state > b.old_state AND step.state <= b.state AND (step.state >= 'SENT' OR step.state = b.state)
  ), ${APPEND_TRACED_EVENTS}
  SELECT (SELECT coalesce(json_agg(session_id), '[]') FROM fence) AS owned,
    (SELECT coalesce(json_agg(json_build_object('sessionId', session_id, 'messageId', id, 'state', state)), '[]')
      FROM before JOIN moved USING (id)) AS moved,
    (SELECT count(*) FROM before)::int - (SELECT count(*) FROM moved)::int AS overtaken,
    ${APPENDED_COLUMNS}`;

const RECORD = { name: 'record-outcomes', text: record(false) };
const RECORD_OF_MEMBERS = { name: 'record-outcomes-of-members', text: record(true) };

export interface RecordedOutcomes extends Appended {
  /** Messages that moved, with their new state. */
  moved: { sessionId: string; messageId: string; state: MessageState }[];
  /** Sessions of the batch that this worker does not own any more; nothing of theirs was written. */
  stale: string[];
}

/**
 * Records a batch of outcomes under the fence of each session (I2). Stale sessions are returned, not thrown. When
 * another statement has moved a message meanwhile, the batch is recorded once more on top of it: what is done by then
 * is not done again.
 */
export async function recordOutcomes(db: Queryable, outcomes: readonly Outcome[]): Promise<RecordedOutcomes> {
  const recorded = await recordOnce(db, outcomes);
  if (recorded.overtaken === 0) return recorded;
  const rest = await recordOutcomes(db, outcomes);
  return {
    events: [...recorded.events, ...rest.events],
    webhooks: [...recorded.webhooks, ...rest.webhooks],
    moved: [...recorded.moved, ...rest.moved],
    stale: rest.stale,
  };
}

async function recordOnce(
  db: Queryable,
  outcomes: readonly Outcome[],
): Promise<RecordedOutcomes & { overtaken: number }> {
  const { sessionIds, epochs } = fenceParameters(outcomes);
  const column = <K extends keyof Outcome>(key: K) => outcomes.map((outcome) => outcome[key] ?? null);
  const { rows } = await db.query<RecordedOutcomes & { owned: string[]; overtaken: number }>({
    ...(outcomes.some(({ participant }) => participant !== undefined) ? RECORD_OF_MEMBERS : RECORD),
    values: [
      sessionIds,
      epochs,
      column('sessionId'),
      column('waMessageId'),
      column('state'),
      column('at'),
      column('errorCode'),
      column('errorMessage'),
      column('wireAt'),
      column('participant'),
      column('recipients'),
    ],
  });
  const row = rows[0]!;
  const owned = new Set(row.owned);
  return {
    ...readAppended(row),
    moved: row.moved,
    stale: sessionIds.filter((id) => !owned.has(id)),
    overtaken: row.overtaken,
  };
}

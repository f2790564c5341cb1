import type { ChatType, EventType } from '@wa-gate/contracts';

/** What a statement that appended events reports. */
export interface AppendedEvent {
  sessionId: string;
  seq: number;
  type: EventType;
  data: Record<string, unknown>;
  /** `null` for events of the gateway. */
  epoch: number | null;
  /** Milliseconds since 1970. */
  createdAt: number;
  /** What the caller gave with the message that the event is about. */
  metadata: Record<string, unknown> | null;
  /** `traceparent` of what brought it about, where that was traced. Workers of the previous version do not tell it. */
  trace?: string | null;
}

/** A webhook that wants some of the events, and is not paused. */
export interface WantingWebhook {
  webhookId: string;
  sessionId: string;
  /** The lease under which somebody delivers its events now; `null`: nobody does, notify its doorbell. */
  leasedBy: string | null;
  /** Of the wanted events, ascending. */
  seqs: number[];
}

export interface Appended {
  events: AppendedEvent[];
  webhooks: WantingWebhook[];
}

/** The kinds of chats that a webhook may ask for, by the end of the jid. What ends otherwise is a person. */
const CHAT_TYPE_ENDS: Readonly<Record<Exclude<ChatType, 'user'>, string>> = {
  group: '@g.us',
  channel: '@newsletter',
  status: 'status@broadcast',
  broadcast: '@broadcast',
};

/**
 * SQL condition: the webhook wants events of the type, with that `data`. An event without a chat passes the filters by
 * chat. A chat is known by all of its names that the event tells.
 */
export const wantsEvent = (webhook: string, type: string, data: string): string => `(${webhook}.events && CASE ${type}
    WHEN 'message.recovered' THEN ARRAY[${type}, 'message.received', '*'] ELSE ARRAY[${type}, '*'] END
  AND CASE WHEN ${webhook}.chat_types IS NULL AND ${webhook}.chats IS NULL THEN true
    WHEN coalesce(${data}->>'chat', ${data}->>'to') IS NULL THEN true
    ELSE (${webhook}.chat_types IS NULL OR ${chatType(`coalesce(${data}->>'chat', ${data}->>'to')`)} = ANY (${webhook}.chat_types))
      AND (${webhook}.chats IS NULL OR ${webhook}.chats && ARRAY[${data}->>'chat', ${data}->>'to', ${data}->>'chatAlt',
        ${data}#>>'{identities,chat,lid}', ltrim(${data}#>>'{identities,chat,phoneNumber}', '+') || '@s.whatsapp.net']) END)`;

const chatType = (jid: string): string =>
  `CASE ${Object.entries(CHAT_TYPE_ENDS)
    .map(([type, end]) => `WHEN ${jid} LIKE '%${end}' THEN '${type}'`)
    .join(' ')} ELSE 'user' END`;

/**
 * The tail of every statement that appends events. It takes the CTE `new_events(session_id, epoch, ord, type, data)` of
 * the statement before it, gives each event the next `seq` of its session from the counter row (I11), and inserts the
 * event, all in the transaction of the fact itself. A webhook that wants the event gets its row with the result of the
 * first attempt; only for the primary one of a session, while nobody holds it, the row is written here: gateways of the
 * version before look for rows alone. The others always have a cursor, so that many of them cost an append no more rows
 * than one. `message.recovered` also goes to webhooks that want `message.received`: a message that could be read at the
 * second try alone must not be missed.
 *
 * A statement for several sessions locks their counters in no fixed order. Two such statements cannot meet on the same
 * sessions: only the owner runs them, under the fence, and one after another (the worker's lane). Locking them in order
 * first was measured at a tenth of the statement.
 */
const appendEvents = (trace: string): string => `numbered AS (
  SELECT session_id, epoch, ${trace} AS trace, type, data, row_number() OVER (PARTITION BY session_id ORDER BY ord) AS n FROM new_events
), counted AS (
  UPDATE session_counters c SET last_seq = c.last_seq + k.n
  FROM (SELECT session_id, count(*) AS n FROM new_events GROUP BY session_id) k
  WHERE c.session_id = k.session_id
  RETURNING c.session_id, c.last_seq - k.n AS base
), appended AS (
  INSERT INTO events (session_id, seq, type, data, epoch, trace)
  SELECT n.session_id, c.base + n.n, n.type, n.data, n.epoch, n.trace FROM numbered n JOIN counted c USING (session_id)
  RETURNING session_id, seq, type, data, epoch, trace, created_at
), wanted AS (
  SELECT w.id AS webhook_id, a.session_id, a.seq, CASE WHEN w.leased_until > now() THEN w.leased_by END AS leased_by,
    w.session_id IS NULL OR coalesce(w.held_until > now(), false) AS needs_no_row, w.paused_at IS NOT NULL AS is_paused
  FROM appended a JOIN webhooks w ON w.source_session_id = a.session_id AND w.is_active AND ${wantsEvent('w', 'a.type', 'a.data')}
), waiting AS (
  INSERT INTO webhook_deliveries (webhook_id, session_id, seq, next_attempt)
  SELECT webhook_id, session_id, seq, date_trunc('milliseconds', now()) FROM wanted WHERE NOT needs_no_row
)`;

export const APPEND_EVENTS = appendEvents('NULL::text');

/** The same for `new_events` with a column `trace`: the `traceparent` of what brought the event about, or NULL. */
export const APPEND_TRACED_EVENTS = appendEvents('trace');

/**
 * SQL of the metadata of an event: what is attached to its session, and over it what the caller gave with the message
 * that the event is about. Messages that come in have none. Subqueries, which always use the primary keys.
 */
export const metadataOf = (event: string): string => `nullif(
    coalesce((SELECT s.settings->'metadata' FROM sessions s WHERE s.id = ${event}.session_id), '{}'::jsonb)
    || coalesce(CASE WHEN ${event}.type <> 'message.received' THEN
      (SELECT m.metadata FROM messages m WHERE m.id = (${event}.data->>'messageId')::uuid) END, '{}'::jsonb), '{}'::jsonb)`;

/**
 * Result columns that go with {@link APPEND_EVENTS}; read them with {@link readAppended}.
 */
export const APPENDED_COLUMNS = `
  (SELECT coalesce(json_agg(json_build_object('sessionId', a.session_id, 'seq', a.seq, 'type', a.type, 'data', a.data,
      'epoch', a.epoch, 'trace', a.trace, 'createdAt', (extract(epoch FROM a.created_at) * 1000)::bigint,
      'metadata', ${metadataOf('a')})
    ORDER BY a.session_id, a.seq), '[]') FROM appended a) AS events,
  (SELECT coalesce(json_agg(json_build_object('webhookId', webhook_id, 'sessionId', session_id, 'leasedBy', leased_by, 'seqs', seqs)),
      '[]')
    FROM (SELECT webhook_id, session_id, leased_by, array_agg(seq ORDER BY seq) AS seqs FROM wanted WHERE NOT is_paused
      GROUP BY webhook_id, session_id, leased_by) AS w) AS webhooks`;

export const readAppended = (row: Appended): Appended => ({ events: row.events, webhooks: row.webhooks });

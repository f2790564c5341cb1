import type { EventType } from '@wa-gate/contracts';

/** What a statement that appended events reports. */
export interface AppendedEvent {
  sessionId: string;
  seq: number;
  type: EventType;
  data: Record<string, unknown>;
}

export interface Appended {
  events: AppendedEvent[];
  /** Endpoints that have something new to deliver: notify their doorbells. */
  webhooks: { webhookId: string; sessionId: string }[];
}

/**
 * The tail of every statement that appends events. It takes the CTE `new_events(session_id, epoch, ord, type, data)` of
 * the statement before it, gives each event the next `seq` of its session from the counter row (I11), and inserts the
 * event and one delivery for each matching webhook, all in the transaction of the fact itself. `message.recovered` also
 * goes to webhooks that want `message.received`: a message that could be read only at the second try must not be
 * missed.
 *
 * A statement for several sessions locks their counters in no fixed order. Two such statements cannot meet on the same
 * sessions: only the owner runs them, under the fence, and one after another (the worker's lane). Locking them in order
 * first was measured at a tenth of the statement.
 */
export const APPEND_EVENTS = `numbered AS (
  SELECT session_id, epoch, type, data, row_number() OVER (PARTITION BY session_id ORDER BY ord) AS n FROM new_events
), counted AS (
  UPDATE session_counters c SET last_seq = c.last_seq + k.n
  FROM (SELECT session_id, count(*) AS n FROM new_events GROUP BY session_id) k
  WHERE c.session_id = k.session_id
  RETURNING c.session_id, c.last_seq - k.n AS base
), appended AS (
  INSERT INTO events (session_id, seq, type, data, epoch)
  SELECT n.session_id, c.base + n.n, n.type, n.data, n.epoch FROM numbered n JOIN counted c USING (session_id)
  RETURNING session_id, seq, type, data
), delivering AS (
  INSERT INTO webhook_deliveries (webhook_id, session_id, seq, next_attempt)
  SELECT w.id, a.session_id, a.seq, date_trunc('milliseconds', now())
  FROM appended a JOIN webhooks w ON w.session_id = a.session_id AND w.is_active AND w.events && CASE a.type
    WHEN 'message.recovered' THEN ARRAY[a.type, 'message.received', '*'] ELSE ARRAY[a.type, '*'] END
  RETURNING webhook_id, session_id
)`;

/** Result columns that go with {@link APPEND_EVENTS}; read them with {@link readAppended}. */
export const APPENDED_COLUMNS = `
  (SELECT coalesce(json_agg(json_build_object('sessionId', session_id, 'seq', seq, 'type', type, 'data', data)
    ORDER BY session_id, seq), '[]') FROM appended) AS events,
  (SELECT coalesce(json_agg(DISTINCT jsonb_build_object('webhookId', webhook_id, 'sessionId', session_id)), '[]')
    FROM delivering) AS webhooks`;

export const readAppended = (row: Appended): Appended => ({ events: row.events, webhooks: row.webhooks });

import type { EventType } from '@wa-gate/contracts';
import type { OutboxState, Queryable, SessionState, WebhookStatus } from '@wa-gate/db';
import { isHeldBack, newChatsHeldUntil, type PacedWait, readHeld, waitOf, wantsEvent } from '@wa-gate/messaging';

/** One attempt, as the claim has noted it. */
export interface Attempt {
  at: string;
  epoch: number;
  worker: string;
}

/** The outbox row of a message, and what of its session decides when it goes. */
export interface QueueRecord {
  state: OutboxState;
  attempts: number;
  attemptLog: Attempt[];
  wireAt: Date | null;
  /** Set while it is scheduled for later. */
  scheduledFor: Date | null;
  sessionState: SessionState;
  sessionReason: string | null;
  hasOwner: boolean;
  /** Set while WhatsApp's time-lock holds it. */
  lockedUntil: Date | null;
  /** Messages of the session that go first, counted up to {@link COUNTED_AHEAD}. */
  ahead: number;
  /** Why the picture of its link preview was left out. */
  pictureRefusal: { code: string; message: string; at: string } | null;
  /** What keeps a held message whose time has come from the queue. */
  pacing: PacedWait | null;
}

/** An event that tells of the message, with its delivery where a webhook wants it. */
export interface EventRecord {
  seq: number;
  type: EventType;
  data: Record<string, unknown>;
  createdAt: Date;
  delivery: {
    status: WebhookStatus;
    attempts: number;
    nextAttempt: Date;
    deliveredAt: Date | null;
    responseCode: number | null;
    lastError: string | null;
  } | null;
}

export interface TimelineRepository {
  /** `null` for a message that did not go through the outbox. */
  queue(messageId: string): Promise<QueueRecord | null>;
  events(messageId: string): Promise<EventRecord[]>;
}

const COUNTED_AHEAD = 1_000;

const QUEUE = {
  name: 'timeline-queue',
  text: `SELECT o.state, o.attempts, o.attempt_log AS "attemptLog", coalesce(m.wire_at, o.wire_at) AS "wireAt",
      CASE WHEN o.not_before > now() THEN o.not_before END AS "scheduledFor",
      o.request #> '{context,linkPreview,pictureRefusal}' AS "pictureRefusal",
      s.state AS "sessionState", s.state_reason AS "sessionReason",
      CASE WHEN ${isHeldBack('o.chat_jid', 's')} THEN ${newChatsHeldUntil('s')} END AS "lockedUntil",
      EXISTS (SELECT 1 FROM session_placements p
        JOIN worker_leases l ON l.worker_id = p.worker_id AND l.incarnation = p.incarnation
        WHERE p.session_id = o.session_id AND l.ended_at IS NULL AND l.expires_at > now()) AS "hasOwner",
      (SELECT count(*) FROM (SELECT 1 FROM outbox e
        WHERE e.session_id = o.session_id AND e.state IN ('QUEUED', 'SENDING') AND (o.state = 'HELD' OR (e.lane, e.seq) < (o.lane, o.seq))
        UNION ALL
        SELECT 1 FROM outbox e WHERE o.state = 'HELD' AND e.session_id = o.session_id AND e.state = 'HELD' AND e.not_before <= now()
          AND (e.lane, e.not_before, e.seq) < (o.lane, o.not_before, o.seq)
        LIMIT ${COUNTED_AHEAD}) older) AS ahead
    FROM outbox o JOIN messages m ON m.id = o.message_id JOIN sessions s ON s.id = o.session_id WHERE o.message_id = $1`,
};

/** A delivery of a webhook that is held has a row from its first result on; until then it is pending. */
const EVENTS = {
  name: 'timeline-events',
  text: `SELECT e.seq, e.type, e.data, e.created_at AS "createdAt", coalesce(d.status, h.status) AS status,
      coalesce(d.attempts, 0) AS attempts, coalesce(d.next_attempt, e.created_at) AS "nextAttempt",
      d.delivered_at AS "deliveredAt", d.response_code AS "responseCode", d.last_error AS "lastError"
    FROM events e LEFT JOIN webhooks w ON w.session_id = e.session_id
    LEFT JOIN webhook_deliveries d ON d.webhook_id = w.id AND d.session_id = e.session_id AND d.seq = e.seq
    LEFT JOIN LATERAL (SELECT 'PENDING'::"WebhookStatus" AS status
      WHERE w.leased_by IS NOT NULL AND w.is_active AND e.seq > w.cursor AND ${wantsEvent('w', 'e.type', 'e.data')}) AS h ON true
    WHERE e.data ? 'messageId'
      AND e.data->>'messageId' IN (SELECT $1::text UNION ALL SELECT a.id::text FROM message_aliases a WHERE a.message_id = $1::uuid)
    ORDER BY e.seq`,
};

export function createTimelineRepository(db: Queryable): TimelineRepository {
  return {
    async queue(messageId) {
      const { rows } = await db.query<Omit<QueueRecord, 'pacing'>>({ ...QUEUE, values: [messageId] });
      const [row] = rows;
      if (!row) return null;
      const held = row.state === 'HELD' ? await readHeld(db, messageId) : null;
      return { ...row, pacing: held && waitOf(held.session, held.message, held.now) };
    },
    async events(messageId) {
      type Row = Omit<EventRecord, 'delivery'> & { [K in keyof NonNullable<EventRecord['delivery']>]: unknown };
      const { rows } = await db.query<Row>({ ...EVENTS, values: [messageId] });
      return rows.map(({ seq, type, data, createdAt, ...delivery }) => ({
        seq,
        type,
        data,
        createdAt,
        delivery: delivery.status === null ? null : (delivery as NonNullable<EventRecord['delivery']>),
      }));
    },
  };
}

import { WAITING_DELIVERIES } from '../deliveries/deliveries.ts';
import { wantsEvent } from '../events/append-events.ts';

/** One rule that the tables must keep. */
export interface SqlInvariant {
  name: string;
  /** The numbered invariant behind it (packages/cluster, README). */
  invariant: `I${number}`;
  /** The violation that a row of the result proves, in words. */
  description: string;
  /**
   * Returns a row per violation. May read the bounds of `InvariantBounds` from the CTE `bound(before, since, first_id,
   * depth)`.
   */
  sql: string;
}

/** A lease that has not ended and has not run out. */
const LIVE = `l.ended_at IS NULL AND l.expires_at > now()`;

/** Workers that would take one more session of the network now. */
const HAS_ROOM = (network: string): string => `EXISTS (
  SELECT 1 FROM workers w JOIN worker_leases l ON l.worker_id = w.id
  WHERE w.network = ${network} AND w.admin_state = 'ACTIVE' AND l.runtime_state = 'READY' AND ${LIVE}
    AND (SELECT count(*) FROM session_placements o WHERE o.worker_id = w.id) < w.max_sessions)`;

/** Sessions that have been connected for longer than the bound: their owner had the time to do what waits for it. */
const LONG_CONNECTED = `s.state = 'CONNECTED' AND s.connected_at < (SELECT before FROM bound)`;

const OWNERSHIP: SqlInvariant[] = [
  {
    name: 'placement-without-epoch',
    invariant: 'I1',
    description: 'A session was placed and its epoch did not grow.',
    sql: `SELECT session_id, state, epoch FROM session_placements WHERE state <> 'UNASSIGNED' AND epoch < 1`,
  },
  {
    name: 'epoch-from-the-future',
    invariant: 'I1',
    description: 'A row was written under an epoch that the placement has not reached.',
    sql: `SELECT p.session_id, p.epoch, o.message_id, o.epoch AS written FROM outbox o JOIN session_placements p USING (session_id)
        WHERE o.message_id >= (SELECT first_id FROM bound) AND o.epoch > p.epoch
      UNION ALL
      SELECT p.session_id, p.epoch, NULL, e.epoch FROM session_placements p JOIN session_counters c USING (session_id)
        JOIN events e ON e.session_id = p.session_id AND e.seq = c.last_seq
        WHERE e.epoch > p.epoch`,
  },
  {
    name: 'epoch-went-back',
    invariant: 'I2',
    description: 'An owner appended an event after a later owner had: a stale write was not refused.',
    sql: `SELECT session_id, seq, epoch, latest FROM (
        SELECT e.session_id, e.seq, e.epoch, max(e.epoch) OVER (PARTITION BY e.session_id ORDER BY e.seq) AS latest
        FROM session_counters c CROSS JOIN bound JOIN events e ON e.session_id = c.session_id AND e.seq > c.last_seq - bound.depth
        WHERE e.epoch IS NOT NULL) AS told
      WHERE epoch < latest`,
  },
  {
    name: 'attempt-epoch-went-back',
    invariant: 'I2',
    description: 'A message was claimed by an owner after a later owner had claimed it.',
    sql: `SELECT session_id, message_id, attempt_log FROM (
        SELECT o.session_id, o.message_id, o.attempt_log, (a.entry->>'epoch')::bigint AS epoch,
          lag((a.entry->>'epoch')::bigint) OVER (PARTITION BY o.message_id ORDER BY a.n) AS former
        FROM outbox o CROSS JOIN LATERAL jsonb_array_elements(o.attempt_log) WITH ORDINALITY AS a(entry, n)
        WHERE o.message_id >= (SELECT first_id FROM bound) AND o.attempts > 1) AS attempts
      WHERE epoch < former`,
  },
  {
    name: 'worker-over-capacity',
    invariant: 'I9',
    description: 'A worker has more sessions than it may have.',
    sql: `SELECT w.id AS worker_id, w.max_sessions, count(*) AS placed FROM workers w JOIN session_placements p ON p.worker_id = w.id
      GROUP BY w.id HAVING count(*) > w.max_sessions`,
  },
  {
    name: 'owner-long-gone',
    invariant: 'I3',
    description: 'A session stays with a worker whose lease is over, though another has room.',
    sql: `SELECT p.session_id, p.worker_id, p.incarnation, p.epoch, p.changed_at
      FROM session_placements p JOIN sessions s ON s.id = p.session_id LEFT JOIN worker_leases l ON l.worker_id = p.worker_id
      CROSS JOIN bound
      WHERE p.state <> 'UNASSIGNED' AND s.desired_state = 'RUNNING' AND p.changed_at < bound.before
        AND (l.worker_id IS NULL OR l.ended_at < bound.before OR l.expires_at < bound.before
          OR (l.incarnation <> p.incarnation AND l.started_at < bound.before))
        AND ${HAS_ROOM('s.network')}`,
  },
  {
    name: 'session-without-worker',
    invariant: 'I9',
    description: 'A session should run, waits for a worker, and one has room.',
    sql: `SELECT p.session_id, p.epoch, p.reason, p.changed_at FROM session_placements p JOIN sessions s ON s.id = p.session_id
      WHERE p.state = 'UNASSIGNED' AND s.desired_state = 'RUNNING' AND p.changed_at < (SELECT before FROM bound)
        AND s.updated_at < (SELECT before FROM bound) AND ${HAS_ROOM('s.network')}`,
  },
  {
    name: 'connected-without-worker',
    invariant: 'I2',
    description: 'A session says connected, and no worker has it.',
    sql: `SELECT s.id AS session_id, p.reason, p.changed_at FROM sessions s JOIN session_placements p ON p.session_id = s.id
      WHERE s.state = 'CONNECTED' AND p.state = 'UNASSIGNED' AND p.changed_at < (SELECT before FROM bound)`,
  },
  {
    name: 'session-incomplete',
    invariant: 'I1',
    description: 'A session has no placement row or no counter row: nothing can be written for it.',
    sql: `SELECT s.id AS session_id, p.session_id IS NULL AS lacks_placement, c.session_id IS NULL AS lacks_counter
      FROM sessions s LEFT JOIN session_placements p ON p.session_id = s.id LEFT JOIN session_counters c ON c.session_id = s.id
      WHERE p.session_id IS NULL OR c.session_id IS NULL`,
  },
  {
    name: 'paired-without-credentials',
    invariant: 'I2',
    description: 'A session is paired and has no credentials: it would need a new QR code.',
    sql: `SELECT s.id AS session_id, s.state FROM sessions s
      WHERE s.paired_at IS NOT NULL AND s.state <> 'LOGGED_OUT'
        AND NOT EXISTS (SELECT 1 FROM session_keys k WHERE k.session_id = s.id AND k.kind = 'creds')`,
  },
];

const SENDING: SqlInvariant[] = [
  {
    name: 'accepted-without-outbox',
    invariant: 'I8',
    description: 'A message was accepted and nobody will send it.',
    sql: `SELECT m.session_id, m.id AS message_id, m.state FROM messages m
      WHERE m.id >= (SELECT first_id FROM bound) AND m.direction = 'OUTBOUND' AND m.state IN ('QUEUED', 'FAILED', 'UNKNOWN')
        AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = m.id)`,
  },
  {
    name: 'idempotency-key-without-message',
    invariant: 'I8',
    description: 'A key was used and its message is not there: a repeated request would be answered with nothing.',
    sql: `SELECT k.session_id, k.key, k.message_id FROM idempotency_keys k
      WHERE k.message_id >= (SELECT first_id FROM bound) AND k.expires_at > now()
        AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = k.message_id)
        AND NOT EXISTS (SELECT 1 FROM message_changes c WHERE c.id = k.message_id)`,
  },
  {
    name: 'outbox-disagrees-with-message',
    invariant: 'I8',
    description: 'The outbox and the message tell different fates.',
    sql: `SELECT o.session_id, o.message_id, o.state AS outbox, m.state AS message FROM outbox o JOIN messages m ON m.id = o.message_id
      WHERE o.message_id >= (SELECT first_id FROM bound) AND m.id >= (SELECT first_id FROM bound)
        AND CASE o.state WHEN 'SENT' THEN m.state NOT IN ('SENT', 'DELIVERED', 'READ', 'PLAYED')
          WHEN 'FAILED' THEN m.state <> 'FAILED' WHEN 'UNKNOWN' THEN m.state <> 'UNKNOWN' ELSE m.state <> 'QUEUED' END`,
  },
  {
    name: 'left-in-sending',
    invariant: 'I8',
    description: 'A message has been in sending for too long, though its session is connected.',
    sql: `SELECT o.session_id, o.message_id, o.epoch, p.epoch AS placed, o.attempt_log
      FROM outbox o JOIN sessions s ON s.id = o.session_id JOIN session_placements p ON p.session_id = o.session_id
      WHERE o.state = 'SENDING' AND ${LONG_CONNECTED}
        AND coalesce((o.attempt_log->-1->>'at')::timestamptz, o.created_at) < (SELECT before FROM bound)`,
  },
  {
    name: 'overtaken-in-the-queue',
    invariant: 'I8',
    description: 'A message has been due for too long, while later ones of its session were sent.',
    sql: `SELECT o.session_id, o.message_id, o.not_before FROM outbox o JOIN sessions s ON s.id = o.session_id
      WHERE o.state = 'QUEUED' AND o.not_before < (SELECT before FROM bound) AND ${LONG_CONNECTED}
        AND EXISTS (SELECT 1 FROM outbox later JOIN messages m ON m.id = later.message_id
          WHERE later.session_id = o.session_id AND later.lane = o.lane AND later.seq > o.seq AND later.state = 'SENT'
            AND m.sent_at > o.not_before + (now() - (SELECT before FROM bound)))`,
  },
  {
    name: 'message-without-key',
    invariant: 'I8',
    description: 'A message is not known by its WhatsApp id: a copy of it would be stored as another message.',
    sql: `SELECT m.session_id, m.id AS message_id, m.wa_message_id, k.message_id AS known_as FROM messages m
      LEFT JOIN message_keys k USING (session_id, chat_jid, from_me, wa_message_id)
      WHERE m.id >= (SELECT first_id FROM bound) AND k.message_id IS DISTINCT FROM m.id`,
  },
  {
    name: 'whatsapp-id-twice',
    invariant: 'I8',
    description: 'Two messages of a session, in the same direction, have one WhatsApp id.',
    sql: `SELECT session_id, wa_message_id, from_me, array_agg(chat_jid) AS chats FROM messages
      WHERE id >= (SELECT first_id FROM bound) GROUP BY session_id, wa_message_id, from_me HAVING count(*) > 1`,
  },
];

const EVENTS: SqlInvariant[] = [
  {
    name: 'seq-gap',
    invariant: 'I11',
    description: 'The events of a session are not numbered without gaps.',
    // A recovery leaps, and says so with the first event behind the gap.
    sql: `SELECT c.session_id, c.last_seq, k.former, k.seq, k.type FROM session_counters c CROSS JOIN bound
      CROSS JOIN LATERAL (SELECT e.seq, e.type, lag(e.seq) OVER (ORDER BY e.seq) AS former FROM events e
        WHERE e.session_id = c.session_id AND e.seq > c.last_seq - bound.depth) AS k
      WHERE k.seq <> k.former + 1 AND k.type <> 'session.restored'`,
  },
  {
    name: 'counter-disagrees-with-events',
    invariant: 'I11',
    description: 'The counter of a session is not the number of its last event.',
    sql: `SELECT c.session_id, c.last_seq, k.highest FROM session_counters c
      CROSS JOIN LATERAL (SELECT max(seq) AS highest FROM events e WHERE e.session_id = c.session_id) AS k
      WHERE k.highest <> c.last_seq`,
  },
  {
    name: 'event-twice',
    invariant: 'I11',
    description: 'One step of a message was told twice.',
    sql: `SELECT m.session_id, m.id AS message_id, e.type, count(*) AS count FROM messages m
      JOIN events e ON e.data ? 'messageId' AND e.data->>'messageId' = m.id::text
      WHERE m.id >= (SELECT first_id FROM bound) AND e.session_id = m.session_id
        AND e.type IN ('message.received', 'message.recovered', 'message.unsupported', 'message.sent', 'message.delivered', 'message.read', 'message.played')
      GROUP BY m.session_id, m.id, e.type HAVING count(*) > 1`,
  },
  {
    name: 'message-without-event',
    invariant: 'I11',
    description: 'A message reached a state that no event told.',
    sql: `SELECT m.session_id, m.id AS message_id, m.direction, m.state, m.is_stub FROM messages m
      WHERE m.id >= (SELECT first_id FROM bound) AND m.state <> 'QUEUED' AND NOT m.is_history
        AND NOT EXISTS (SELECT 1 FROM events e WHERE e.data ? 'messageId' AND e.data->>'messageId' = m.id::text
          AND CASE WHEN m.is_stub THEN e.type = 'message.undecryptable'
            WHEN e.type IN ('message.unsupported', 'message.recovered') THEN true
            WHEN m.revoked_at IS NOT NULL AND e.type = 'message.undecryptable' THEN true
            WHEN m.direction = 'INBOUND' THEN e.type = 'message.received'
            WHEN m.state IN ('FAILED', 'UNKNOWN') THEN e.type = 'message.failed'
            ELSE e.type = 'message.sent' END)`,
  },
  {
    name: 'event-without-message',
    invariant: 'I11',
    description: 'An event tells of a message that is not there and was not erased, or that is not that far.',
    sql: `SELECT e.session_id, e.seq, e.type, m.id AS message_id, m.state FROM session_counters c CROSS JOIN bound
      JOIN events e ON e.session_id = c.session_id AND e.seq > c.last_seq - bound.depth
      LEFT JOIN messages m ON m.id = coalesce(
        (SELECT a.message_id FROM message_aliases a WHERE a.id = (e.data->>'messageId')::uuid), (e.data->>'messageId')::uuid)
      WHERE e.data ? 'messageId' AND (e.data->>'messageId')::uuid >= bound.first_id
        AND (m.id IS NULL AND 'erased' IS DISTINCT FROM coalesce(e.data->>'chat', e.data->>'to')
          OR (e.type = 'message.sent' AND m.state IN ('QUEUED', 'FAILED', 'UNKNOWN')))`,
  },
  {
    name: 'delivery-missing',
    invariant: 'I11',
    description: 'A webhook asked for an event and will not get it.',
    sql: `SELECT e.session_id, e.seq, e.type, w.id AS webhook_id
      FROM webhooks w JOIN session_counters c ON c.session_id = w.source_session_id CROSS JOIN bound
      JOIN events e ON e.session_id = c.session_id AND e.seq > c.last_seq - bound.depth
      WHERE w.is_active AND e.created_at > w.updated_at + interval '1 second' AND ${wantsEvent('w', 'e.type', 'e.data')}
        AND (w.cursor IS NULL OR e.seq <= w.cursor)
        AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.session_id = e.session_id AND d.seq = e.seq)`,
  },
  {
    name: 'delivery-forgotten',
    invariant: 'I10',
    description: 'An event has been due for too long, and nobody delivers it.',
    sql: `SELECT w.id AS webhook_id, w.source_session_id AS session_id, min(d.seq) AS seq, count(*) AS count, min(d.next_attempt) AS due_since
      FROM webhooks w JOIN ${WAITING_DELIVERIES} AS d ON d.webhook_id = w.id
      WHERE w.is_active AND d.next_attempt < (SELECT before FROM bound)
        AND (w.leased_until IS NULL OR w.leased_until < (SELECT before FROM bound))
      GROUP BY w.id`,
  },
];

const RECEIVING: SqlInvariant[] = [
  {
    name: 'journal-not-projected',
    invariant: 'I5',
    description: 'A message arrived whole, was receipted, and is still not a message, though its session is connected.',
    sql: `SELECT j.session_id, j.stanza_id, count(*) AS parts, min(j.created_at) AS since
      FROM inbound_journal j JOIN sessions s ON s.id = j.session_id
      WHERE j.projected_at IS NULL AND j.created_at < (SELECT before FROM bound) AND ${LONG_CONNECTED}
      GROUP BY j.session_id, j.stanza_id HAVING count(*) >= max(j.enc_count)`,
  },
  {
    name: 'journal-kept-content',
    invariant: 'I5',
    description: 'A journal row is done and still holds what was written in the message.',
    sql: `SELECT session_id, stanza_id, projected_at FROM inbound_journal
      WHERE created_at >= (SELECT since FROM bound) AND projected_at IS NOT NULL AND (plaintext IS NOT NULL OR stanza IS NOT NULL)`,
  },
  {
    name: 'journal-lost-content',
    invariant: 'I5',
    description: 'A journal row is not done and has lost what it is there for.',
    sql: `SELECT session_id, stanza_id FROM inbound_journal
      WHERE projected_at IS NULL AND (plaintext IS NULL OR stanza IS NULL)`,
  },
];

const CHANGES: SqlInvariant[] = [
  {
    name: 'change-disagrees-with-outbox',
    invariant: 'I8',
    description: 'A change that the API accepted will not be sent, or the outbox tells another fate of it.',
    sql: `SELECT c.session_id, c.id AS change_id, c.state, o.state AS outbox FROM message_changes c LEFT JOIN outbox o ON o.message_id = c.id
      WHERE c.id >= (SELECT first_id FROM bound) AND c.state IS NOT NULL
        AND c.state::text IS DISTINCT FROM replace(o.state::text, 'SENDING', 'QUEUED')`,
  },
  {
    name: 'change-without-event',
    invariant: 'I11',
    description: 'A change of the API counts, and no event told it.',
    sql: `SELECT c.session_id, c.id AS change_id, c.kind FROM message_changes c
      WHERE c.id >= (SELECT first_id FROM bound) AND c.state = 'SENT' AND c.is_current AND c.kind IN ('edit', 'revoke', 'reaction')
        AND NOT EXISTS (SELECT 1 FROM events e WHERE e.session_id = c.session_id AND e.data ? 'messageId'
          AND e.data->>'messageId' = c.message_id::text AND e.data->>'changeId' = c.wa_message_id)`,
  },
  {
    name: 'change-twice',
    invariant: 'I11',
    description: 'One change of a message was told twice.',
    sql: `SELECT c.session_id, c.message_id, c.wa_message_id, e.type, count(*) AS count FROM message_changes c
      JOIN events e ON e.session_id = c.session_id AND e.data ? 'messageId' AND e.data->>'messageId' = c.message_id::text
        AND e.data->>'changeId' = c.wa_message_id
      WHERE c.id >= (SELECT first_id FROM bound)
      GROUP BY c.session_id, c.message_id, c.wa_message_id, e.type HAVING count(*) > 1`,
  },
  {
    name: 'change-waits-for-nothing',
    invariant: 'I11',
    description: 'A change waits for a message that is there and can be read.',
    sql: `SELECT c.session_id, c.id AS change_id, k.message_id FROM message_changes c
      JOIN message_keys k ON k.session_id = c.session_id AND k.chat_jid IN (c.chat_jid, c.chat_alt_jid)
        AND k.from_me IN (true, false) AND k.wa_message_id = c.target_wa_message_id
      JOIN messages m ON m.id = k.message_id
      WHERE c.message_id IS NULL AND NOT m.is_stub AND c.id >= (SELECT first_id FROM bound)`,
  },
  {
    name: 'two-current-changes',
    invariant: 'I11',
    description:
      'Two edits of a message, two deletions, or two reactions, votes or answers of one person count at once.',
    sql: `SELECT message_id, kind, array_agg(id) AS changes FROM message_changes
      WHERE is_current AND id >= (SELECT first_id FROM bound)
      GROUP BY message_id, kind, CASE WHEN kind IN ('reaction', 'vote', 'answer') THEN from_jid END,
        CASE WHEN kind IN ('reaction', 'vote', 'answer') THEN from_me END
      HAVING count(*) > 1`,
  },
];

/** All of them. Each must return no row at any time, on every installation. */
export const SQL_INVARIANTS: readonly SqlInvariant[] = [...OWNERSHIP, ...SENDING, ...EVENTS, ...RECEIVING, ...CHANGES];

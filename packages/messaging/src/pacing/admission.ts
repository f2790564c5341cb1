import { FENCE_ONE, type Ownership } from '@wa-gate/cluster';
import { type PacingSettings, withDefaultPacing } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { namesOf } from '../contacts/identity-sql.ts';
import { PACED_LANES } from '../outbox/lanes.ts';
import { isHeldBack, newChatsHeldUntil } from '../sessions/reachout.ts';
import { type Decision, type HeldMessage, type PacedSession, WARM_UP_DAYS } from './policy.ts';

const PACED = `(${PACED_LANES.map((lane) => `'${lane}'`).join(', ')})`;

/** All lanes, each as a row: the index `outbox_held` begins with session and lane. */
const LANES = `unnest(enum_range(NULL::"OutboxLane")) AS l(lane)`;

/** SQL: whether row `o` is a message to somebody who has never written to session `s`, under whatever name. */
const IS_FIRST_CONTACT = `(o.chat_jid NOT LIKE '%@g.us' AND o.change_of IS NULL AND NOT EXISTS (
      SELECT 1 FROM ${namesOf('s.workspace_id', 'o.chat_jid')} AS n(jid)
      JOIN message_keys k ON k.session_id = s.id AND k.chat_jid = n.jid AND NOT k.from_me
      UNION ALL
      SELECT 1 FROM messages b WHERE b.session_id = s.id AND b.chat_alt_jid = o.chat_jid AND NOT b.from_me))`;

const milliseconds = (sql: string): string => `(extract(epoch FROM ${sql}) * 1000)::float8`;

/** SQL: people who have written to the session, counted up to what matters for the warm-up of a number. */
const ANSWERED = `CASE WHEN s.paired_at > now() - interval '${WARM_UP_DAYS} days' THEN
    (SELECT count(DISTINCT chat_jid)::int FROM (SELECT k.chat_jid FROM message_keys k
      WHERE k.session_id = s.id AND NOT k.from_me AND k.chat_jid NOT LIKE '%@g.us' LIMIT 5000) AS wrote) ELSE 0 END`;

/** Columns of {@link PacedSession}, of session `s` and row `p` of `session_pacing`. */
const SESSION_COLUMNS = `coalesce(p.settings, '{}') AS settings, ${milliseconds('p.next_at')} AS "nextAt",
    ${milliseconds('p.next_first_contact_at')} AS "nextFirstContactAt", p.counted_on::text AS "countedOn", coalesce(p.sent, 0) AS sent,
    coalesce(p.first_contacts, 0) AS "firstContacts", ${milliseconds('s.paired_at')} AS "pairedAt",
    ${milliseconds(newChatsHeldUntil('s'))} AS "lockedUntil", ${ANSWERED} AS answered`;

const HELD_COLUMNS = `o.message_id AS "messageId", o.lane, o.chat_jid AS "chatJid", ${IS_FIRST_CONTACT} AS "isFirstContact",
    ${isHeldBack('o.chat_jid', 's')} AS "isHeldBack"`;

/** A session with held messages whose time has come or comes soon. */
export interface HeldSession {
  sessionId: string;
  /** Milliseconds until the first of them is due; 0: now. */
  inMs: number;
}

const FIND_HELD = {
  name: 'find-held',
  text: `SELECT given.id AS "sessionId", greatest(0, ${milliseconds('min(o.not_before) - now()')}) AS "inMs"
    FROM unnest($1::uuid[]) AS given(id) CROSS JOIN ${LANES} CROSS JOIN LATERAL (
      SELECT o.not_before FROM outbox o WHERE o.session_id = given.id AND o.state = 'HELD' AND o.lane = l.lane
        AND o.not_before <= now() + $2 * interval '1 ms' ORDER BY o.not_before LIMIT 1
    ) o GROUP BY given.id`,
};

/**
 * Which of these sessions have held messages that are due within `withinMs`. Reads one entry of an index per session
 * and lane, however many messages are held for later.
 */
export async function findHeld(db: Queryable, sessionIds: readonly string[], withinMs: number): Promise<HeldSession[]> {
  const { rows } = await db.query<HeldSession>({ ...FIND_HELD, values: [sessionIds, withinMs] });
  return rows;
}

/** What the next admission of a session is decided by, as one statement has seen it. */
export interface AdmissionView {
  session: PacedSession;
  /** Due, `perLane` of each lane at most, in their order. */
  held: HeldMessage[];
  /** Paced messages that are in the queue already. */
  queued: number;
  /** The clock of the database, milliseconds since 1970. */
  now: number;
  /** When the next of the messages is due that are held for later; `null`: there is none. */
  nextDueAt: number | null;
}

const READ_ADMISSION = {
  name: 'read-admission',
  text: `SELECT ${SESSION_COLUMNS}, ${milliseconds('now()')} AS now,
      (SELECT count(*)::int FROM (SELECT FROM outbox q WHERE q.session_id = s.id AND q.state = 'QUEUED' AND q.lane IN ${PACED} LIMIT 50) w)
        AS queued,
      (SELECT ${milliseconds('min(d.not_before)')} FROM ${LANES} CROSS JOIN LATERAL (
        SELECT o.not_before FROM outbox o WHERE o.session_id = s.id AND o.state = 'HELD' AND o.lane = l.lane AND o.not_before > now()
        ORDER BY o.not_before LIMIT 1) d) AS "nextDueAt",
      (SELECT coalesce(json_agg(to_jsonb(h) - 'not_before' - 'seq' ORDER BY h.lane, h.not_before, h.seq), '[]')
        FROM ${LANES} CROSS JOIN LATERAL (
          SELECT ${HELD_COLUMNS}, o.not_before, o.seq FROM outbox o
          WHERE o.session_id = s.id AND o.state = 'HELD' AND o.lane = l.lane AND o.not_before <= now() AND coalesce(o.expires_at > now(), true)
          ORDER BY o.not_before, o.seq LIMIT $2) h) AS held
    FROM sessions s LEFT JOIN session_pacing p ON p.session_id = s.id WHERE s.id = $1`,
};

type ViewRow = Omit<PacedSession, 'settings'> & Omit<AdmissionView, 'session'> & { settings: Partial<PacingSettings> };

/** `null`: there is no such session any more. */
export async function readAdmission(db: Queryable, sessionId: string, perLane: number): Promise<AdmissionView | null> {
  const { rows } = await db.query<ViewRow>({ ...READ_ADMISSION, values: [sessionId, perLane] });
  if (!rows[0]) return null;
  const { held, queued, now, nextDueAt, settings, ...session } = rows[0];
  return { session: { ...session, settings: withDefaultPacing(settings) }, held, queued, now, nextDueAt };
}

/** What a message that is held waits for is asked with these. */
export interface HeldView {
  session: PacedSession;
  message: HeldMessage;
  now: number;
}

const READ_HELD = {
  name: 'read-held',
  text: `SELECT ${SESSION_COLUMNS}, ${milliseconds('now()')} AS now, ${HELD_COLUMNS}
    FROM outbox o JOIN sessions s ON s.id = o.session_id LEFT JOIN session_pacing p ON p.session_id = s.id
    WHERE o.message_id = $1 AND o.state = 'HELD' AND o.not_before <= now()`,
};

/** A held message whose time has come; `null`: it is none. */
export async function readHeld(db: Queryable, messageId: string): Promise<HeldView | null> {
  type Row = Omit<PacedSession, 'settings'> & HeldMessage & { settings: Partial<PacingSettings>; now: number };
  const { rows } = await db.query<Row>({ ...READ_HELD, values: [messageId] });
  if (!rows[0]) return null;
  const { settings, now, messageId: id, lane, chatJid, isFirstContact, isHeldBack: held, ...session } = rows[0];
  return {
    session: { ...session, settings: withDefaultPacing(settings) },
    message: { messageId: id, lane, chatJid, isFirstContact, isHeldBack: held },
    now,
  };
}

/**
 * The rows take new places at the end of the queue, in the order of lanes and times, and their age counts from now. The
 * update checks the state again: a cancellation of the same moment wins when it has locked the row first, and finds it
 * admitted when it comes second. The counts ride in the same statement, so that a crash loses both or none.
 *
 * It need not wait for the disk: what a crash of PostgreSQL loses is held again, with the counts of before.
 */
const ADMIT = {
  name: 'admit-held',
  text: `WITH ${FENCE_ONE}, relaxed AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'off', true)
  ), picked AS MATERIALIZED (
    SELECT o.message_id FROM fence f CROSS JOIN relaxed JOIN outbox o ON o.session_id = f.session_id
    WHERE o.message_id = ANY($3::uuid[]) AND o.state = 'HELD'
    ORDER BY o.lane, o.not_before, o.seq FOR UPDATE OF o
  ), placed AS MATERIALIZED (
    SELECT message_id, nextval('outbox_seq_seq') AS seq FROM picked
  ), admitted AS (
    UPDATE outbox o SET state = 'QUEUED', seq = placed.seq, not_before = date_trunc('milliseconds', now())
    FROM placed WHERE o.message_id = placed.message_id AND o.state = 'HELD'
    RETURNING o.message_id, o.session_id, o.lane
  ), paced AS (
    SELECT session_id, count(*)::int AS sent, (count(*) FILTER (WHERE message_id = ANY($4::uuid[])))::int AS first_contacts
    FROM admitted WHERE lane IN ${PACED} GROUP BY session_id
  ), counted AS (
    INSERT INTO session_pacing AS p (session_id, next_at, next_first_contact_at, counted_on, sent, first_contacts)
    SELECT session_id, to_timestamp($5::float8 / 1000), to_timestamp($6::float8 / 1000), $7::date, sent, first_contacts FROM paced
    ON CONFLICT (session_id) DO UPDATE SET next_at = excluded.next_at, next_first_contact_at = excluded.next_first_contact_at,
      sent = excluded.sent + CASE WHEN p.counted_on = excluded.counted_on THEN p.sent ELSE 0 END,
      first_contacts = excluded.first_contacts + CASE WHEN p.counted_on = excluded.counted_on THEN p.first_contacts ELSE 0 END,
      counted_on = excluded.counted_on, updated_at = now()
  )
  SELECT message_id AS "messageId" FROM admitted`,
};

/**
 * Lets held messages into the queue, under the fence (I2), and counts the paced ones.
 *
 * @param day in the zone of the session
 * @returns those that were let in: others are cancelled by now, or the session has another owner
 */
export async function admitHeld(
  db: Queryable,
  owner: Ownership,
  { admit, next }: Pick<Decision, 'admit' | 'next'>,
  day: string,
): Promise<Set<string>> {
  const firstContacts = admit.filter(({ isFirstContact }) => isFirstContact).map(({ messageId }) => messageId);
  const { rows } = await db.query<{ messageId: string }>({
    ...ADMIT,
    values: [
      owner.sessionId,
      owner.epoch,
      admit.map(({ messageId }) => messageId),
      firstContacts,
      next.nextAt,
      next.nextFirstContactAt,
      day,
    ],
  });
  return new Set(rows.map(({ messageId }) => messageId));
}

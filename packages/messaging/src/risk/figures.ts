import type { Queryable } from '@wa-gate/db';
import { firstIdAt } from '@wa-gate/kit';
import { namesOf } from '../contacts/identity-sql.ts';
import type { RiskFigures } from './score.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Rows that one assessment reads at most: the latest messages of a week, people written to, and events. */
const MOST = { messages: 2_000, people: 500, events: 1_000 } as const;

/**
 * Everything is found by a key: the latest messages by their ids, which grow with time; of each person the keys of
 * their chats; the latest events by their numbers. So the cost is bounded, however large the tables are: figures of a
 * session that sends more than the bounds are those of its latest messages.
 *
 * $1 session, $2 the time of the assessment, $3 and $4 the first ids of the last seven and one days, $5 the first id
 * of the last six hours
 */
const FIGURES = {
  name: 'risk-figures',
  text: `WITH recent AS MATERIALIZED (
    SELECT m.id, m.chat_jid, m.state, m.error_code, m.sent_at, m.delivered_at, m.text, m.id >= $4 AS is_of_day
    FROM (SELECT * FROM messages WHERE session_id = $1 AND id >= $3 ORDER BY id DESC LIMIT ${MOST.messages}) m
    WHERE m.from_me AND m.chat_jid ~ '@(s[.]whatsapp[.]net|lid|hosted|hosted[.]lid)$'
  ), written AS MATERIALIZED (
    SELECT DISTINCT ON (chat_jid) id, chat_jid, text FROM recent WHERE state >= 'SENT' ORDER BY chat_jid, id
  ), latest AS MATERIALIZED (
    SELECT w.*, EXISTS (SELECT FROM recent r WHERE r.chat_jid = w.chat_jid AND r.is_of_day AND r.state >= 'SENT') AS is_of_day
    FROM (SELECT * FROM written ORDER BY id DESC LIMIT ${MOST.people}) w
  ), people AS MATERIALIZED (
    SELECT l.*, first.wrote AS is_known, NOT first.wrote AND l.id < $5 AND (
      SELECT EXISTS (SELECT FROM ${namesOf('s.workspace_id', 'l.chat_jid')} AS n(jid)
        JOIN message_keys k ON k.session_id = s.id AND k.chat_jid = n.jid AND NOT k.from_me)) AS has_answered
    FROM sessions s CROSS JOIN latest l CROSS JOIN LATERAL (
      SELECT EXISTS (SELECT FROM ${namesOf('s.workspace_id', 'l.chat_jid')} AS n(jid)
        JOIN message_keys k ON k.session_id = s.id AND k.chat_jid = n.jid AND NOT k.from_me AND k.message_id < l.id) AS wrote) first
    WHERE s.id = $1
  )
  SELECT s.state IN ('RESTRICTED', 'BANNED') AS "isRefused", extract(epoch FROM $2::timestamptz - s.paired_at)::float8 / 86400 AS "daysLinked",
    coalesce(s.reachout_locked_until > $2::timestamptz, false) AS "isLocked",
    CASE WHEN coalesce((s.message_capping->>'cycleEndsAt')::timestamptz > $2::timestamptz, true) THEN nullif(s.message_capping->>'status', 'none') END AS capping,
    extract(epoch FROM $2::timestamptz - greatest(CASE WHEN s.reachout_locked_until <= $2::timestamptz THEN s.reachout_locked_until END, r.locked_at))::float8 / 3600
      AS "hoursSinceLock",
    m.sent, m."refusedChats", m."rateLimited", m.settled, m.delivered, p.people, p.strangers, p.asked, p.answered,
    (SELECT coalesce(max(same), 0) FROM (SELECT count(*)::int AS same FROM people WHERE is_of_day AND NOT is_known AND text <> ''
      GROUP BY md5(text)) t) AS "sameText",
    (SELECT count(*)::int FROM (SELECT e.type, e.created_at FROM events e WHERE e.session_id = $1 ORDER BY e.seq DESC LIMIT ${MOST.events}) e
      WHERE e.type = 'connection.close' AND e.created_at > $2::timestamptz - interval '6 hours') AS disconnects
  FROM sessions s LEFT JOIN session_risk r ON r.session_id = s.id
  CROSS JOIN (SELECT count(*) FILTER (WHERE state >= 'SENT')::int AS sent,
      count(*) FILTER (WHERE state = 'FAILED' AND error_code IN ('WA_CHAT_REFUSED', 'WA_NOT_ALLOWED'))::int AS "refusedChats",
      count(*) FILTER (WHERE state = 'FAILED' AND error_code = 'WA_RATE_LIMITED')::int AS "rateLimited",
      count(*) FILTER (WHERE state >= 'SENT' AND sent_at < $2::timestamptz - interval '1 hour')::int AS settled,
      count(*) FILTER (WHERE state >= 'DELIVERED' AND sent_at < $2::timestamptz - interval '1 hour')::int AS delivered
    FROM recent WHERE is_of_day) m
  CROSS JOIN (SELECT count(*) FILTER (WHERE is_of_day)::int AS people,
      count(*) FILTER (WHERE is_of_day AND NOT is_known)::int AS strangers,
      count(*) FILTER (WHERE NOT is_known AND id < $5)::int AS asked, count(*) FILTER (WHERE has_answered)::int AS answered
    FROM people) p
  WHERE s.id = $1`,
};

/**
 * What the rows say of an account.
 *
 * @param at the time of the assessment, by PostgreSQL's clock
 * @returns `null`: there is no such session any more
 */
export async function readRiskFigures(db: Queryable, sessionId: string, at: Date): Promise<RiskFigures | null> {
  const since = (ms: number): string => firstIdAt(new Date(at.getTime() - ms));
  const { rows } = await db.query<RiskFigures>({
    ...FIGURES,
    values: [sessionId, at, since(7 * DAY_MS), since(DAY_MS), since(6 * HOUR_MS)],
  });
  return rows[0] ?? null;
}

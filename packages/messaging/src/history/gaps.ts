import { FENCE_MANY, FENCE_ONE, fenceParameters, type Ownership, StaleEpochError } from '@wa-gate/cluster';
import { inTransaction, type Pool, type Queryable, type TransactionLimits } from '@wa-gate/db';
import { firstIdOf } from '../first-id.ts';

/** An absence is a gap from this length on: WhatsApp keeps what comes meanwhile, and shorter ones are frequent. */
const GAP_MINUTES = 60;
/** Chats in which something is said for the first time so long after a gap are asked for. */
const OPEN_DAYS = 14;
/** How often a phone is asked about one chat, each time for what is older. */
const MOST_ROUNDS = 4;
/** The clock of an owner, which the ids of messages follow, may differ from that of the database by so much. */
const SKEW_SECONDS = 60;

/** SQL: whether the session `s` wants its gaps to be filled. */
const WANTED = `coalesce((s.settings->>'fillGaps')::boolean, true)`;

/** SQL: whether the session `s` takes in the messages of this chat, which is that of a person or a group. */
const takesIn = (chatJid: string): string =>
  `NOT coalesce(s.settings->'ignore', '[]') ? CASE WHEN ${chatJid} LIKE '%@g.us' THEN 'groups' ELSE 'persons' END`;

/** SQL: the chat of an erased person is known by this alone. */
const erasedName = (jid: string): string => `'erased:' || encode(sha256(convert_to(${jid}, 'UTF8')), 'hex')`;

/**
 * SQL: the CTE `noted_gap`, for a statement that moves `last_seen_at` of sessions. The session is connected again after
 * a time in which it was not, or its row is from before the database was restored. A gap that is still open is
 * extended.
 *
 * @param from SQL of the rows, with the session of before as `s`
 * @param moves SQL: whether `last_seen_at` of this row is moved
 */
export const noteGap = (from: string, moves: string): string => `noted_gap AS (
    INSERT INTO history_gaps AS g (session_id, since, until, looked_to, ends_at)
    SELECT s.id, least(s.last_seen_at, lost.as_of), now(), now(), now() + interval '${OPEN_DAYS} days'
    FROM ${from} LEFT JOIN LATERAL (SELECT max(r.recovered_at) AS recovered_at, min(r.as_of) AS as_of FROM recoveries r
      WHERE r.recovered_at > s.last_seen_at) lost ON true
    WHERE ${moves} AND s.paired_at IS NOT NULL AND ${WANTED}
      AND (s.last_seen_at < now() - interval '${GAP_MINUTES} minutes' OR lost.recovered_at IS NOT NULL)
    ON CONFLICT (session_id) DO UPDATE SET until = excluded.until, looked_to = excluded.looked_to, ends_at = excluded.ends_at,
      since = CASE WHEN g.ends_at > now() THEN least(g.since, excluded.since) ELSE excluded.since END
  )`;

/** A message that the phone and the session both have, as WhatsApp names it. `at`: seconds since 1970. */
export interface GapAnchor {
  chat: string;
  id: string;
  fromMe: boolean;
  at: number;
  participant?: string | undefined;
}

/** What the phone is to be asked for: messages of a chat before the anchor. */
export interface GapRequest extends Ownership {
  chatJid: string;
  anchor: GapAnchor;
  /** The WhatsApp id of the request. */
  requestId: string;
}

export interface GapPace {
  /** Milliseconds for which a chat rests after the message that shows it, so that the offline messages are here. */
  settleMs: number;
  /** Milliseconds without an answer after which the phone is asked again. */
  answerMs: number;
  /** Requests about one message without an answer, after which the chat is left. */
  attempts: number;
  /** Requests of the whole fleet in a minute. */
  perMinute: number;
}

const OPEN = {
  name: 'sessions-with-open-gap',
  text: `SELECT session_id AS "sessionId", looked_to AS "lookedTo" FROM history_gaps WHERE session_id = ANY($1::uuid[])`,
};

/** The sessions among these that have a gap, and up to where their messages were looked at. Locks nothing. */
export async function findOpenGaps(
  db: Queryable,
  sessionIds: readonly string[],
): Promise<{ sessionId: string; lookedTo: Date }[]> {
  return (await db.query<{ sessionId: string; lookedTo: Date }>({ ...OPEN, values: [sessionIds] })).rows;
}

/**
 * SQL: the CTEs `gaps`, `said`, `seen` and `fresh` of the sessions in `fence`: the chats in which something was said
 * after the gap of their session and that are not noted yet, each with the message that will be its anchor.
 *
 * The anchor of a chat is the first message that was written after the gap; everything that is missing is older. Where
 * all of them were written in the gap, it is the last one.
 *
 * A gap of the account that was linked before is none of this one's.
 */
const FRESH = `gaps AS (
    SELECT g.session_id, g.since, g.until, greatest(l.looked_to, g.looked_to) AS looked_to, g.looked_to AS kept
    FROM fence f JOIN history_gaps g USING (session_id) JOIN sessions s ON s.id = g.session_id
    LEFT JOIN unnest($1::uuid[], $3::timestamptz[]) AS l(session_id, looked_to) ON l.session_id = g.session_id
    WHERE g.ends_at > now() AND g.until >= s.paired_at AND ${WANTED}
  ), said AS (
    SELECT g.session_id, g.since, g.until, m.chat_jid, m.chat_alt_jid, m.wa_message_id, m.from_me, m.from_jid,
      coalesce(m.wa_timestamp, m.sent_at, m.created_at) AS at
    FROM gaps g JOIN sessions s ON s.id = g.session_id JOIN messages m ON m.session_id = g.session_id
      AND m.id >= ${firstIdOf(`(g.looked_to - interval '${SKEW_SECONDS} seconds')`)}
      AND m.id < ${firstIdOf(`(now() - $4 * interval '1 millisecond')`)}
    WHERE NOT m.is_history AND m.state NOT IN ('QUEUED', 'FAILED', 'UNKNOWN') AND m.chat_jid ~ '@(s[.]whatsapp[.]net|lid|g[.]us)$'
      AND ${takesIn('m.chat_jid')}
  ), seen AS (
    SELECT DISTINCT ON (session_id, chat_jid) * FROM said
    ORDER BY session_id, chat_jid, (at >= until) DESC, CASE WHEN at >= until THEN at END, at DESC
  ), fresh AS (
    SELECT * FROM seen WHERE NOT EXISTS (SELECT 1 FROM history_gap_chats o WHERE o.session_id = seen.session_id
      AND o.chat_jid IN (seen.chat_jid, seen.chat_alt_jid) AND o.until >= seen.until)
  )`;

/** SQL: how far the gap `g` has been looked at is written down again. */
const LOOKED_LONG_AGO = (kept: string): string => `${kept} < now() - interval '10 minutes'`;
/** SQL: the row `c` is of a gap that is no more; `g` is the gap of its session, if one is open. */
const OUTLIVED = `c.state <> 'erased' AND (g.session_id IS NULL OR c.until <= g.since)`;
/** SQL: the phone has not answered the last request about the chat `c` of the gap `g`. */
const GIVEN_UP = `c.until > g.since AND c.state = 'asked' AND c.attempts >= $5 AND c.asked_at < now() - $6 * interval '1 millisecond'`;

/**
 * Looks without a lock: nearly always there is nothing to write, and a lock on the placement would make a takeover
 * wait. `concerned` are the sessions of which NOTE has something to write.
 */
const LOOK = {
  name: 'look-for-gap-chats',
  text: `WITH fence AS (SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS c(session_id, epoch)), ${FRESH}
  SELECT now() - $4 * interval '1 millisecond' AS "lookedTo",
    (SELECT coalesce(json_agg(f.session_id), '[]') FROM fence f LEFT JOIN history_gaps g ON g.session_id = f.session_id AND g.ends_at > now()
      WHERE EXISTS (SELECT 1 FROM fresh WHERE fresh.session_id = f.session_id)
        OR EXISTS (SELECT 1 FROM gaps k WHERE k.session_id = f.session_id AND ${LOOKED_LONG_AGO('k.kept')})
        OR EXISTS (SELECT 1 FROM history_gaps o WHERE o.session_id = f.session_id AND o.ends_at <= now())
        OR EXISTS (SELECT 1 FROM history_gap_chats c WHERE c.session_id = f.session_id AND (${OUTLIVED} OR ${GIVEN_UP}))) AS concerned,
    (SELECT coalesce(json_agg(f.session_id), '[]') FROM fence f
      WHERE EXISTS (SELECT 1 FROM history_gap_chats c WHERE c.session_id = f.session_id AND ${due('$6', '$5')})
        AND NOT ${isAsking('f.session_id', '$6')}) AS due`,
};

/**
 * One statement may change a row once: `silent` and `swept` leave out the rows that `noted` changes.
 *
 * The row keeps how far it has looked only now and then: the caller remembers it in between.
 *
 * The rows of chats end with their gap.
 */
const NOTE = {
  name: 'note-gap-chats',
  text: `WITH ${FENCE_MANY}, ${FRESH}, noted AS (
    INSERT INTO history_gap_chats AS c (session_id, chat_jid, since, until, anchor)
    SELECT session_id, chat_jid, since, until, jsonb_strip_nulls(jsonb_build_object('chat', chat_jid, 'id', wa_message_id, 'fromMe', from_me,
      'at', extract(epoch FROM at)::bigint, 'participant', CASE WHEN chat_jid LIKE '%@g.us' AND NOT from_me THEN from_jid END))
    FROM fresh
    ON CONFLICT (session_id, chat_jid) DO UPDATE SET since = CASE WHEN c.until <= excluded.since THEN excluded.since
        WHEN c.state = 'done' THEN c.until ELSE least(c.since, excluded.since) END,
      until = excluded.until, anchor = excluded.anchor, state = 'waiting', request_id = NULL, attempts = 0, rounds = 0, not_before = now()
    RETURNING c.session_id
  ), looked AS (
    UPDATE history_gaps g SET looked_to = now() - $4 * interval '1 millisecond' FROM gaps
    WHERE g.session_id = gaps.session_id AND g.looked_to = gaps.kept AND ${LOOKED_LONG_AGO('gaps.kept')}
  ), ended AS (
    DELETE FROM history_gaps g USING fence f WHERE g.session_id = f.session_id AND g.ends_at <= now()
  ), swept AS (
    DELETE FROM history_gap_chats c USING fence f LEFT JOIN history_gaps g ON g.session_id = f.session_id AND g.ends_at > now()
    WHERE c.session_id = f.session_id AND ${OUTLIVED}
      AND NOT EXISTS (SELECT 1 FROM fresh s WHERE s.session_id = c.session_id AND s.chat_jid = c.chat_jid)
  ), silent AS (
    UPDATE history_gap_chats c SET state = 'unanswered' FROM fence f JOIN history_gaps g ON g.session_id = f.session_id AND g.ends_at > now()
    WHERE c.session_id = f.session_id AND ${GIVEN_UP}
      AND NOT EXISTS (SELECT 1 FROM fresh s WHERE s.session_id = c.session_id AND s.chat_jid = c.chat_jid)
    RETURNING c.session_id
  )
  SELECT (SELECT count(*) FROM silent)::int AS unanswered,
    (SELECT coalesce(json_agg(DISTINCT due.session_id), '[]') FROM (
      SELECT session_id FROM noted UNION ALL
      SELECT f.session_id FROM fence f WHERE EXISTS (SELECT 1 FROM history_gap_chats c WHERE c.session_id = f.session_id AND ${due('$6', '$5')})
    ) due WHERE NOT ${isAsking('due.session_id', '$6')}) AS due`,
};

/** SQL: the chat `c` is to be asked for, or asked for again: its gap is open, and the session still wants it. */
function due(answerMs: string, attempts: string): string {
  return `(c.state = 'waiting' AND c.not_before <= now()
    OR c.state = 'asked' AND c.asked_at < now() - ${answerMs} * interval '1 millisecond') AND c.attempts < ${attempts}
    AND EXISTS (SELECT 1 FROM history_gaps g JOIN sessions s ON s.id = g.session_id WHERE g.session_id = c.session_id
      AND g.ends_at > now() AND c.until > g.since AND c.until >= s.paired_at AND ${WANTED} AND ${takesIn('c.chat_jid')})`;
}

/** SQL: the phone of the session has been asked, and its answer is waited for. */
function isAsking(sessionId: string, answerMs: string): string {
  return `EXISTS (SELECT 1 FROM history_gap_chats o WHERE o.session_id = ${sessionId} AND o.state = 'asked'
    AND o.asked_at >= now() - ${answerMs} * interval '1 millisecond')`;
}

/**
 * Looks for chats in which something was said after the gap of their session, and notes each once. Only what is written
 * is written under the fence (I2); a look that finds nothing new locks nothing.
 *
 * @param lookedTo up to where the messages of a session were looked at, where the caller remembers it
 * @returns the sessions with a chat to ask for, how far this look has come, and how many chats it has given up
 */
export async function lookForGapChats(
  db: Queryable,
  owners: readonly Ownership[],
  lookedTo: ReadonlyMap<string, Date>,
  { settleMs, attempts, answerMs }: GapPace,
): Promise<{ due: string[]; lookedTo: Date; unanswered: number }> {
  const valuesOf = (some: readonly Ownership[]) => {
    const { sessionIds, epochs } = fenceParameters(some);
    return [sessionIds, epochs, sessionIds.map((id) => lookedTo.get(id) ?? null), settleMs, attempts, answerMs];
  };
  const { rows } = await db.query<{ due: string[]; concerned: string[]; lookedTo: Date }>({
    ...LOOK,
    values: valuesOf(owners),
  });
  const look = rows[0]!;
  const concerned = new Set(look.concerned);
  if (concerned.size === 0) return { due: look.due, lookedTo: look.lookedTo, unanswered: 0 };
  const noted = await db.query<{ due: string[]; unanswered: number }>({
    ...NOTE,
    values: valuesOf(owners.filter(({ sessionId }) => concerned.has(sessionId))),
  });
  const { due, unanswered } = noted.rows[0]!;
  // What came between the two statements is looked at again.
  return { due: [...look.due.filter((id) => !concerned.has(id)), ...due], lookedTo: look.lookedTo, unanswered };
}

const LOCK_REQUESTS = {
  name: 'lock-gap-requests',
  text: `SELECT pg_advisory_xact_lock(hashtextextended('history gaps', 0))`,
};

/** One chat of a session at a time: the next one when the phone has answered, or has not for a while. */
const CLAIM = {
  name: 'claim-gap-chat',
  text: `WITH ${FENCE_ONE}, budget AS (
    SELECT count(*) >= $6 AS "isSpent" FROM history_gap_chats o WHERE o.asked_at > now() - interval '1 minute'
  ), due AS (
    SELECT c.session_id, c.chat_jid FROM budget b, fence f JOIN history_gap_chats c USING (session_id)
    WHERE NOT b."isSpent" AND ${due('$4', '$5')} AND NOT ${isAsking('c.session_id', '$4')}
    ORDER BY c.not_before, c.chat_jid LIMIT 1
  ), claimed AS (
    UPDATE history_gap_chats c SET state = 'asked', asked_at = now(), attempts = c.attempts + 1, request_id = coalesce(c.request_id, $3)
    FROM due WHERE c.session_id = due.session_id AND c.chat_jid = due.chat_jid
    RETURNING c.chat_jid AS "chatJid", c.anchor, c.request_id AS "requestId"
  )
  SELECT b."isSpent", c.* FROM budget b LEFT JOIN claimed c ON true`,
};

type Claimed = { isSpent: boolean; chatJid: string | null } & Pick<GapRequest, 'anchor' | 'requestId'>;

/** It holds a lock of the whole fleet. */
const BRIEFLY: TransactionLimits = { idleMs: 2_000, lockMs: 2_000 };

/**
 * Takes a chat that the phone is to be asked for. Its row has the id of the request before anything is sent: whoever
 * owns the session when the answer comes knows what it answers, and a repeated request is the same one.
 *
 * @param requestId of a new request
 * @returns `null`: the session has no chat to ask for now. `'budget spent'`: nor may any other be asked, for a while
 */
export async function claimGapRequest(
  pool: Pool,
  { sessionId, epoch }: Ownership,
  requestId: string,
  { answerMs, attempts, perMinute }: GapPace,
): Promise<GapRequest | 'budget spent' | null> {
  return await inTransaction(
    pool,
    async (tx) => {
      await tx.query(LOCK_REQUESTS);
      const { rows } = await tx.query<Claimed>({
        ...CLAIM,
        values: [sessionId, epoch, requestId, answerMs, attempts, perMinute],
      });
      const { isSpent, chatJid, ...request } = rows[0]!;
      if (isSpent) return 'budget spent';
      return chatJid === null ? null : { sessionId, epoch, chatJid, ...request };
    },
    BRIEFLY,
  );
}

const PUT_BACK = {
  name: 'put-back-gap-request',
  text: `WITH ${FENCE_ONE}, back AS (
    UPDATE history_gap_chats c SET state = 'waiting', attempts = greatest(0, c.attempts - 1), asked_at = NULL,
      not_before = now() + $4 * interval '1 millisecond'
    FROM fence f WHERE c.session_id = f.session_id AND c.request_id = $3 AND c.state = 'asked'
  )
  SELECT count(*)::int AS owned FROM fence`,
};

/** The sending was not even tried: the request is made again after `delayMs`. @throws {StaleEpochError} */
export async function putBackGapRequest(
  db: Queryable,
  { sessionId, epoch, requestId }: Pick<GapRequest, 'sessionId' | 'epoch' | 'requestId'>,
  delayMs: number,
): Promise<void> {
  const { rows } = await db.query<{ owned: number }>({ ...PUT_BACK, values: [sessionId, epoch, requestId, delayMs] });
  if (rows[0]!.owned === 0) throw new StaleEpochError([sessionId]);
}

/**
 * SQL: the CTE `audited`, for the statement that ends a part (`ended e`): the answer of the phone to a request about a
 * gap. While there is older from the time of the gap, it is asked for, too.
 *
 * @param state, hasMore, oldest parameters: how the part has ended, whether the phone has older messages, and the
 * oldest message of the part as an anchor
 */
export const auditAnswer = (state: string, hasMore: string, oldest: string): string => `audited AS (
    UPDATE history_gap_chats g SET state = CASE WHEN ${state} = 'failed' THEN 'failed' WHEN n.goes_on THEN 'waiting' ELSE 'done' END,
      anchor = CASE WHEN n.goes_on THEN ${oldest}::jsonb ELSE g.anchor END, request_id = CASE WHEN n.goes_on THEN NULL ELSE g.request_id END,
      rounds = g.rounds + 1, attempts = 0, stored = g.stored + e.stored, not_before = now()
    FROM ended e CROSS JOIN LATERAL (SELECT k.chat_jid, ${state} = 'done' AND ${hasMore} IS DISTINCT FROM false AND k.rounds + 1 < ${MOST_ROUNDS}
        AND coalesce(to_timestamp((${oldest}::jsonb->>'at')::float8) > k.since, false) AS goes_on
      FROM history_gap_chats k WHERE k.session_id = e.session_id AND k.request_id = e.request_id) n
    WHERE g.session_id = e.session_id AND g.chat_jid = n.chat_jid AND g.state IN ('waiting', 'asked', 'unanswered')
  )`;

/** The sessions are locked first, as by the deletion of a session, which locks its rows here then. */
const ERASE = {
  name: 'erase-gap-chats',
  text: `WITH mine AS MATERIALIZED (
    SELECT s.id FROM sessions s WHERE s.workspace_id = $1 AND (
      EXISTS (SELECT 1 FROM session_contacts k WHERE k.session_id = s.id AND k.jid = ANY($2::text[]))
      OR EXISTS (SELECT 1 FROM message_keys k WHERE k.session_id = s.id AND k.chat_jid = ANY($2::text[]))
      OR EXISTS (SELECT 1 FROM history_gap_chats k WHERE k.session_id = s.id AND k.chat_jid = ANY($2::text[])))
    FOR KEY SHARE
  ), unnamed AS (
    UPDATE history_gap_chats c SET anchor = c.anchor - 'participant' FROM mine
    WHERE c.session_id = mine.id AND c.anchor->>'participant' = ANY($2::text[]) AND c.chat_jid <> ALL($2::text[])
  ), gone AS (
    DELETE FROM history_gap_chats c USING mine WHERE c.session_id = mine.id AND c.chat_jid = ANY($2::text[])
    RETURNING c.session_id, c.chat_jid, c.request_id
  )
  INSERT INTO history_gap_chats AS c (session_id, chat_jid, since, until, state, anchor, request_id)
  SELECT mine.id, ${erasedName('j.jid')}, now(), now(), 'erased', '{}', gone.request_id
  FROM mine CROSS JOIN (SELECT DISTINCT unnest($2::text[])) AS j(jid) LEFT JOIN gone ON gone.session_id = mine.id AND gone.chat_jid = j.jid
  ON CONFLICT (session_id, chat_jid) DO UPDATE SET until = excluded.until, request_id = coalesce(excluded.request_id, c.request_id)`,
};

/**
 * Forgets the chats with an erased person, in the sessions of a workspace that know it. What a phone answers about a
 * gap brings back nothing of it from before ({@link isErased}), even the answer to a request that was made before.
 *
 * @param jids all names of the person
 */
export async function eraseGapChats(db: Queryable, workspaceId: string, jids: readonly string[]): Promise<void> {
  await db.query({ ...ERASE, values: [workspaceId, jids] });
}

/** SQL: the message `m`, with its session, is of a person that was erased after it. */
export const isErased = (m: string): string => `EXISTS (SELECT 1 FROM history_gap_chats e
    WHERE e.session_id = ${m}.session_id AND e.state = 'erased' AND ${m}.wa_timestamp <= e.until
      AND e.chat_jid IN (${erasedName(`${m}.chat_jid`)}, ${erasedName(`${m}.chat_alt_jid`)}, ${erasedName(`${m}.from_jid`)}))`;

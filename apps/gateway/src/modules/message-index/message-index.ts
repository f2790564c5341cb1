import { inTransaction, type Pool, type Queryable } from '@wa-gate/db';
import { namesOf } from '@wa-gate/messaging';
import type { Reach } from '../sessions/index.ts';
import {
  type ChatMessage,
  type ChatNews,
  changedMessages,
  chatsAfter,
  type IndexedEvent,
  newsOfChats,
  newsOfHistory,
  READ_EVENTS,
  type StoredChat,
} from './chat-news.ts';
import { type SearchedMessage, textsOf } from './message-texts.ts';
import { documentOf, gramOfSession, gramOfWriter, gramsOf } from './search-text.ts';

/**
 * Fills what messages are searched by and the list of chats, from the events of the sessions. Events are numbered
 * without gaps in the transaction of their fact (I11), so that the number up to which a session is filled misses
 * nothing and counts nothing twice, however late a transaction commits. Nothing of it is on the way of a send or of a
 * message that comes.
 */
export interface MessageIndex {
  /**
   * Processes about so many events at most, of the sessions that are furthest behind. Returns whether more are
   * left.
   */
  advance(limit: number): Promise<boolean>;
  /**
   * Before an answer: fills what is missing of these sessions, with messages that wait to be sent. Gives up where there
   * is very much of it, or when another process takes long: the job goes on.
   */
  catchUp(sessionIds: readonly string[]): Promise<void>;
  /** The account has read its chats up to these messages: only what came after them is unread. */
  markRead(sessionId: string, messageIds: readonly string[]): Promise<void>;
  /** The sessions that a caller may look into. */
  sessionsOf(reach: Reach): Promise<string[]>;
}

/** Sessions of one transaction. */
const SESSIONS = 200;
/** Events that an answer waits for at most, in steps. */
const CATCH_UP = { events: 2_000, steps: 5 };
const LOCK_WAIT = '1s';
const LOCK_NOT_AVAILABLE = '55P03';

const OF_REACH = {
  name: 'sessions-of-reach',
  text: 'SELECT s.id AS "sessionId" FROM sessions s WHERE s.workspace_id = $1 AND ($2::uuid IS NULL OR s.id = $2)',
};

const BEHIND = {
  name: 'sessions-behind-in-index',
  text: `(SELECT c.session_id AS "sessionId" FROM session_counters c LEFT JOIN message_index_progress p USING (session_id)
      WHERE c.last_seq > coalesce(p.seq, 0) ORDER BY c.last_seq - coalesce(p.seq, 0) DESC LIMIT $1)
    UNION SELECT session_id FROM (SELECT session_id FROM message_index_waiting LIMIT 5000) w`,
};

/** SQL: what waits to be sent, held back or not, which no event has told yet. Each part has an index of its own. */
const waitingIn = (
  sessions: string,
): string => `(SELECT session_id, message_id FROM outbox WHERE session_id ${sessions} AND state IN ('QUEUED', 'SENDING')
      UNION ALL SELECT session_id, message_id FROM outbox WHERE session_id ${sessions} AND state = 'HELD')`;

/** Of these sessions: which have new events, or messages in the outbox that nothing finds yet. */
const BEHIND_OF = {
  name: 'sessions-behind-in-index-of',
  text: `SELECT s.id AS "sessionId" FROM sessions s LEFT JOIN session_counters c ON c.session_id = s.id
      LEFT JOIN message_index_progress p ON p.session_id = s.id
    WHERE s.id = ANY($1::uuid[]) AND (c.last_seq > coalesce(p.seq, 0) OR EXISTS (
      SELECT FROM message_index_waiting w WHERE w.session_id = s.id) OR EXISTS (
      SELECT FROM ${waitingIn('= s.id')} o JOIN messages m ON m.id = o.message_id
      WHERE NOT EXISTS (
        SELECT FROM message_search f WHERE f.session_id = o.session_id AND f.message_id = o.message_id)))
    LIMIT ${SESSIONS}`,
};

/** The same lock that deletions take; see the migration `message_index`. */
const LOCK = {
  name: 'lock-message-index',
  text: 'SELECT lock_message_index($1::uuid[])',
};
const TRY_LOCK = {
  name: 'try-lock-message-index',
  text: `SELECT s::text AS "sessionId" FROM unnest($1::uuid[]) AS s
    WHERE pg_try_advisory_xact_lock(hashtextextended('message index ' || s, 0))`,
};

/** Read under the lock. A session that is gone has no row here, and nothing is made of it. */
const PROGRESS = {
  name: 'message-index-progress',
  text: `SELECT s.id AS "sessionId", s.workspace_id AS "workspaceId", coalesce(p.seq, 0) AS seq,
      coalesce(c.last_seq - coalesce(p.seq, 0), 0) AS behind
    FROM sessions s LEFT JOIN session_counters c ON c.session_id = s.id LEFT JOIN message_index_progress p ON p.session_id = s.id
    WHERE s.id = ANY($1::uuid[])`,
};

const EVENTS = {
  name: 'events-for-message-index',
  text: `SELECT e.* FROM unnest($1::uuid[], $2::bigint[], $3::int[]) AS p(session_id, seq, count) CROSS JOIN LATERAL (
      SELECT e.session_id AS "sessionId", e.seq, e.type, e.data->>'messageId' AS "messageId",
        CASE WHEN e.type = 'contact.merged' THEN e.data END AS data
      FROM events e WHERE e.session_id = p.session_id AND e.seq > p.seq ORDER BY e.seq LIMIT p.count) e
    ORDER BY "sessionId", e.seq`,
};

const MESSAGE = `m.id, m.session_id AS "sessionId", m.chat_jid AS "chatJid", m.chat_alt_jid AS "chatAltJid", m.from_jid AS "fromJid",
  m.from_me AS "fromMe", m.sender_name AS "senderName", m.text, m.content`;
/** An event may name a copy that was merged away since: what it tells stands in the message that is left. */
const MESSAGES = {
  name: 'messages-for-index',
  text: `SELECT ${MESSAGE} FROM messages m
    WHERE m.id IN (SELECT unnest($1::uuid[]) UNION SELECT a.message_id FROM message_aliases a WHERE a.id = ANY($1::uuid[]))`,
};
const WAITING = {
  name: 'waiting-messages-for-index',
  text: `SELECT ${MESSAGE} FROM ${waitingIn('= ANY($1::uuid[])')} o JOIN messages m ON m.id = o.message_id
    WHERE NOT EXISTS (
      SELECT FROM message_search f WHERE f.session_id = o.session_id AND f.message_id = o.message_id) LIMIT $2`,
};

/** Messages of the history, which no event tells; of some of them the row is gone. */
const HISTORY = {
  name: 'history-for-index',
  text: `SELECT w.session_id AS "waitingSession", w.message_id AS "waitingId", ${MESSAGE}
    FROM (SELECT * FROM message_index_waiting WHERE session_id = ANY($1::uuid[]) LIMIT $2) w LEFT JOIN messages m ON m.id = w.message_id`,
};

/** The names of the people behind chats, and the stored chats that have one of these names. */
const CHATS = {
  name: 'chats-for-index',
  text: `SELECT g.session_id AS "sessionId", g.names, (
      SELECT coalesce(json_agg(json_build_object('jid', c.jid, 'altJid', c.alt_jid, 'lastMessageId', c.last_message_id,
        'unreadCount', c.unread_count)), '[]') FROM chats c WHERE c.session_id = g.session_id AND c.jid = ANY(g.names)) AS stored
    FROM (SELECT i.session_id, array(SELECT i.jid UNION SELECT n.jid FROM ${namesOf('i.workspace_id', 'i.jid')} AS n(jid)) AS names
      FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS i(session_id, workspace_id, jid)) g`,
};

const WRITE = {
  name: 'write-message-index',
  text: `WITH found AS (
    INSERT INTO message_search AS f (session_id, message_id, document, grams)
    SELECT session_id, message_id, document, string_to_array(grams, ' ')::int[]
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS i(session_id, message_id, document, grams)
    ON CONFLICT (session_id, message_id) DO UPDATE SET document = excluded.document, grams = excluded.grams
      WHERE f.document <> excluded.document
  ), joined AS (
    DELETE FROM chats c USING unnest($5::uuid[], $6::text[]) AS j(session_id, jid) WHERE c.session_id = j.session_id AND c.jid = j.jid
  ), found_history AS (
    DELETE FROM message_index_waiting w USING unnest($14::uuid[], $15::uuid[]) AS d(session_id, message_id)
    WHERE w.session_id = d.session_id AND w.message_id = d.message_id
  ), written AS (
    INSERT INTO chats AS c (session_id, jid, alt_jid, last_message_id, unread_count)
    SELECT * FROM unnest($7::uuid[], $8::text[], $9::text[], $10::uuid[], $11::int[])
    ON CONFLICT (session_id, jid) DO UPDATE SET alt_jid = excluded.alt_jid, last_message_id = excluded.last_message_id,
      unread_count = excluded.unread_count
  )
  INSERT INTO message_index_progress AS p (session_id, seq) SELECT * FROM unnest($12::uuid[], $13::bigint[])
  ON CONFLICT (session_id) DO UPDATE SET seq = excluded.seq WHERE p.seq <> excluded.seq`,
};

/** What came after the latest of the messages stays unread. */
const MARK_READ = {
  name: 'mark-chats-read',
  text: `WITH read AS (
    SELECT n.jid, max(m.id::text)::uuid AS id FROM messages m JOIN sessions s ON s.id = m.session_id
    CROSS JOIN LATERAL (SELECT m.chat_alt_jid AS jid UNION SELECT o.jid FROM ${namesOf('s.workspace_id', 'm.chat_jid')} AS o(jid)) n
    WHERE m.session_id = $1 AND m.id = ANY($2::uuid[]) GROUP BY n.jid
  )
  UPDATE chats c SET unread_count = least(c.unread_count, (
    SELECT count(*) FROM messages m WHERE m.session_id = c.session_id AND m.id > r.id AND m.direction = 'INBOUND'
      AND (m.chat_jid IN (c.jid, c.alt_jid) OR m.chat_alt_jid IN (c.jid, c.alt_jid))))
  FROM read r WHERE c.session_id = $1 AND c.jid = r.jid AND c.unread_count > 0`,
};

/** Chats that the account has deleted, unless something was said there since. */
const DELETE = {
  name: 'delete-chats-of-index',
  text: `WITH gone AS (
    SELECT n.jid, i.id FROM unnest($2::uuid[]) AS i(id) JOIN messages m ON m.id = i.id JOIN sessions s ON s.id = m.session_id
    CROSS JOIN LATERAL (SELECT m.chat_alt_jid AS jid UNION SELECT o.jid FROM ${namesOf('s.workspace_id', 'm.chat_jid')} AS o(jid)) n
    WHERE m.session_id = $1)
  DELETE FROM chats c USING gone g WHERE c.session_id = $1 AND c.jid = g.jid AND c.last_message_id <= g.id`,
};

interface Progress {
  sessionId: string;
  workspaceId: string;
  /** Up to which event it is filled. */
  seq: number;
  /** How many events there are after that. */
  behind: number;
}

/** A message of the history whose turn it is. */
type WaitingMessage = { waitingSession: string; waitingId: string } & (IndexedMessage | { id: null });

type IndexedMessage = ChatMessage & SearchedMessage & { sessionId: string; fromJid: string | null };

interface ChangedChats {
  joined: { sessionId: string; jid: string }[];
  written: (StoredChat & { sessionId: string })[];
}

export function createMessageIndex({ pool }: { pool: Pool }): MessageIndex {
  async function find(query: { name: string; text: string }, ...values: unknown[]): Promise<string[]> {
    const { rows } = await pool.query<{ sessionId: string }>({ ...query, values });
    return rows.map(({ sessionId }) => sessionId);
  }

  async function catchUp(sessionIds: readonly string[]): Promise<void> {
    for (let step = 0; step < CATCH_UP.steps; step += 1) {
      const behind = await find(BEHIND_OF, sessionIds);
      if (behind.length === 0) return;
      try {
        await inTransaction(pool, async (tx) => {
          await tx.query(`SET LOCAL lock_timeout = '${LOCK_WAIT}'`);
          await tx.query({ ...LOCK, values: [behind] });
          await fill(tx, behind, { limit: CATCH_UP.events / CATCH_UP.steps, withWaiting: true });
        });
      } catch (error) {
        // Another process fills them, or deletes from them.
        if ((error as { code?: unknown }).code === LOCK_NOT_AVAILABLE) return;
        throw error;
      }
    }
  }

  return {
    async advance(limit) {
      const behind = await find(BEHIND, SESSIONS);
      if (behind.length === 0) return false;
      return await inTransaction(pool, async (tx) => {
        const { rows } = await tx.query<{ sessionId: string }>({ ...TRY_LOCK, values: [behind] });
        const mine = rows.map(({ sessionId }) => sessionId);
        const hasMore = await fill(tx, mine, { limit });
        return hasMore || (behind.length === SESSIONS && mine.length > 0);
      });
    },

    catchUp,

    async markRead(sessionId, messageIds) {
      await catchUp([sessionId]);
      await inTransaction(pool, async (tx) => {
        await tx.query({ ...LOCK, values: [[sessionId]] });
        await tx.query({ ...MARK_READ, values: [sessionId, messageIds] });
      });
    },

    sessionsOf: ({ workspaceId, sessionId }) => find(OF_REACH, workspaceId, sessionId ?? null),
  };
}

/** Fills what is missing of sessions whose lock the transaction holds. Returns whether something is left to do. */
async function fill(
  tx: Queryable,
  sessionIds: readonly string[],
  { limit, withWaiting = false }: { limit: number; withWaiting?: boolean },
): Promise<boolean> {
  if (sessionIds.length === 0) return false;
  const { rows: sessions } = await tx.query<Progress>({ ...PROGRESS, values: [sessionIds] });
  if (sessions.length === 0) return false;
  const shares = sharesOf(sessions, limit);
  const { rows: events } = await tx.query<IndexedEvent>({
    ...EVENTS,
    values: [sessions.map(({ sessionId }) => sessionId), sessions.map(({ seq }) => seq), shares],
  });
  const ids = new Set(events.flatMap(changedMessages));
  const { rows: messages } = await tx.query<IndexedMessage>({ ...MESSAGES, values: [[...ids]] });
  const { rows: waited } = await tx.query<WaitingMessage>({
    ...HISTORY,
    values: [sessions.map(({ sessionId }) => sessionId), limit],
  });
  const history = waited.filter((message): message is WaitingMessage & IndexedMessage => message.id !== null);
  const chats = await chatsOf(tx, sessions, { events, messages, history });
  messages.push(...history.filter(({ id }) => !ids.has(id)));
  if (withWaiting) {
    const { rows: waiting } = await tx.query<IndexedMessage>({
      ...WAITING,
      values: [sessions.map(({ sessionId }) => sessionId), limit],
    });
    const known = new Set(messages.map(({ id }) => id));
    messages.push(...waiting.filter(({ id }) => !known.has(id)));
  }
  await tx.query({ ...WRITE, values: writeValues(messages, chats, progressAfter(sessions, events), waited) });
  await applyReads(tx, events);
  return waited.length === limit || sessions.some(({ behind }, index) => behind > shares[index]!);
}

/** What the account has read, cleared or deleted, here or on its phone, after everything that came before. */
async function applyReads(tx: Queryable, events: readonly IndexedEvent[]): Promise<void> {
  for (const [sessionId, ids] of messagesBySession(events, READ_EVENTS)) {
    await tx.query({ ...MARK_READ, values: [sessionId, ids] });
  }
  for (const [sessionId, ids] of messagesBySession(events, new Set(['chat.deleted']))) {
    await tx.query({ ...DELETE, values: [sessionId, ids] });
  }
}

function messagesBySession(events: readonly IndexedEvent[], types: ReadonlySet<string>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { sessionId, type, messageId } of events) {
    if (messageId === null || !types.has(type)) continue;
    found.set(sessionId, [...(found.get(sessionId) ?? []), messageId]);
  }
  return found;
}

/** Events of each session, so that one with very many does not hold up the others, and takes what they leave. */
function sharesOf(sessions: readonly Progress[], limit: number): number[] {
  const shares = new Map<Progress, number>();
  let left = limit;
  for (const [index, session] of sessions.toSorted((one, other) => one.behind - other.behind).entries()) {
    const share = Math.min(session.behind, Math.ceil(left / (sessions.length - index)));
    shares.set(session, share);
    left -= share;
  }
  return sessions.map((session) => shares.get(session)!);
}

async function chatsOf(
  tx: Queryable,
  sessions: readonly Progress[],
  what: {
    events: readonly IndexedEvent[];
    messages: readonly IndexedMessage[];
    history: readonly IndexedMessage[];
  },
): Promise<ChangedChats> {
  const { events, messages, history } = what;
  const messagesById = new Map(messages.map((message) => [message.id, message]));
  const news = new Map<string, ChatNews[]>();
  for (const { sessionId } of sessions) {
    const its = [
      ...history.filter((message) => message.sessionId === sessionId).map(newsOfHistory),
      ...newsOfChats(
        events.filter((event) => event.sessionId === sessionId),
        messagesById,
      ),
    ];
    if (its.length > 0) news.set(sessionId, its);
  }
  const changed: ChangedChats = { joined: [], written: [] };
  if (news.size === 0) return changed;
  const workspaces = new Map(sessions.map(({ sessionId, workspaceId }) => [sessionId, workspaceId]));
  const asked = [...news].flatMap(([sessionId, its]) =>
    [...new Set(its.flatMap(({ names }) => names))].map((jid) => ({ sessionId, jid })),
  );
  const { rows } = await tx.query<{ sessionId: string; names: string[]; stored: StoredChat[] }>({
    ...CHATS,
    values: [
      asked.map(({ sessionId }) => sessionId),
      asked.map(({ sessionId }) => workspaces.get(sessionId)),
      asked.map(({ jid }) => jid),
    ],
  });
  for (const [sessionId, its] of news) {
    const known = rows.filter((row) => row.sessionId === sessionId);
    const stored = new Map(known.flatMap((row) => row.stored.map((chat) => [chat.jid, chat] as const)));
    const { written, joined } = chatsAfter(
      [...stored.values()],
      its,
      known.map(({ names }) => names),
    );
    changed.written.push(...written.map((chat) => ({ ...chat, sessionId })));
    changed.joined.push(...joined.map((jid) => ({ sessionId, jid })));
  }
  return changed;
}

function progressAfter(sessions: readonly Progress[], events: readonly IndexedEvent[]): Progress[] {
  const last = new Map(events.map(({ sessionId, seq }) => [sessionId, seq]));
  return sessions.flatMap((session) => {
    const seq = last.get(session.sessionId);
    return seq === undefined ? [] : [{ ...session, seq }];
  });
}

function writeValues(
  messages: readonly IndexedMessage[],
  { joined, written }: ChangedChats,
  progress: readonly Progress[],
  waited: readonly WaitingMessage[],
): unknown[] {
  const documents = messages.map((message) => documentOf(textsOf(message)));
  return [
    messages.map(({ sessionId }) => sessionId),
    messages.map(({ id }) => id),
    documents,
    messages.map((message, index) => gramsOfMessage(message, documents[index]!)),
    joined.map(({ sessionId }) => sessionId),
    joined.map(({ jid }) => jid),
    written.map(({ sessionId }) => sessionId),
    written.map(({ jid }) => jid),
    written.map(({ altJid }) => altJid),
    written.map(({ lastMessageId }) => lastMessageId),
    written.map(({ unreadCount }) => unreadCount),
    progress.map(({ sessionId }) => sessionId),
    progress.map(({ seq }) => seq),
    waited.map(({ waitingSession }) => waitingSession),
    waited.map(({ waitingId }) => waitingId),
  ];
}

/** As text, because an array of arrays would have to be rectangular. */
function gramsOfMessage({ sessionId, chatJid, fromJid, fromMe }: IndexedMessage, document: string): string {
  const grams = gramsOf(document).add(gramOfSession(sessionId));
  if (!fromMe && fromJid !== null && chatJid.endsWith('@g.us')) grams.add(gramOfWriter(fromJid));
  return [...grams].join(' ');
}

import {
  CANCELLED_CODE,
  EXPIRED_CODE,
  type Identity,
  isUnsent,
  type Media,
  type MessageContext,
  type MessageSource,
  type MessageStateName,
  type MessageTypeName,
  type Reaction,
} from '@wa-gate/contracts';
import type { MessageDirection, MessageState, OutboxLane, Queryable } from '@wa-gate/db';
import { identityOf, type Schedule, shownMedia } from '@wa-gate/messaging';
import { gramOfSession, gramOfWriter, type SearchTerms } from '../message-index/index.ts';
import type { Reach } from '../sessions/index.ts';

/** Of a poll its voters and the votes by option, of an event the people by answer. */
interface Counted {
  voters: number;
  by: Record<string, number> | null;
}

/** A message with the state that its outbox row adds. */
export interface MessageRecord {
  id: string;
  sessionId: string;
  workspaceId: string;
  slug: string;
  direction: MessageDirection;
  waMessageId: string;
  chatJid: string;
  fromJid: string | null;
  chatIdentity: Identity;
  /** `null`: of the account itself, which has never been linked. */
  fromIdentity: Identity | null;
  fromMe: boolean;
  source: MessageSource | null;
  /** Of a message to a group: its members beside the account, where they were counted. */
  recipients: number | null;
  senderName: string | null;
  type: MessageTypeName;
  text: string | null;
  content: Record<string, unknown> | null;
  /** Its file. */
  media: Media | null;
  context: MessageContext | null;
  state: MessageStateName;
  /** Of what the API has sent. */
  lane: OutboxLane | null;
  schedule: Schedule | null;
  expiresAt: Date | null;
  errorCode: string | null;
  errorMessage: string | null;
  metadata: Record<string, unknown> | null;
  editedAt: Date | null;
  revokedAt: Date | null;
  deletedForMeAt: Date | null;
  reactions: Reaction[] | null;
  /** Of a poll or an event. */
  counted: Counted | null;
  waTimestamp: Date | null;
  sentAt: Date | null;
  deliveredAt: Date | null;
  readAt: Date | null;
  createdAt: Date;
}

export interface MessageFilter {
  /** Ids from this one on. */
  from?: string | undefined;
  /** Ids below this one. */
  before?: string | undefined;
  /** Ids above this one. With it a page is the nearest above, not the newest. */
  after?: string | undefined;
  direction?: MessageDirection | undefined;
  source?: MessageSource | undefined;
  states?: MessageStateName[] | undefined;
  types?: MessageTypeName[] | undefined;
  /** All names of the chat. */
  chatJids?: string[] | undefined;
  /** All names of a person: what it wrote, and the direct chat with it. */
  contactJids?: string[] | undefined;
  /** Words of the message, and the sessions in which they are looked for. */
  search?: { terms: SearchTerms; sessionIds: string[] } | undefined;
}

export interface MessagesRepository {
  readState(messageId: string): Promise<MessageState | null>;
  find(
    scope: { workspaceId: string; sessionId?: string | undefined; all: boolean },
    id: string,
  ): Promise<MessageRecord | null>;
  /** These messages, in the order of the ids; those that are gone are left out. */
  byIds(ids: readonly string[]): Promise<MessageRecord[]>;
  /** Newest first. A search finds what is in the message index. */
  list(reach: Reach, filter: MessageFilter, limit: number): Promise<MessageRecord[]>;
  count(reach: Reach, filter: MessageFilter): Promise<number>;
}

/** SQL: a time as the API writes it. */
export function isoOf(time: string): string {
  return `to_char(${time} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** What its outbox row says while a message waits or is sent, and the code of a failure, are states of their own. */
const STATE = `CASE m.state WHEN 'QUEUED' THEN
    CASE WHEN o.state = 'SENDING' THEN 'SENDING' WHEN o.state = 'HELD' AND o.not_before > now() THEN 'SCHEDULED' ELSE 'QUEUED' END
  WHEN 'FAILED' THEN CASE m.error_code WHEN '${CANCELLED_CODE}' THEN 'CANCELLED' WHEN '${EXPIRED_CODE}' THEN 'EXPIRED' ELSE 'FAILED' END
  ELSE m.state::text END`;

/** Of each person the present one, oldest first. Times are text, because they come in JSON. */
const REACTIONS = `(SELECT json_agg(json_build_object('emoji', c.data->>'emoji', 'changeId', c.wa_message_id, 'from', c.from_jid,
    'fromMe', c.from_me, 'senderName', c.sender_name, 'timestamp', ${isoOf('c.wa_timestamp')}) ORDER BY c.wa_timestamp, c.id)
  FROM message_changes c WHERE c.message_id = m.id AND c.kind = 'reaction' AND c.is_current AND c.data->>'emoji' <> '')`;

/**
 * SQL: the votes of a poll, or the answers to an event, that count now. A withdrawn vote chooses nothing; one for
 * options that are not known here counts for its voter alone.
 */
const COUNTED = `CASE WHEN m.kind = 'poll' THEN (SELECT json_build_object('voters', count(DISTINCT c.id), 'by',
      (SELECT json_object_agg(name, votes) FROM (SELECT o.name, count(*) AS votes FROM message_changes v
        CROSS JOIN LATERAL jsonb_array_elements_text(v.data->'options') AS o(name)
        WHERE v.message_id = m.id AND v.kind = 'vote' AND v.is_current GROUP BY o.name) n))
    FROM message_changes c WHERE c.message_id = m.id AND c.kind = 'vote' AND c.is_current
      AND (c.data->'options' <> '[]' OR c.data ? 'unknownOptions'))
  WHEN m.kind = 'event' THEN (SELECT json_build_object('voters', coalesce(sum(people), 0), 'by', json_object_agg(response, people))
    FROM (SELECT c.data->>'response' AS response, count(*) AS people FROM message_changes c
      WHERE c.message_id = m.id AND c.kind = 'answer' AND c.is_current GROUP BY 1) n) END`;

/** The file that came with the message, or that it was sent with: one file may be sent in several messages. */
const MEDIA = `CASE WHEN m.content ? 'mediaId'
    THEN (SELECT ${shownMedia('f')} FROM media f WHERE f.id = (m.content->>'mediaId')::uuid AND f.workspace_id = s.workspace_id)
    ELSE (SELECT ${shownMedia('f')} FROM media f WHERE f.message_id = m.id ORDER BY f.id LIMIT 1) END`;

const COLUMNS = `m.id, m.session_id AS "sessionId", s.workspace_id AS "workspaceId", s.slug, m.direction, m.wa_message_id AS "waMessageId", m.chat_jid AS "chatJid", m.from_jid AS "fromJid",
  m.from_me AS "fromMe", m.recipients, CASE WHEN m.direction = 'OUTBOUND' THEN CASE WHEN o.message_id IS NULL THEN 'phone' ELSE 'api' END END AS source,
  m.sender_name AS "senderName", m.kind AS type, m.text, m.content, ${MEDIA} AS media, m.context, ${STATE} AS state, o.lane, o.schedule, o.expires_at AS "expiresAt",
  m.error_code AS "errorCode", m.error_message AS "errorMessage", m.metadata, m.edited_at AS "editedAt", m.revoked_at AS "revokedAt", m.deleted_for_me_at AS "deletedForMeAt", ${REACTIONS} AS reactions, ${COUNTED} AS counted, m.wa_timestamp AS "waTimestamp",
  m.sent_at AS "sentAt", m.delivered_at AS "deliveredAt", m.read_at AS "readAt", m.created_at AS "createdAt"`;
/**
 * SQL: who is behind the jids of a row, for the rows that are shown. What the API has sent is from the account of its
 * session.
 */
const identities = (row: string, chat: string, from: string, workspace: string, ownNumber: string): string => `
  ${identityOf(workspace, `${row}.${chat}`)} AS "chatIdentity",
  CASE WHEN coalesce(${row}.${from}, ${ownNumber}) IS NOT NULL
    THEN ${identityOf(workspace, `coalesce(${row}.${from}, ${ownNumber} || '@s.whatsapp.net')`)} END AS "fromIdentity"`;
const WITH_OUTBOX = 'LEFT JOIN outbox o ON o.message_id = m.id';

const READ_STATE = { name: 'read-message-state', text: 'SELECT state FROM messages WHERE id = $1' };

const FIND = {
  name: 'find-message',
  text: `SELECT ${COLUMNS}, ${identities('m', 'chat_jid', 'from_jid', 's.workspace_id', 's.phone_number')}
    FROM messages m JOIN sessions s ON s.id = m.session_id ${WITH_OUTBOX}
    WHERE m.id = coalesce((SELECT a.message_id FROM message_aliases a WHERE a.id = $1::uuid), $1::uuid) AND ($2::bool OR s.workspace_id = $3) AND ($4::uuid IS NULL OR s.id = $4)`,
};

/** What a list reads of each row, and then who is behind it. */
const LISTED = `${COLUMNS}, s.workspace_id, s.phone_number AS own_number`;
const LISTED_IDENTITIES = identities('page', '"chatJid"', '"fromJid"', 'page.workspace_id', 'page.own_number');

const OF_REACH = 's.workspace_id = $1 AND ($2::uuid IS NULL OR s.id = $2)';

/** $3 to $11: the bounds of the ids, and what the messages `m` are. */
const FILTER = `($3::uuid IS NULL OR m.id >= $3) AND ($4::uuid IS NULL OR m.id < $4) AND ($8::uuid IS NULL OR m.id > $8)
  AND ($5::"MessageDirection" IS NULL OR m.direction = $5)
  AND ($6::text[] IS NULL OR m.chat_jid = ANY($6) OR m.chat_alt_jid = ANY($6))
  AND ($7::text[] IS NULL OR ${STATE} = ANY($7))
  AND ($9::text[] IS NULL OR m.kind = ANY($9))
  AND ($10::text IS NULL OR (m.direction = 'OUTBOUND' AND (o.message_id IS NULL) = ($10 = 'phone')))
  AND ($11::text[] IS NULL OR m.from_jid = ANY($11) OR m.chat_jid = ANY($11) OR m.chat_alt_jid = ANY($11))`;
const LIMIT = '$12';

/** Rows `m` of session `s`: all; those of a chat, by the names of messages and by the chat's other name; the latest. */
const ALL = '(SELECT * FROM messages WHERE session_id = s.id) m';
const idsOfChat = (jids: string): string => `SELECT k.message_id AS id FROM message_keys k
      WHERE k.session_id = s.id AND k.chat_jid = ANY(${jids})
    UNION SELECT b.id FROM messages b WHERE b.session_id = s.id AND b.chat_alt_jid = ANY(${jids})`;
const joined = (ids: string, order: Order): string => `(${ids} ORDER BY id ${order}) c JOIN messages m ON m.id = c.id`;
const LATEST = `(SELECT * FROM messages WHERE session_id = s.id AND ($4::uuid IS NULL OR id < $4) ORDER BY id DESC LIMIT 2000) m`;
/** What a person wrote in groups is found by the message index. $13: hashes of its names. */
const idsOfContact = `${idsOfChat('$11')}
    UNION SELECT f.message_id FROM message_search f WHERE f.grams && $13::int[] AND f.session_id = s.id`;

/** Few messages are in a state of those that were not sent. Their rows of the outbox find them. */
const IDS_OF_UNSENT = `SELECT u.message_id AS id FROM outbox u WHERE u.session_id = s.id AND u.state IN ('FAILED', 'UNKNOWN')
    UNION SELECT u.message_id FROM outbox u WHERE u.session_id = s.id AND u.state IN ('QUEUED', 'SENDING')
    UNION SELECT u.message_id FROM outbox u WHERE u.session_id = s.id AND u.state = 'HELD'`;
const areUnsent = (states: MessageStateName[] | undefined): boolean => states?.every(isUnsent) === true;

type Order = 'ASC' | 'DESC';

/**
 * Takes a page of each session by its index, and then the newest of these: a workspace has few sessions, and may have
 * millions of messages.
 */
const listOf = (name: string, rows: string, order: Order = 'DESC') => ({
  name,
  text: `SELECT page.*, ${LISTED_IDENTITIES}
    FROM sessions s CROSS JOIN LATERAL (
      SELECT ${LISTED} FROM ${rows} ${WITH_OUTBOX} WHERE ${FILTER} ORDER BY m.id ${order} LIMIT ${LIMIT}
    ) page WHERE ${OF_REACH} ORDER BY page.id ${order} LIMIT ${LIMIT}`,
});
/** The same backwards and forwards. Those of a chat and of a person sort the ids of all. */
const bothWays = (name: string, rows: (order: Order) => string) => ({
  DESC: listOf(name, rows('DESC')),
  ASC: listOf(`${name}-forwards`, rows('ASC'), 'ASC'),
});
const LIST = bothWays('list-messages', () => ALL);
const LIST_OF_CHAT = bothWays('list-messages-of-chat', (order) => joined(idsOfChat('$6'), order));
const LIST_OF_CONTACT = bothWays('list-messages-of-contact', (order) => joined(idsOfContact, order));
const LIST_OF_UNSENT = bothWays('list-unsent-messages', (order) => joined(IDS_OF_UNSENT, order));
/** A page of a chat that is most of its session: that chat is large, and its page is among the latest messages. */
const LIST_OF_BUSY_CHAT = listOf('list-messages-of-busy-chat', LATEST);

/** As JSON, so that the order of the ids is the order of the rows. */
const BY_IDS = {
  name: 'messages-by-ids',
  text: `SELECT page.*, ${LISTED_IDENTITIES}
    FROM (SELECT ${LISTED}, i.ord FROM unnest($1::uuid[]) WITH ORDINALITY AS i(id, ord) JOIN messages m ON m.id = i.id
      JOIN sessions s ON s.id = m.session_id ${WITH_OUTBOX}) page ORDER BY page.ord`,
};

const countOf = (name: string, rows: string) => ({
  name,
  text: `SELECT count(*) AS total FROM sessions s CROSS JOIN LATERAL (
      SELECT 1 FROM ${rows} ${WITH_OUTBOX} WHERE ${FILTER}
    ) found WHERE ${OF_REACH}`,
});
const COUNT = countOf('count-messages', ALL);
const COUNT_OF_CHAT = countOf('count-messages-of-chat', joined(idsOfChat('$6'), 'DESC'));
const COUNT_OF_UNSENT = countOf('count-unsent-messages', joined(IDS_OF_UNSENT, 'DESC'));
const COUNT_OF_CONTACT = countOf('count-messages-of-contact', joined(idsOfContact.replace('$13', LIMIT), 'DESC'));

/**
 * Looks through the latest documents of each session, $14 of each. Where that leaves out older ones of a session, its
 * oldest one is the `bound`: newer messages than that are all here.
 */
const searchLatest = (order: Order) => ({
  name: `search-latest-messages-${order.toLowerCase()}`,
  text: `WITH latest AS MATERIALIZED (
      SELECT w.* FROM sessions s CROSS JOIN LATERAL (
        SELECT f.message_id, f.session_id, f.document, row_number() OVER (ORDER BY f.message_id ${order}) AS n FROM message_search f
        WHERE f.session_id = s.id AND ($3::uuid IS NULL OR f.message_id >= $3) AND ($4::uuid IS NULL OR f.message_id < $4)
          AND ($8::uuid IS NULL OR f.message_id > $8) ORDER BY f.message_id ${order} LIMIT $14) w WHERE ${OF_REACH}
    ), bound AS (
      SELECT message_id AS id FROM latest WHERE n = $14 ORDER BY message_id ${order} LIMIT 1
    ), hits AS MATERIALIZED (
      SELECT message_id, session_id FROM latest
      WHERE document LIKE ALL($13::text[])
        AND ((SELECT id FROM bound) IS NULL OR message_id ${order === 'DESC' ? '>=' : '<='} (SELECT id FROM bound))
    ), page AS (
      SELECT m.id FROM hits h JOIN messages m ON m.id = h.message_id JOIN sessions s ON s.id = h.session_id ${WITH_OUTBOX}
      WHERE ${FILTER} ORDER BY m.id ${order} LIMIT ${LIMIT}
    )
    SELECT (SELECT coalesce(json_agg(id ORDER BY id ${order}), '[]') FROM page) AS ids, (SELECT id FROM bound) AS bound,
      (SELECT count(*) FROM hits) AS hits`,
});
const SEARCH_LATEST = { DESC: searchLatest('DESC'), ASC: searchLatest('ASC') };

/**
 * Everything that fits, by the index of grams. Materialised: the plan that walks all messages in their order until a
 * page is full takes seconds where little fits.
 */
const FOUND = (first: number) => `WITH found AS MATERIALIZED (
      SELECT f.message_id, f.session_id FROM message_search f
      WHERE f.grams @> $${first + 1}::int[] AND f.grams && $${first + 2}::int[] AND f.document LIKE ALL($${first}::text[])
        AND ($3::uuid IS NULL OR f.message_id >= $3) AND ($4::uuid IS NULL OR f.message_id < $4) AND ($8::uuid IS NULL OR f.message_id > $8)
    )`;
const OF_FOUND = `FROM found f JOIN messages m ON m.id = f.message_id JOIN sessions s ON s.id = f.session_id ${WITH_OUTBOX}
    WHERE ${OF_REACH} AND ${FILTER}`;
const searchAll = (order: Order) => ({
  name: `search-messages-${order.toLowerCase()}`,
  text: `${FOUND(13)} SELECT m.id ${OF_FOUND} ORDER BY m.id ${order} LIMIT ${LIMIT}`,
});
const SEARCH_ALL = { DESC: searchAll('DESC'), ASC: searchAll('ASC') };
/**
 * Of a chat, of a person and of what was not sent, the messages themselves are looked through: a word that most
 * messages have says little of these few.
 */
const searchWithin = (name: string, ids: string) => (order: Order) => ({
  name: `search-${name}-${order.toLowerCase()}`,
  text: `SELECT m.id FROM sessions s CROSS JOIN LATERAL (${ids}) c
      JOIN message_search f ON f.session_id = s.id AND f.message_id = c.id AND f.document LIKE ALL($13::text[])
      JOIN messages m ON m.id = c.id ${WITH_OUTBOX}
    WHERE ${OF_REACH} AND ${FILTER} ORDER BY m.id ${order} LIMIT ${LIMIT}`,
});
const searchBothWays = (name: string, ids: string) => ({
  DESC: searchWithin(name, ids)('DESC'),
  ASC: searchWithin(name, ids)('ASC'),
});
const SEARCH_CHAT = searchBothWays('chat', idsOfChat('$6'));
const SEARCH_UNSENT = searchBothWays('unsent', IDS_OF_UNSENT);
const SEARCH_CONTACT = searchBothWays('contact', idsOfContact.replace('$13', '$14'));
const COUNT_FOUND = { name: 'count-found-messages', text: `${FOUND(12)} SELECT count(*) AS total ${OF_FOUND}` };

/** Documents that a search looks through before it asks the index, over all sessions: from the first to the last. */
const LOOK_THROUGH = { first: 4_000, last: 64_000, factor: 4 };
/** One hit in so many documents: then going on looks through less than the index finds. */
const OFTEN = 400;

const valuesOf = ({ workspaceId, sessionId }: Reach, filter: MessageFilter): unknown[] => [
  workspaceId,
  sessionId ?? null,
  filter.from ?? null,
  filter.before ?? null,
  filter.direction ?? null,
  filter.chatJids ?? null,
  filter.states ?? null,
  filter.after ?? null,
  filter.types ?? null,
  filter.source ?? null,
  filter.contactJids ?? null,
];

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
export const isMessageId = (id: string): boolean => UUID.test(id);

export function createMessagesRepository(db: Queryable): MessagesRepository {
  const read = async (list: { name: string; text: string }, values: unknown[]) =>
    (await db.query<MessageRecord>({ ...list, values })).rows;

  async function page(reach: Reach, filter: MessageFilter, limit: number, order: Order): Promise<MessageRecord[]> {
    const values = [...valuesOf(reach, filter), limit];
    if (filter.search) {
      return await read(BY_IDS, [await search(values, filter, filter.search, { limit, order })]);
    }
    if (areUnsent(filter.states)) return await read(LIST_OF_UNSENT[order], values);
    if (filter.chatJids) {
      // The latest of several sessions reach back to different times: a full page of them may lack newer messages.
      const latest = reach.sessionId && order === 'DESC' ? await read(LIST_OF_BUSY_CHAT, values) : [];
      return latest.length === limit ? latest : await read(LIST_OF_CHAT[order], values);
    }
    if (filter.contactJids) return await read(LIST_OF_CONTACT[order], [...values, writerGrams(filter.contactJids)]);
    return await read(LIST[order], values);
  }

  /**
   * What stands in many messages fills a page from the latest ones; what is rare is found by the index, which would
   * find too much of the other. Where another filter leaves few messages, these are looked through.
   */
  async function search(
    values: unknown[],
    filter: MessageFilter,
    given: NonNullable<MessageFilter['search']>,
    { limit, order }: { limit: number; order: Order },
  ): Promise<string[]> {
    const { patterns } = given.terms;
    const find = async (query: { name: string; text: string }, ...more: unknown[]) =>
      (await db.query<{ id: string }>({ ...query, values: [...values, ...more] })).rows.map(({ id }) => id);
    const isOfChat = filter.chatJids !== undefined;
    if (areUnsent(filter.states) && !isOfChat) return await find(SEARCH_UNSENT[order], patterns);
    const isOfContact = filter.contactJids !== undefined;
    const sessions = Math.max(1, given.sessionIds.length);
    for (let size = LOOK_THROUGH.first; size <= LOOK_THROUGH.last; size *= LOOK_THROUGH.factor) {
      const { rows } = await db.query<{ ids: string[]; bound: string | null; hits: number }>({
        ...SEARCH_LATEST[order],
        values: [...values, given.terms.patterns, Math.ceil(size / sessions)],
      });
      const { ids, bound, hits } = rows[0]!;
      if (ids.length === limit || bound === null) return ids;
      if (isOfChat || isOfContact || hits < size / OFTEN) break;
    }
    if (isOfChat) return await find(SEARCH_CHAT[order], patterns);
    if (filter.contactJids) return await find(SEARCH_CONTACT[order], patterns, writerGrams(filter.contactJids));
    return await find(SEARCH_ALL[order], ...searchValues(given));
  }

  return {
    async readState(messageId) {
      const { rows } = await db.query<{ state: MessageState }>({ ...READ_STATE, values: [messageId] });
      return rows[0]?.state ?? null;
    },
    async find({ workspaceId, sessionId, all }, id) {
      if (!isMessageId(id)) return null;
      const { rows } = await db.query<MessageRecord>({ ...FIND, values: [id, all, workspaceId, sessionId ?? null] });
      return rows[0] ?? null;
    },
    async byIds(ids) {
      if (ids.length === 0) return [];
      return (await db.query<MessageRecord>({ ...BY_IDS, values: [ids] })).rows;
    },
    async list(reach, filter, limit) {
      const order = filter.after === undefined ? 'DESC' : 'ASC';
      const rows = await page(reach, filter, limit, order);
      return order === 'DESC' ? rows : rows.toReversed();
    },
    async count(reach, filter) {
      const values = valuesOf(reach, filter);
      const { rows } = await db.query<{ total: number }>(
        filter.search
          ? { ...COUNT_FOUND, values: [...values, ...searchValues(filter.search)] }
          : filter.chatJids
            ? { ...COUNT_OF_CHAT, values }
            : areUnsent(filter.states)
              ? { ...COUNT_OF_UNSENT, values }
              : filter.contactJids
                ? { ...COUNT_OF_CONTACT, values: [...values, writerGrams(filter.contactJids)] }
                : { ...COUNT, values },
      );
      return rows[0]!.total;
    },
  };
}

const writerGrams = (jids: readonly string[]): number[] => jids.map(gramOfWriter);
const searchValues = ({ terms, sessionIds }: NonNullable<MessageFilter['search']>): unknown[] => [
  terms.patterns,
  terms.grams,
  sessionIds.map(gramOfSession),
];

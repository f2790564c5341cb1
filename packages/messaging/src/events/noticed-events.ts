import { FENCE_MANY, fenceParameters, type Ownership } from '@wa-gate/cluster';
import type { SessionEvent } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { identityOf, namesOf } from '../contacts/identity-sql.ts';
import { toJson } from '../storable-text.ts';
import { APPEND_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from './append-events.ts';

type PersonEventType = 'contact.updated' | 'contact.blocked' | 'contact.unblocked' | 'contact.identity_changed';
type ChannelEventType = 'channel.followed' | 'channel.unfollowed' | 'channel.updated' | 'channel.deleted';

/** Something that a session has learnt of a person or of a channel now. Who the person is, the statement adds. */
export type NoticedEvent = Ownership & {
  /** Of the person, or of the channel. */
  jid: string;
  /**
   * WhatsApp's name of the notice that tells it, or that of the call that did it: the same when it is told again.
   * Absent: it is told once.
   */
  notice?: string | undefined;
} & (PersonNews | ChannelNews);

type PersonNews = {
  [K in PersonEventType]: {
    type: K;
    data: Omit<Extract<SessionEvent, { type: K }>['data'], 'contactId' | 'phoneNumber' | 'lid' | 'jid' | 'name'>;
  };
}[PersonEventType];
type ChannelNews = {
  [K in ChannelEventType]: { type: K; data: Extract<SessionEvent, { type: K }>['data'] };
}[ChannelEventType];

/** How many names of notices a session keeps. */
const NOTICES = 32;

/**
 * A notice that is told again makes no event. Only the owner of a session writes its names of notices, one statement
 * after another, so that those before can be read without a lock. A picture that has changed is asked for anew when
 * somebody wants it.
 */
const APPEND = {
  name: 'append-noticed-events',
  text: `WITH ${FENCE_MANY}, given AS (
    SELECT g.*, f.epoch, s.workspace_id
    FROM (SELECT *, row_number() OVER (PARTITION BY session_id, notice ORDER BY ord) AS nth
      FROM unnest($3::uuid[], $4::text[], $5::text[], $6::jsonb[], $7::text[]) WITH ORDINALITY AS g(session_id, type, jid, data, notice, ord)) AS g
    JOIN fence f USING (session_id) JOIN sessions s ON s.id = g.session_id
    LEFT JOIN person_notices p ON p.session_id = g.session_id
    WHERE g.notice IS NULL OR (g.nth = 1 AND g.notice <> ALL (coalesce(p.notices, '{}')))
  ), noted AS (
    INSERT INTO person_notices AS p (session_id, notices)
    SELECT session_id, (array_agg(notice ORDER BY ord DESC))[1:${NOTICES}] FROM given WHERE notice IS NOT NULL GROUP BY session_id
    ON CONFLICT (session_id) DO UPDATE SET notices = (excluded.notices || p.notices)[1:${NOTICES}]
  ), forgotten AS (
    DELETE FROM contact_profiles p USING given g
    WHERE g.type = 'contact.updated' AND g.data->'changed' ? 'picture' AND p.workspace_id = g.workspace_id
      AND p.jid IN ${namesOf('g.workspace_id', 'g.jid')}
  ), new_events AS (
    SELECT g.session_id, g.epoch, g.ord, g.type,
      CASE WHEN g.type LIKE 'channel.%' THEN g.data ELSE ${identityOf('g.workspace_id', 'g.jid')} || g.data END AS data
    FROM given g
  ), ${APPEND_EVENTS}
  SELECT (SELECT coalesce(json_agg(session_id), '[]') FROM fence) AS owned, ${APPENDED_COLUMNS}`,
};

/**
 * Appends events of people and channels, under the fence (I2).
 *
 * @returns `stale`: sessions that this worker does not own any more
 */
export async function appendNoticedEvents(
  db: Queryable,
  events: readonly NoticedEvent[],
): Promise<Appended & { stale: string[] }> {
  const { sessionIds, epochs } = fenceParameters(events);
  const { rows } = await db.query<Appended & { owned: string[] }>({
    ...APPEND,
    values: [
      sessionIds,
      epochs,
      events.map(({ sessionId }) => sessionId),
      events.map(({ type }) => type),
      events.map(({ jid }) => jid),
      events.map(({ data }) => toJson(data)),
      events.map(({ notice }) => notice),
    ],
  });
  const row = rows[0]!;
  const owned = new Set(row.owned);
  return { ...readAppended(row), stale: sessionIds.filter((id) => !owned.has(id)) };
}

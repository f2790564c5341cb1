import { FENCE_MANY, fenceParameters, type Ownership } from '@wa-gate/cluster';
import type { Queryable } from '@wa-gate/db';
import { APPEND_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from '../events/append-events.ts';

const WAITING = {
  name: 'sessions-with-contact-merges',
  text: 'SELECT DISTINCT session_id AS "sessionId" FROM contact_merges WHERE session_id = ANY($1::uuid[])',
};

/** Which of these sessions have changes of contacts that no event has told yet. */
export async function findContactMerges(db: Queryable, sessionIds: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ sessionId: string }>({ ...WAITING, values: [sessionIds] });
  return rows.map(({ sessionId }) => sessionId);
}

/** Rows of one statement. */
const PAGE = 500;

/**
 * A row becomes the event and ends in one statement, so each is told once (I11). The order of the rows is the
 * order of the events.
 */
const PUBLISH = {
  name: 'publish-contact-merges',
  text: `WITH ${FENCE_MANY}, chosen AS (
      SELECT n.session_id, n.id FROM contact_merges n JOIN fence USING (session_id) ORDER BY n.session_id, n.id LIMIT ${PAGE}
    ), taken AS (
      DELETE FROM contact_merges n USING chosen c WHERE n.session_id = c.session_id AND n.id = c.id
      RETURNING n.session_id, n.id, n.data
    ), new_events AS (
      SELECT t.session_id, f.epoch, t.id AS ord, 'contact.merged' AS type, t.data FROM taken t JOIN fence f USING (session_id)
    ), ${APPEND_EVENTS}
    SELECT (SELECT coalesce(json_agg(session_id), '[]') FROM fence) AS owned, (SELECT count(*) FROM chosen) AS chosen,
      ${APPENDED_COLUMNS}`,
};

export interface PublishedMerges extends Appended {
  /** More of them wait: call it again. */
  hasMore: boolean;
  /** Sessions that this worker does not own any more. */
  stale: string[];
}

/**
 * Tells sessions what has become of contacts that they know, under the fence (I2). Whoever finds out that two contacts
 * are one may not own all sessions that know them. It leaves a row for each, and each owner makes the events of its
 * own.
 */
export async function publishContactMerges(db: Queryable, owners: readonly Ownership[]): Promise<PublishedMerges> {
  const { sessionIds, epochs } = fenceParameters(owners);
  const { rows } = await db.query<Appended & { owned: string[]; chosen: number }>({
    ...PUBLISH,
    values: [sessionIds, epochs],
  });
  const row = rows[0]!;
  const owned = new Set(row.owned);
  return {
    ...readAppended(row),
    hasMore: row.chosen === PAGE,
    stale: sessionIds.filter((id) => !owned.has(id)),
  };
}

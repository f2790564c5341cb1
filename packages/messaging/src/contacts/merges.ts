import { FENCE_MANY, fenceParameters, type Ownership } from '@wa-gate/cluster';
import { inTransaction, type Pool, type Queryable } from '@wa-gate/db';
import { APPEND_TRACED_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from '../events/append-events.ts';
import { UNDER_LOCK } from './learn.ts';
import { findCopiesOfMessages, type MergedCopies, mergeCopies, type WaitingMerge } from './merge-copies.ts';

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
  text: `WITH ${FENCE_MANY}, copies AS (
      SELECT session_id, id, jsonb_agg(told ORDER BY ord) AS told
      FROM unnest($5::uuid[], $6::bigint[], $7::jsonb[]) WITH ORDINALITY AS c(session_id, id, told, ord) GROUP BY session_id, id
    ), taken AS (
      DELETE FROM contact_merges n USING unnest($3::uuid[], $4::bigint[], $8::text[]) AS c(session_id, id, trace), fence f
      WHERE n.session_id = c.session_id AND n.id = c.id AND f.session_id = n.session_id
      RETURNING n.session_id, n.id, n.data, c.trace
    ), new_events AS (
      SELECT t.session_id, f.epoch, t.trace, t.id AS ord, 'contact.merged' AS type,
        t.data || CASE WHEN c.told IS NULL THEN '{}' ELSE jsonb_build_object('mergedMessages', c.told) END AS data
      FROM taken t JOIN fence f USING (session_id) LEFT JOIN copies c ON c.session_id = t.session_id AND c.id = t.id
    ), ${APPEND_TRACED_EVENTS}
    SELECT (SELECT coalesce(json_agg(session_id), '[]') FROM fence) AS owned, ${APPENDED_COLUMNS}`,
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
 *
 * Messages that were stored once under each name of a contact become one in the same transaction. Only the owner of a
 * session stores its messages, one batch after the other, so no copy can come between the look for them and the event;
 * a later one is recognized by the names. The caller must not store messages of these sessions meanwhile. What is told
 * are the rows that were looked at: another worker may add one at any moment.
 *
 * @param traceOf begins the trace of what is told to a session, and returns its `traceparent`
 */
export async function publishContactMerges(
  pool: Pool,
  owners: readonly Ownership[],
  traceOf?: (sessionId: string) => string,
): Promise<PublishedMerges> {
  const sessionIds = owners.map(({ sessionId }) => sessionId);
  const { waiting: found, copies } = await findCopiesOfMessages(pool, sessionIds, PAGE);
  const waiting = found.map((merge): TracedMerge => ({ ...merge, trace: traceOf?.(merge.sessionId) ?? null }));
  if (copies.length === 0) return publish(pool, owners, waiting, []);
  // It holds the placements: a worker that stands still must not keep its sessions from being taken over.
  return inTransaction(
    pool,
    async (client) => publish(client, owners, waiting, await mergeCopies(client, owners, copies)),
    UNDER_LOCK,
  );
}

interface TracedMerge extends WaitingMerge {
  trace: string | null;
}

async function publish(
  db: Queryable,
  owners: readonly Ownership[],
  waiting: readonly TracedMerge[],
  copies: readonly MergedCopies[],
): Promise<PublishedMerges> {
  const { sessionIds, epochs } = fenceParameters(owners);
  const { rows } = await db.query<Appended & { owned: string[] }>({
    ...PUBLISH,
    values: [
      sessionIds,
      epochs,
      waiting.map(({ sessionId }) => sessionId),
      waiting.map(({ mergeId }) => mergeId),
      copies.map(({ sessionId }) => sessionId),
      copies.map(({ mergeId }) => mergeId),
      copies.map(({ messageId, mergedMessageIds }) => JSON.stringify({ messageId, mergedMessageIds })),
      waiting.map(({ trace }) => trace),
    ],
  });
  const row = rows[0]!;
  const owned = new Set(row.owned);
  const stale = sessionIds.filter((id) => !owned.has(id));
  // Rows of a session that another worker owns stay, and would be looked at again and again.
  return { ...readAppended(row), hasMore: waiting.length === PAGE && stale.length === 0, stale };
}

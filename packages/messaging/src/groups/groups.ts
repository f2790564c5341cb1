import { FENCE_ONE, type Ownership, StaleEpochError } from '@wa-gate/cluster';
import type { GroupFacts, SessionEvent } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { APPEND_EVENTS, APPENDED_COLUMNS, type Appended, readAppended } from '../events/append-events.ts';
import { storableText, toJson } from '../storable-text.ts';

/** A group as a session knows it. */
export interface GroupRow {
  facts: GroupFacts;
  /** Whether the account is in the group. */
  isMember: boolean;
  /** Something has happened that the row does not show. */
  isStale: boolean;
  /** `null`: WhatsApp has told of it, and never described it. */
  readAt: Date | null;
  /** Seconds since {@link readAt}, by the clock of the database. */
  ageSeconds: number;
  /** WhatsApp's ids of the last notices. */
  notices: string[];
}

const COLUMNS = `g.facts || jsonb_build_object('jid', g.jid, 'subject', g.subject, 'participants', g.participants,
  'size', g.participant_count) AS facts, g.is_member AS "isMember", g.is_stale AS "isStale", g.read_at AS "readAt",
  coalesce(greatest(0, extract(epoch FROM now() - g.read_at)), 0)::int AS "ageSeconds", g.notices`;

const READ = {
  name: 'read-group',
  text: `SELECT ${COLUMNS} FROM groups g WHERE g.session_id = $1 AND g.jid = $2`,
};

export async function readGroup(db: Queryable, sessionId: string, jid: string): Promise<GroupRow | undefined> {
  const { rows } = await db.query<GroupRow>({ ...READ, values: [sessionId, jid] });
  return rows[0];
}

/** The columns of rows to write, one list each, from $3 on. */
const WRITTEN = `unnest($3::text[], $4::text[], $5::jsonb[], $6::jsonb[], $7::int[]) AS w(jid, subject, facts, participants, size)`;

/** What the account of the session is there, by its number or LID. */
const OWN_ROLE = `(SELECT p->>'role' FROM sessions s CROSS JOIN jsonb_array_elements(w.participants) AS p
        WHERE s.id = f.session_id AND (ltrim(s.phone_number, '+') || '@s.whatsapp.net' IN (p->>'jid', p->>'altJid')
          OR s.lid IN (p->>'jid', p->>'altJid')) LIMIT 1)`;

function columnsOf(groups: readonly GroupFacts[]): unknown[] {
  const rest = groups.map(({ jid: _jid, subject: _subject, participants: _people, size: _size, ...facts }) =>
    toJson(facts),
  );
  return [
    groups.map(({ jid }) => jid),
    groups.map(({ subject }) => storableText(subject)),
    rest,
    groups.map(({ participants }) => toJson(participants)),
    groups.map(({ size }) => size),
  ];
}

/** Groups of one statement: the participants of a few large ones are a megabyte. */
const PAGE = 20;

const STORE = {
  name: 'store-groups',
  text: `WITH ${FENCE_ONE}, stored AS (
      INSERT INTO groups AS g (session_id, jid, subject, facts, participants, participant_count, own_role, is_member, is_stale, read_at,
        changed_at)
      SELECT f.session_id, w.jid, w.subject, w.facts, w.participants, w.size, ${OWN_ROLE}, true, false, now(), now() FROM fence f CROSS JOIN ${WRITTEN}
      ON CONFLICT (session_id, jid) DO UPDATE SET subject = excluded.subject, facts = excluded.facts, participants = excluded.participants,
        participant_count = excluded.participant_count, own_role = excluded.own_role, is_member = true, is_stale = false, read_at = excluded.read_at,
        changed_at = excluded.changed_at
    ) SELECT count(*)::int AS fenced FROM fence`,
};

const LISTED = {
  name: 'store-list-of-groups',
  text: `WITH ${FENCE_ONE}, left_since AS (
      UPDATE groups g SET is_member = false, changed_at = now() FROM fence f
      WHERE g.session_id = f.session_id AND g.is_member AND g.jid <> ALL ($3::text[])
    ), listed AS (
      UPDATE sessions s SET groups_read_at = now() FROM fence f WHERE s.id = f.session_id
    ) SELECT count(*)::int AS fenced FROM fence`,
};

/**
 * Stores groups as WhatsApp has described them, under the fence (I2).
 *
 * @param isAll these are all groups of the account: it is in no other one any more
 * @throws {StaleEpochError}
 */
export async function storeGroups(
  db: Queryable,
  { sessionId, epoch }: Ownership,
  groups: readonly GroupFacts[],
  { isAll = false } = {},
): Promise<void> {
  for (let at = 0; at < groups.length; at += PAGE) {
    const page = groups.slice(at, at + PAGE);
    await fenced(db, { ...STORE, values: [sessionId, epoch, ...columnsOf(page)] }, sessionId);
  }
  if (isAll) await fenced(db, { ...LISTED, values: [sessionId, epoch, groups.map(({ jid }) => jid)] }, sessionId);
}

const GONE = {
  name: 'group-is-gone',
  text: `WITH ${FENCE_ONE}, gone AS (
      UPDATE groups g SET is_member = false, changed_at = now() FROM fence f WHERE g.session_id = f.session_id AND g.jid = $3
    ) SELECT count(*)::int AS fenced FROM fence`,
};

/** WhatsApp says that the account is not in the group. @throws {StaleEpochError} */
export const storeGroupGone = (db: Queryable, { sessionId, epoch }: Ownership, jid: string): Promise<void> =>
  fenced(db, { ...GONE, values: [sessionId, epoch, jid] }, sessionId);

const DOUBT = {
  name: 'doubt-groups',
  text: `WITH ${FENCE_ONE}, doubted AS (
      UPDATE groups g SET is_stale = true FROM fence f WHERE g.session_id = f.session_id
    ), unread AS (
      UPDATE sessions s SET groups_read_at = NULL FROM fence f WHERE s.id = f.session_id
    ) SELECT count(*)::int AS fenced FROM fence`,
};

/** WhatsApp says that groups have changed, and not which. @throws {StaleEpochError} */
export const doubtGroups = (db: Queryable, { sessionId, epoch }: Ownership): Promise<void> =>
  fenced(db, { ...DOUBT, values: [sessionId, epoch] }, sessionId);

async function fenced(db: Queryable, statement: { text: string; values: unknown[] }, sessionId: string): Promise<void> {
  const { rows } = await db.query<{ fenced: number }>(statement);
  if (rows[0]?.fenced !== 1) throw new StaleEpochError([sessionId]);
}

/** How many ids of notices a row keeps. */
const NOTICES = 32;

const TELL = {
  name: 'tell-of-group',
  text: `WITH ${FENCE_ONE}, stored AS (
      INSERT INTO groups AS g (session_id, jid, subject, facts, participants, participant_count, own_role, is_member, is_stale, read_at,
        changed_at, notices)
      SELECT f.session_id, w.jid, w.subject, w.facts, w.participants, w.size, ${OWN_ROLE}, $8, $9, CASE WHEN $10 THEN now() END, now(), ARRAY[$11]
      FROM fence f CROSS JOIN ${WRITTEN}
      ON CONFLICT (session_id, jid) DO UPDATE SET subject = excluded.subject, facts = excluded.facts, participants = excluded.participants,
        participant_count = excluded.participant_count, own_role = excluded.own_role, is_member = excluded.is_member, is_stale = excluded.is_stale,
        read_at = coalesce(excluded.read_at, g.read_at), changed_at = excluded.changed_at,
        notices = (ARRAY[$11] || g.notices)[1:${NOTICES}]
      WHERE NOT $11 = ANY (g.notices)
      RETURNING session_id
    ), new_events AS (
      SELECT f.session_id, f.epoch, e.ord, e.type, e.data
      FROM stored JOIN fence f USING (session_id) CROSS JOIN unnest($12::text[], $13::jsonb[]) WITH ORDINALITY AS e(type, data, ord)
    ), ${APPEND_EVENTS}
    SELECT (SELECT count(*)::int FROM fence) AS fenced, ${APPENDED_COLUMNS}`,
};

/** What a notice of WhatsApp makes of a group. */
export interface ToldGroup {
  facts: GroupFacts;
  isMember: boolean;
  isStale: boolean;
  /** The notice describes the whole group. */
  isWhole: boolean;
  /** WhatsApp's id of the notice. */
  noticeId: string;
  events: readonly SessionEvent[];
}

/**
 * Stores what a notice has changed, with its events, under the fence (I2). A notice that was stored before changes
 * nothing and makes no event (I11): WhatsApp sends what is not confirmed again.
 *
 * @throws {StaleEpochError}
 */
export async function tellOfGroup(
  db: Queryable,
  { sessionId, epoch }: Ownership,
  { facts, isMember, isStale, isWhole, noticeId, events }: ToldGroup,
): Promise<Appended> {
  const { rows } = await db.query<Appended & { fenced: number }>({
    ...TELL,
    values: [
      sessionId,
      epoch,
      ...columnsOf([facts]),
      isMember,
      isStale,
      isWhole,
      noticeId,
      events.map(({ type }) => type),
      events.map(({ data }) => toJson(data)),
    ],
  });
  const row = rows[0]!;
  if (row.fenced !== 1) throw new StaleEpochError([sessionId]);
  return readAppended(row);
}

import {
  BROADCAST_LIMITS,
  type OutboundRequest,
  PAIRING_STATES,
  type RecipientState,
  splitRequest,
} from '@wa-gate/contracts';
import { inTransaction, type Pool, type PoolClient, type Queryable, type SessionState } from '@wa-gate/db';
import { firstIdAt, newId } from '@wa-gate/kit';
import {
  type Acceptance,
  type Appended,
  acceptMessage,
  GUARD_COLUMNS,
  type GuardColumns,
  guardThreshold,
  isGuarded,
  newWaMessageId,
} from '@wa-gate/messaging';
import { type Person, readPeople } from '../contacts/index.ts';
import { lockBroadcast, storeBroadcast, withdraw } from './broadcast-changes.ts';
import { applyCounts, type BroadcastRow, doneOf } from './broadcast-row.ts';
import { type Rendered, render, type Values } from './template.ts';

/** What one step of a broadcast has done. */
export interface Advance {
  /** Whether a further step may find more to do at once. */
  hasMore: boolean;
  /** Sessions with something new in the outbox. */
  sessionIds: string[];
  appended: Appended | null;
  /** How many messages were given to the outbox. */
  queued: number;
}

/** Settled recipients of one step. */
const SETTLE = 1_000;
/** Milliseconds between two events of progress. */
const TELL_MS = 2_000;
/** Seconds after which a broadcast that cannot go on is looked at again. */
const RETRY_SECONDS = 5;

/** The transaction holds the lock of the broadcast: a process that stands still loses it soon. */
const LIMITS = { idleMs: 5_000, lockMs: 3_000 };

const OPEN = {
  name: 'open-broadcasts',
  text: `SELECT id FROM broadcasts WHERE ended_at IS NULL AND status <> 'draft' AND CASE status
        WHEN 'scheduled' THEN scheduled_at <= now()
        WHEN 'running' THEN queued > 0 OR waits_until IS NULL OR waits_until <= now()
        WHEN 'paused' THEN queued > 0
        ELSE true END
    ORDER BY updated_at LIMIT $1`,
};

/** Broadcasts for which a step may find something to do, by PostgreSQL's clock; those that waited longest first. */
export async function openBroadcasts(db: Queryable, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({ ...OPEN, values: [limit] });
  return rows.map(({ id }) => id);
}

/** Nobody waits for a broadcast that another process is just advancing. */
const TRY_LOCK = {
  name: 'try-lock-broadcast',
  text: 'SELECT id FROM broadcasts WHERE id = $1 AND ended_at IS NULL FOR UPDATE SKIP LOCKED',
};

/**
 * One step of a broadcast, in one transaction: what the outbox has sent is settled, the next chunk is given to it, and
 * the counts move with the rows. After a crash at any point the next step, of any process, goes on: a recipient that
 * has its message is not pending, because both commit together.
 */
export async function advanceBroadcast(pool: Pool, id: string): Promise<Advance | null> {
  return await inTransaction(
    pool,
    async (tx) => {
      const { rowCount } = await tx.query({ ...TRY_LOCK, values: [id] });
      const row = rowCount ? await lockBroadcast(tx, id) : null;
      if (!row || row.status === 'draft') return null;
      return await advance(tx, row);
    },
    LIMITS,
  );
}

async function advance(tx: PoolClient, row: BroadcastRow): Promise<Advance> {
  const begins = row.status === 'scheduled';
  const doneBefore = doneOf(row);
  if (begins) row.status = 'running';
  const settled = await settle(tx, row);
  const before = standstillOf(row);
  const isStopped = row.status === 'running' && row.queued + row.pending > 0 && (await guard(tx, row));
  const expansion = row.status === 'running' ? await expand(tx, row) : NOTHING;
  const isOver = row.queued === 0 && ((row.status === 'running' && row.pending === 0) || row.status === 'cancelled');
  if (isOver && row.status === 'running') row.status = 'completed';
  if (isOver) {
    row.waitsFor = null;
    row.waitsUntil = null;
  }
  const hasMoved = doneOf(row) !== doneBefore || begins || isStopped || standstillOf(row) !== before;
  const isTime = row.toldAt === null || row.now.getTime() - row.toldAt.getTime() >= TELL_MS;
  const progress = hasMoved && (begins || isStopped || isTime) ? 'broadcast.progress' : undefined;
  const appended = await storeBroadcast(tx, row, {
    begins,
    ends: isOver,
    tells: isOver ? 'broadcast.completed' : progress,
  });
  const { sessionIds, queued, isFull } = expansion;
  return { hasMore: !isOver && (isFull || settled === SETTLE), sessionIds, appended, queued };
}

const GUARDED = {
  name: 'guarded-sessions',
  text: `SELECT s.slug, r.score, ${GUARD_COLUMNS}
    FROM session_risk r JOIN sessions s ON s.id = r.session_id LEFT JOIN session_pacing p ON p.session_id = r.session_id
    WHERE r.session_id = ANY($1::uuid[]) AND r.guarded_since IS NOT NULL AND ($2::timestamptz IS NULL OR r.guarded_since > $2)
    ORDER BY r.score DESC`,
};

/**
 * Pauses the broadcast when the risk score of a session that carries it has crossed the threshold of its guard, as it
 * is set at this moment, and nobody has resumed it since. Here, under the lock of the broadcast: nothing of it is given
 * to the outbox in between.
 */
async function guard(tx: PoolClient, row: BroadcastRow): Promise<boolean> {
  const { rows } = await tx.query<GuardColumns & { slug: string; score: number }>({
    ...GUARDED,
    values: [row.sessionIds, row.riskAcceptedAt],
  });
  const session = rows.find((one) => isGuarded(one.score, guardThreshold(one), true));
  if (!session) return false;
  row.status = 'paused';
  row.waitsFor = 'at_risk';
  row.waitsUntil = null;
  row.reason =
    `Session ${session.slug} is at risk (score ${session.score} of 100): WhatsApp may restrict or ban the account. ` +
    `GET /api/sessions/${session.slug}/risk says why and what to do. Resume the broadcast when you have read it.`;
  const back = await withdraw(tx, row.id);
  applyCounts(row, { queued: -back, pending: back });
  return true;
}

/** A full queue is the way in which a broadcast goes on, and no standstill. */
const standstillOf = ({ waitsFor }: BroadcastRow) => (waitsFor === 'queue_full' ? null : waitsFor);

/**
 * No state: the message was deleted, or its session was.
 *
 * Of a list that is new the planner expects one row, so each join is bound to a small side: what is due is found once,
 * by the keys of its messages, and only rows that are queued are compared with it. Without these bounds it looks for
 * what is due again for every row of the list.
 */
const SETTLED = {
  name: 'settle-queued-recipients',
  text: `WITH due AS MATERIALIZED (
      SELECT r.position, m.state, m.error_code, m.error_message FROM broadcast_recipients r
      LEFT JOIN LATERAL (SELECT state, error_code, error_message FROM messages WHERE id = r.message_id LIMIT 1) m ON true
      WHERE r.broadcast_id = $1 AND r.state = 'queued' AND (m.state IS NULL OR m.state <> 'QUEUED') LIMIT ${SETTLE}
    )
    UPDATE broadcast_recipients r SET settled_at = now(),
      state = CASE WHEN due.state IS NULL OR due.state = 'FAILED' THEN 'failed' WHEN due.state = 'UNKNOWN' THEN 'unknown' ELSE 'sent' END,
      reason = CASE WHEN due.state IS NULL THEN 'The message was deleted before it was sent.'
        WHEN due.state IN ('FAILED', 'UNKNOWN') THEN concat_ws(': ', due.error_code, due.error_message) END
    FROM due WHERE r.broadcast_id = $1 AND r.state = 'queued' AND r.position = due.position
    RETURNING r.state`,
};

async function settle(tx: Queryable, row: BroadcastRow): Promise<number> {
  if (row.queued === 0) return 0;
  const { rows } = await tx.query<{ state: RecipientState }>({ ...SETTLED, values: [row.id] });
  for (const { state } of rows) applyCounts(row, { queued: -1, [state]: 1 });
  return rows.length;
}

interface CarryingSession {
  id: string;
  state: SessionState;
  canSend: boolean;
  /** How many more messages of broadcasts its outbox takes. */
  room: number;
}

/** `waiting` is counted no further than the limit: an index of waiting rows answers it. */
const SESSIONS = {
  name: 'sessions-of-broadcast',
  text: `SELECT s.id, s.state,
      s.paired_at IS NOT NULL AND s.state NOT IN ('LOGGED_OUT', 'STOPPED') AND s.state <> ALL($2::"SessionState"[]) AS "canSend",
      $3::int - (SELECT count(*)::int FROM (SELECT 1 FROM outbox o WHERE o.session_id = s.id AND o.lane = 'CAMPAIGN'
          AND o.state IN ('QUEUED', 'SENDING')
        UNION ALL SELECT 1 FROM outbox o WHERE o.session_id = s.id AND o.lane = 'CAMPAIGN' AND o.state = 'HELD'
        LIMIT $3::int) AS waiting) AS room
    FROM sessions s WHERE s.id = ANY($1::uuid[]) ORDER BY array_position($1::uuid[], s.id)`,
};

/**
 * How many messages the tier of the account leaves to its broadcasts in this hour. Recipients are counted by the ids of
 * their messages, which grow with time.
 */
const ALLOWANCE = {
  name: 'allowance-of-broadcast',
  text: `SELECT t.messages_per_hour - (
      SELECT count(*)::int FROM workspaces mine JOIN broadcasts b ON b.workspace_id = mine.id
      JOIN broadcast_recipients r ON r.broadcast_id = b.id AND r.message_id >= $2
      WHERE mine.owner_user_id = u.id AND (b.ended_at IS NULL OR b.ended_at > now() - interval '1 hour')) AS allowance
    FROM workspaces w JOIN users u ON u.id = w.owner_user_id JOIN tiers t ON t.tier = u.tier WHERE w.id = $1`,
};

interface PendingRow {
  position: number;
  jid: string;
  person: string;
  name: string | null;
  variables: Record<string, string> | null;
  sessionId: string | null;
}

/** Those that no session is meant for yet, and those of sessions that can take some now, in the order of the list. */
const PENDING = {
  name: 'pending-recipients',
  text: `SELECT * FROM (
      (SELECT position, jid, person, name, variables, session_id AS "sessionId" FROM broadcast_recipients
        WHERE broadcast_id = $1 AND state = 'pending' AND session_id IS NULL AND (not_before IS NULL OR not_before <= now())
        ORDER BY position LIMIT $3)
      UNION ALL
      (SELECT r.position, r.jid, r.person, r.name, r.variables, r.session_id FROM unnest($2::uuid[]) AS s(id) CROSS JOIN LATERAL (
        SELECT * FROM broadcast_recipients WHERE broadcast_id = $1 AND state = 'pending' AND session_id = s.id
          AND (not_before IS NULL OR not_before <= now()) ORDER BY position LIMIT $3) r)
    ) AS due ORDER BY position LIMIT $3`,
};

/** Recipients of sessions that are gone or cannot send are anybody's. */
const FREE = {
  name: 'free-recipients',
  text: `UPDATE broadcast_recipients SET session_id = NULL
    WHERE broadcast_id = $1 AND state = 'pending' AND session_id IS NOT NULL AND session_id <> ALL($2::uuid[])`,
};

const MET = {
  name: 'sessions-that-met',
  text: `SELECT k.jid, k.session_id AS "sessionId" FROM session_contacts k WHERE k.session_id = ANY($1::uuid[]) AND k.jid = ANY($2::text[])`,
};

const OPTED_OUT = {
  name: 'opted-out-of-jids',
  text: 'SELECT jid FROM opt_outs WHERE workspace_id = $1 AND jid = ANY($2::text[])',
};

const ADDRESSED = {
  name: 'addressed-people',
  text: 'SELECT person, position FROM broadcast_recipients WHERE broadcast_id = $1 AND person = ANY($2::text[])',
};

const WRITE = {
  name: 'write-recipients',
  text: `UPDATE broadcast_recipients r SET state = g.state, reason = g.reason, session_id = g.session_id, variant = g.variant,
      message_id = g.message_id, person = g.person, not_before = g.not_before,
      settled_at = CASE WHEN g.state = 'skipped' THEN now() END
    FROM unnest($2::int[], $3::text[], $4::text[], $5::uuid[], $6::int[], $7::uuid[], $8::text[], $9::timestamptz[])
      AS g(position, state, reason, session_id, variant, message_id, person, not_before)
    WHERE r.broadcast_id = $1 AND r.position = g.position AND r.position = ANY($2::int[])`,
};

/** When the first of those that WhatsApp holds back may go. */
const NEXT = {
  name: 'next-recipient',
  text: `SELECT min(not_before) AS at FROM broadcast_recipients WHERE broadcast_id = $1 AND state = 'pending' AND not_before > now()`,
};

interface Decision {
  position: number;
  state: 'pending' | 'queued' | 'skipped';
  person: string;
  reason?: string;
  sessionId?: string | null;
  variant?: number;
  messageId?: string;
  notBefore?: Date;
}

interface Expansion {
  sessionIds: string[];
  queued: number;
  /** A whole chunk was decided: there may be more. */
  isFull: boolean;
}

const NOTHING: Expansion = { sessionIds: [], queued: 0, isFull: false };

/** By PostgreSQL's clock. */
const inSeconds = ({ now }: BroadcastRow, seconds: number): Date => new Date(now.getTime() + seconds * 1_000);

/** Gives the next chunk to the outbox. Says in the row what it waits for where it cannot. */
async function expand(tx: PoolClient, row: BroadcastRow): Promise<Expansion> {
  const wait = (what: BroadcastRow['waitsFor'], until: Date | null = null): Expansion => {
    row.waitsFor = what;
    row.waitsUntil = until;
    return NOTHING;
  };
  if (row.pending === 0) return wait(null);
  const { rows: sessions } = await tx.query<CarryingSession>({
    ...SESSIONS,
    values: [row.sessionIds, PAIRING_STATES, BROADCAST_LIMITS.depth],
  });
  const able = sessions.filter(({ canSend }) => canSend);
  if (able.length === 0) return wait('no_session', inSeconds(row, RETRY_SECONDS));
  const withRoom = able.filter(({ room }) => room > 0);
  if (withRoom.length === 0) return wait('queue_full');
  const allowance = await readAllowance(tx, row);
  if (allowance <= 0) return wait('tier_limit', inSeconds(row, 60));
  if (able.length < row.sessionIds.length) {
    await tx.query({ ...FREE, values: [row.id, able.map(({ id }) => id)] });
  }
  const room = withRoom.reduce((sum, session) => sum + session.room, 0);
  const size = Math.min(BROADCAST_LIMITS.chunk, room, allowance);
  const { rows: chunk } = await tx.query<PendingRow>({
    ...PENDING,
    values: [row.id, withRoom.map(({ id }) => id), size],
  });
  if (chunk.length === 0) {
    const { rows } = await tx.query<{ at: Date | null }>({ ...NEXT, values: [row.id] });
    return rows[0]!.at ? wait('time_lock', rows[0]!.at) : wait('queue_full');
  }
  const decisions = await decide(tx, row, chunk, able);
  await write(tx, row.id, decisions);
  // Of those that nothing was decided about, no session took any: the next look finds the same.
  const isStuck = decisions.every(({ state, sessionId, notBefore }) => state === 'pending' && !sessionId && !notBefore);
  if (isStuck) return wait('no_session', inSeconds(row, RETRY_SECONDS));
  wait(null);
  const queued = decisions.filter(({ state }) => state === 'queued');
  const skipped = decisions.filter(({ state }) => state === 'skipped').length;
  applyCounts(row, { pending: -queued.length - skipped, queued: queued.length, skipped });
  return {
    sessionIds: [...new Set(queued.map(({ sessionId }) => sessionId!))],
    queued: queued.length,
    isFull: chunk.length === size,
  };
}

async function readAllowance(tx: Queryable, { workspaceId, now }: BroadcastRow): Promise<number> {
  const hourAgo = firstIdAt(new Date(now.getTime() - 3_600_000));
  const { rows } = await tx.query<{ allowance: number }>({ ...ALLOWANCE, values: [workspaceId, hourAgo] });
  return rows[0]?.allowance ?? 0;
}

/** What becomes of each recipient of a chunk. Those that get a message have it when this resolves. */
async function decide(
  tx: PoolClient,
  row: BroadcastRow,
  chunk: readonly PendingRow[],
  sessions: CarryingSession[],
): Promise<Decision[]> {
  const people = await readPeople(
    tx,
    row.workspaceId,
    chunk.map(({ jid }) => jid),
  );
  const jids = [...new Set([...people.values()].flatMap((person) => person.jids))];
  const keys = [...people.values()].flatMap(({ key, formerKeys }) => [key, ...formerKeys]);
  const { rows: left } = await tx.query<{ jid: string }>({ ...OPTED_OUT, values: [row.workspaceId, jids] });
  const optedOut = new Set(left.map(({ jid }) => jid));
  const { rows: met } = await tx.query<{ jid: string; sessionId: string }>({
    ...MET,
    values: [sessions.map(({ id }) => id), jids],
  });
  const { rows: addressed } = await tx.query<{ person: string; position: number }>({
    ...ADDRESSED,
    values: [row.id, keys],
  });
  const positions = new Map(addressed.map(({ person, position }) => [person, position]));

  /** The sessions that may write to a person, the best first: those that have met it, else those with room. */
  function candidatesFor({ sessionId }: PendingRow, person: Person): Candidates {
    const known = new Set(met.filter(({ jid }) => person.jids.includes(jid)).map((entry) => entry.sessionId));
    const own = sessions.filter(({ id, canSend }) => canSend && (id === sessionId || known.has(id)));
    if (own.length > 0) return { sessions: own, haveMet: true };
    const rank = ({ state }: CarryingSession) => (state === 'CONNECTED' ? 1 : 0);
    return { sessions: sessions.toSorted((a, b) => rank(b) - rank(a) || b.room - a.room), haveMet: false };
  }

  const decisions: Decision[] = [];
  for (const recipient of chunk) {
    const person = people.get(recipient.jid)!;
    const { position } = recipient;
    const skip = (reason: string): Decision => ({ position, state: 'skipped', person: recipient.person, reason });
    // The list was made before the contacts were known to be one: the first row of a person counts.
    const other = [person.key, ...person.formerKeys].some((key) => (positions.get(key) ?? position) !== position);
    if (other) {
      decisions.push(skip('duplicate'));
      continue;
    }
    positions.set(person.key, position);
    if (person.jids.some((jid) => optedOut.has(jid))) {
      decisions.push(skip('opted_out'));
      continue;
    }
    const variant = variantOf(row, position);
    const { request, missing, refusal } = renderFor(row.messages[variant]!, recipient, person);
    if (missing.length > 0) {
      decisions.push(skip(`missing_variable: ${missing.join(', ')}`));
      continue;
    }
    if (refusal !== undefined) {
      decisions.push(skip(`unsendable: ${refusal}`));
      continue;
    }
    decisions.push({
      ...(await give(tx, row, request, person.chatJid, candidatesFor(recipient, person))),
      position,
      person: person.key,
      variant,
    });
  }
  return decisions;
}

/** Which of the variants the recipient at a place in the list gets: they take turns. */
export const variantOf = ({ messages }: Pick<BroadcastRow, 'messages'>, position: number): number =>
  (position - 1) % messages.length;

/** The message for one recipient. Its own values count before those of the contact. */
export function renderFor(
  template: OutboundRequest,
  { name, variables }: Pick<PendingRow, 'name' | 'variables'>,
  person: Pick<Person, 'name' | 'phoneNumber' | 'chatJid'>,
): Rendered {
  const number =
    person.phoneNumber ?? (person.chatJid.endsWith('@s.whatsapp.net') ? `+${person.chatJid.split('@')[0]}` : '');
  const values: Values = { number, name: name ?? person.name ?? '', ...variables };
  return render(template, values);
}

type Given = Pick<Decision, 'state' | 'sessionId' | 'messageId' | 'notBefore'>;

interface Candidates {
  sessions: readonly CarryingSession[];
  /** They have met the person, who keeps them. */
  haveMet: boolean;
}

/** Has the message accepted by the first session that takes it. */
async function give(
  tx: PoolClient,
  row: BroadcastRow,
  request: OutboundRequest,
  chatJid: string,
  { sessions, haveMet }: Candidates,
): Promise<Given> {
  let heldUntil: Date | undefined;
  let full: string | undefined;
  for (const session of sessions) {
    if (!session.canSend) continue;
    if (session.room <= 0) {
      full ??= session.id;
      continue;
    }
    const messageId = newId();
    const acceptance = await accept(tx, row, messageId, session.id, chatJid, request);
    if (acceptance.outcome === 'accepted') {
      session.room -= 1;
      return { state: 'queued', sessionId: session.id, messageId };
    }
    if (acceptance.outcome !== 'time-locked') session.canSend = false;
    else if (!heldUntil || acceptance.until < heldUntil) heldUntil = acceptance.until;
  }
  // It waits for the one that has met it, while others go first.
  if (full !== undefined) return { state: 'pending', sessionId: haveMet ? full : null };
  return { state: 'pending', sessionId: null, ...(heldUntil && { notBefore: heldUntil }) };
}

async function accept(
  tx: PoolClient,
  row: BroadcastRow,
  messageId: string,
  sessionId: string,
  chatJid: string,
  request: OutboundRequest,
): Promise<Acceptance> {
  const ids = { messageId, waMessageId: newWaMessageId() };
  const { own, parts } = splitRequest(request);
  return await acceptMessage(tx, {
    ...ids,
    sessionId,
    chatJid,
    request: own,
    lane: 'CAMPAIGN',
    metadata: { ...row.metadata, broadcastId: row.id },
    apiKeyId: row.apiKeyId ?? undefined,
    ...(parts.length > 0 && {
      parts: parts.map((part) => ({
        messageId: newId(),
        waMessageId: newWaMessageId(),
        request: { ...part, context: { album: ids } },
      })),
    }),
  });
}

async function write(tx: Queryable, broadcastId: string, decisions: readonly Decision[]): Promise<void> {
  const column = <T>(read: (decision: Decision) => T) => decisions.map(read);
  await tx.query({
    ...WRITE,
    values: [
      broadcastId,
      column(({ position }) => position),
      column(({ state }) => state),
      column(({ reason }) => reason ?? null),
      column(({ sessionId }) => sessionId ?? null),
      column(({ variant, state }) => (state === 'queued' ? variant : null) ?? null),
      column(({ messageId }) => messageId ?? null),
      column(({ person }) => person),
      column(({ notBefore }) => notBefore ?? null),
    ],
  });
}

import type { BroadcastCounts } from '@wa-gate/contracts';
import { inTransaction, type Pool, type PoolClient, type Queryable } from '@wa-gate/db';
import { type Appended, appendControlEvent } from '@wa-gate/messaging';
import { applyCounts, BROADCAST_COLUMNS, type BroadcastRow, broadcastEvent, doneOf } from './broadcast-row.ts';

/**
 * Every change of a broadcast, its list or its counts holds this lock until it commits: expansion, pause and cancel run
 * one after the other, so that nothing is given to the outbox after a cancel was answered.
 */
const LOCK = {
  name: 'lock-broadcast',
  text: `SELECT ${BROADCAST_COLUMNS} FROM broadcasts b WHERE b.id = $1 AND ($2::uuid IS NULL OR b.workspace_id = $2) FOR UPDATE OF b`,
};

export async function lockBroadcast(
  tx: PoolClient,
  id: string,
  workspaceId: string | null = null,
): Promise<BroadcastRow | null> {
  const { rows } = await tx.query<BroadcastRow>({ ...LOCK, values: [id, workspaceId] });
  return rows[0] ?? null;
}

const STORE = {
  name: 'store-broadcast',
  text: `UPDATE broadcasts SET status = $2, total = $3, pending = $4, queued = $5, sent = $6, failed = $7, unknown = $8, skipped = $9,
      cancelled = $10, invalid = $11, waits_for = $12, waits_until = $13, scheduled_at = $14, name = $15,
      started_at = CASE WHEN $16::bool THEN coalesce(started_at, date_trunc('milliseconds', clock_timestamp())) ELSE started_at END,
      ended_at = CASE WHEN $17::bool THEN coalesce(ended_at, date_trunc('milliseconds', clock_timestamp())) ELSE ended_at END,
      told_done = $18, told_at = CASE WHEN $19::bool THEN date_trunc('milliseconds', clock_timestamp()) ELSE told_at END,
      reason = $20, risk_accepted_at = $21, updated_at = now()
    WHERE id = $1 RETURNING started_at AS "startedAt", ended_at AS "endedAt", told_at AS "toldAt"`,
};

/** What a transaction has made of a broadcast, beside its fields. */
export interface Steps {
  begins?: boolean;
  ends?: boolean;
  /** Tells of it. @default what {@link storeBroadcast} is told last */
  tells?: 'broadcast.progress' | 'broadcast.completed' | undefined;
}

/** Writes the row that is locked, and appends its event: one in a transaction, see `appendControlEvent`. */
export async function storeBroadcast(
  tx: PoolClient,
  row: BroadcastRow,
  { begins = false, ends = false, tells }: Steps,
): Promise<Appended | null> {
  if (tells) row.toldDone = doneOf(row);
  const { rows } = await tx.query<Pick<BroadcastRow, 'startedAt' | 'endedAt' | 'toldAt'>>({
    ...STORE,
    values: [
      row.id,
      row.status,
      ...COUNTS.map((name) => row[name]),
      row.waitsFor,
      row.waitsUntil,
      row.scheduledAt,
      row.name,
      begins,
      ends,
      row.toldDone,
      tells !== undefined,
      row.reason,
      row.riskAcceptedAt,
    ],
  });
  Object.assign(row, rows[0]);
  return tells ? await appendBroadcastEvent(tx, row, tells) : null;
}

const COUNTS: readonly (keyof BroadcastCounts)[] = [
  'total',
  'pending',
  'queued',
  'sent',
  'failed',
  'unknown',
  'skipped',
  'cancelled',
  'invalid',
];

const TELLER = {
  name: 'teller-of-broadcast',
  text: 'SELECT id FROM sessions WHERE id = ANY($1::uuid[]) ORDER BY array_position($1::uuid[], id) LIMIT 1',
};

/** Into the events of the first session that is still there. Without any nobody is told. */
async function appendBroadcastEvent(
  tx: PoolClient,
  row: BroadcastRow,
  type: 'broadcast.progress' | 'broadcast.completed',
): Promise<Appended | null> {
  const { rows } = await tx.query<{ id: string }>({ ...TELLER, values: [row.sessionIds] });
  const [session] = rows;
  return session ? await appendControlEvent(tx, { sessionId: session.id, ...broadcastEvent(type, row) }) : null;
}

/**
 * Messages of the broadcast that wait in the outbox and of which no attempt was made. Locked: an owner that admits or
 * claims one at this moment waits, and finds it gone; one that it has claimed already is left out. A row that was tried
 * may have left, so that it stays, and goes on under its own id.
 */
const WAITING = {
  name: 'waiting-of-broadcast',
  text: `SELECT o.message_id AS id FROM outbox o
    WHERE o.message_id = ANY(ARRAY(SELECT r.message_id FROM broadcast_recipients r WHERE r.broadcast_id = $1 AND r.state = 'queued'
        AND ($2::text[] IS NULL OR r.jid = ANY($2))))
      AND o.state IN ('HELD', 'QUEUED') AND o.attempts = 0
    FOR UPDATE OF o SKIP LOCKED`,
};

/** With the messages that were accepted together with them, such as the pictures of an album. */
const DELETE = {
  name: 'withdraw-messages',
  text: `DELETE FROM messages m WHERE m.id = ANY($1::uuid[]) OR m.id IN (
      SELECT (part->>'messageId')::uuid FROM messages own CROSS JOIN jsonb_array_elements(own.content->'parts') AS part
      WHERE own.id = ANY($1::uuid[]) AND jsonb_typeof(own.content->'parts') = 'array')`,
};

const RETURN = {
  name: 'return-recipients',
  text: `UPDATE broadcast_recipients SET state = 'pending', message_id = NULL, variant = NULL
    WHERE broadcast_id = $1 AND message_id = ANY($2::uuid[]) AND state = 'queued'`,
};

/**
 * Takes back what has not begun to leave: those recipients are pending again, as if they had never been given to the
 * outbox. The caller holds the lock of the broadcast.
 *
 * @param jids only messages to these
 * @returns how many
 */
export async function withdraw(
  tx: Queryable,
  broadcastId: string,
  jids: readonly string[] | null = null,
): Promise<number> {
  const { rows } = await tx.query<{ id: string }>({ ...WAITING, values: [broadcastId, jids] });
  if (rows.length === 0) return 0;
  const ids = rows.map(({ id }) => id);
  const { rowCount } = await tx.query({ ...RETURN, values: [broadcastId, ids] });
  await tx.query({ ...DELETE, values: [ids] });
  return rowCount ?? 0;
}

const CANCEL_PENDING = {
  name: 'cancel-recipients',
  text: `UPDATE broadcast_recipients SET state = 'cancelled', settled_at = now() WHERE broadcast_id = $1 AND state = 'pending'`,
};

/** Nobody else is written to. Returns how many that were. */
export async function cancelPending(tx: Queryable, broadcastId: string): Promise<number> {
  const { rowCount } = await tx.query({ ...CANCEL_PENDING, values: [broadcastId] });
  return rowCount ?? 0;
}

const RUNNING = {
  name: 'running-broadcasts',
  text: `SELECT id FROM broadcasts WHERE workspace_id = $1 AND status = 'running' AND queued > 0 ORDER BY id`,
};

/** Takes back what running broadcasts of the workspace have for these people: what they say now is decided anew. */
export async function withdrawFrom(pool: Pool, workspaceId: string, jids: readonly string[]): Promise<void> {
  if (jids.length === 0) return;
  const { rows } = await pool.query<{ id: string }>({ ...RUNNING, values: [workspaceId] });
  for (const { id } of rows) {
    await inTransaction(
      pool,
      async (tx) => {
        const row = await lockBroadcast(tx, id, workspaceId);
        if (row?.status !== 'running') return;
        const back = await withdraw(tx, id, jids);
        applyCounts(row, { queued: -back, pending: back });
        await storeBroadcast(tx, row, {});
      },
      { idleMs: 5_000, lockMs: 10_000 },
    );
  }
}

import type { Queryable } from '@wa-gate/db';
import type { DeletionKind } from './erased-tables.ts';

/**
 * A deletion is a row from the moment at which it is asked for, before anything of it happens: any jobs process
 * finishes what its gateway has begun. When the row of the subject is deleted, a trigger turns the request into
 * `erasing`: from then on nothing of it can be seen, its names are free, and what belongs to it is erased in parts.
 */
export interface OpenDeletion {
  id: string;
  kind: DeletionKind;
  subject: string;
  state: 'requested' | 'erasing';
  /** Of a request: what finishes it. */
  request: Record<string, unknown> | null;
  /** The table that comes next. */
  step: number;
  pass: number;
}

/** Seconds for which a process has a deletion to itself, since it last wrote about it. */
const HOLD_SECONDS = 30;
/** Seconds for the gateway that was asked: it unlinks devices, which takes up to ten. */
const REQUEST_SECONDS = 60;
/** Seconds before what has failed is tried again. */
const AGAIN_SECONDS = 30;
/**
 * Seconds after the removal when everything that saw the subject has ended: statements end after ten, requests and
 * transactions of owners after sixty. What they wrote late, the second pass finds.
 */
const SETTLED_SECONDS = 90;
/** Days for which it can be seen what became of a deletion. */
export const DELETION_DAYS = 7;

const REQUEST = {
  name: 'request-deletion',
  text: `INSERT INTO deletions AS d (id, kind, subject, workspace_id, user_id, name, state, request, not_before)
    VALUES ($1, $2, $3, $4, $5, $6, 'requested', $7, now() + interval '${REQUEST_SECONDS} s')
    ON CONFLICT (subject, kind) DO UPDATE SET not_before = greatest(d.not_before, excluded.not_before)
    RETURNING id`,
};

export interface DeletionRequest {
  id: string;
  kind: DeletionKind;
  subject: string;
  workspaceId: string | null;
  /** Who has asked for it. */
  userId: string | null;
  name: string;
  request: Record<string, unknown>;
}

/** Stores that something is to be deleted. From now on that happens, whatever becomes of this process. */
export async function requestDeletion(db: Queryable, deletion: DeletionRequest): Promise<string> {
  const { id, kind, subject, workspaceId, userId, name, request } = deletion;
  const { rows } = await db.query<{ id: string }>({
    ...REQUEST,
    values: [id, kind, subject, workspaceId, userId, name, JSON.stringify(request)],
  });
  return rows[0]!.id;
}

const WITHDRAW = {
  name: 'withdraw-deletion',
  text: `DELETE FROM deletions WHERE id = $1 AND state = 'requested'`,
};

/** What was asked for is refused after all. */
export async function withdrawDeletion(db: Queryable, id: string): Promise<void> {
  await db.query({ ...WITHDRAW, values: [id] });
}

const CLAIM = {
  name: 'claim-deletion',
  text: `UPDATE deletions SET not_before = now() + interval '${HOLD_SECONDS} s' WHERE id = (
      SELECT id FROM deletions WHERE state <> 'done' AND not_before <= now() ORDER BY not_before LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, kind, subject, state, request, step, pass`,
};

/** Takes the deletion that has waited longest. Others leave it alone for a while. */
export async function claimDeletion(db: Queryable): Promise<OpenDeletion | undefined> {
  const { rows } = await db.query<OpenDeletion>({ ...CLAIM });
  return rows[0];
}

const PROGRESS = {
  name: 'note-deletion-progress',
  text: `UPDATE deletions SET step = $2, pass = $3, rows_deleted = rows_deleted + $4, last_error = NULL,
      not_before = now() + CASE WHEN $5 THEN interval '0' ELSE interval '${HOLD_SECONDS} s' END
    WHERE id = $1 AND state = 'erasing'`,
};

/** @param isLeft whether another process may go on now */
export async function noteProgress(
  db: Queryable,
  { id, step, pass }: Pick<OpenDeletion, 'id' | 'step' | 'pass'>,
  deleted: number,
  isLeft: boolean,
): Promise<void> {
  await db.query({ ...PROGRESS, values: [id, step, pass, deleted, isLeft] });
}

const END_PASS = {
  name: 'end-deletion-pass',
  text: `UPDATE deletions SET step = 0, pass = pass + 1, rows_deleted = rows_deleted + $3,
      state = CASE WHEN is_last THEN 'done' ELSE state END, done_at = CASE WHEN is_last THEN now() END,
      not_before = greatest(now(), removed_at + make_interval(secs => $2)), last_error = NULL
    FROM (SELECT id AS last_id, pass > 1 AND removed_at + make_interval(secs => $2) <= now() AS is_last FROM deletions WHERE id = $1) l
    WHERE id = last_id AND state = 'erasing'
    RETURNING state = 'done' AS "isDone"`,
};

/**
 * All tables were looked through. The first pass may have missed what was written by transactions that saw the subject:
 * the second one begins when these have ended.
 *
 * @returns whether it is done
 */
export async function endPass(
  db: Queryable,
  id: string,
  deleted: number,
  settledSeconds: number = SETTLED_SECONDS,
): Promise<boolean> {
  const { rows } = await db.query<{ isDone: boolean }>({ ...END_PASS, values: [id, settledSeconds, deleted] });
  return rows[0]?.isDone ?? false;
}

const POSTPONE = {
  name: 'postpone-deletion',
  text: `UPDATE deletions SET last_error = left($2, 500), not_before = now() + interval '${AGAIN_SECONDS} s' WHERE id = $1 AND state <> 'done'`,
};

/** It could not go on now. */
export async function postponeDeletion(db: Queryable, id: string, error: string): Promise<void> {
  await db.query({ ...POSTPONE, values: [id, error] });
}

const NOTE_REMOVED = {
  name: 'note-removed-subject',
  text: `UPDATE deletions SET state = 'erasing', removed_at = now(), request = NULL, not_before = now() WHERE id = $1 AND state = 'requested'`,
};

/** The row of its subject was gone already when it was asked for. */
export async function noteRemoved(db: Queryable, id: string): Promise<void> {
  await db.query({ ...NOTE_REMOVED, values: [id] });
}

const SWEEP = {
  name: 'sweep-deletions',
  text: `DELETE FROM deletions WHERE id IN (
    SELECT id FROM deletions WHERE state = 'done' AND done_at < now() - make_interval(days => $1) LIMIT $2)`,
};

/** Deletes what was done more than {@link DELETION_DAYS} ago, at most `limit`. Returns the count. */
export async function sweepDeletions(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ ...SWEEP, values: [DELETION_DAYS, limit] });
  return rowCount ?? 0;
}

/** What can be seen of a deletion. */
export interface DeletionRow {
  id: string;
  kind: DeletionKind;
  subject: string;
  workspaceId: string | null;
  name: string;
  state: 'requested' | 'erasing' | 'done';
  rowsDeleted: number;
  createdAt: Date;
  removedAt: Date | null;
  doneAt: Date | null;
}

const COLUMNS = `id, kind, subject, workspace_id AS "workspaceId", name, state, rows_deleted AS "rowsDeleted", created_at AS "createdAt",
  removed_at AS "removedAt", done_at AS "doneAt"`;
const FIND = {
  name: 'find-deletion',
  text: `SELECT ${COLUMNS} FROM deletions WHERE id = $1 AND ($2::uuid IS NULL OR workspace_id = $2 OR user_id = $3)`,
};
const OF_SUBJECT = {
  name: 'find-deletion-of-subject',
  text: 'SELECT id FROM deletions WHERE subject = $1 AND kind = $2',
};

/** @param reach in whose workspace it must be, or who must have asked for it; null: anybody's */
export async function findDeletion(
  db: Queryable,
  id: string,
  reach: { workspaceId: string; userId: string } | null,
): Promise<DeletionRow | undefined> {
  const { rows } = await db.query<DeletionRow>({
    ...FIND,
    values: [id, reach?.workspaceId ?? null, reach?.userId ?? null],
  });
  return rows[0];
}

/** The id of the deletion of something that is gone, or is to go. */
export async function deletionOf(db: Queryable, kind: DeletionKind, subject: string): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>({ ...OF_SUBJECT, values: [subject, kind] });
  return rows[0]?.id;
}

/** SQL of a boolean: whether the deletion of something was asked for, and its row is still there. */
export const isBeingDeleted = (kind: DeletionKind, subject: string): string =>
  `EXISTS (SELECT 1 FROM deletions dr WHERE dr.subject = ${subject} AND dr.kind = '${kind}' AND dr.state = 'requested')`;

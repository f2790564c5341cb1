import { NOTICE_KINDS, NOTICES, PAIRING_STATES } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { INCIDENT_COLUMNS, INCIDENT_TABLES, type Incident } from '../../modules/notices/index.ts';
import { type IncidentRef, maySayDown } from './observe-incidents.ts';

const AT_ONCE = NOTICE_KINDS.filter((kind) => !NOTICES[kind].waits);
const KEEP_DAYS = 90;

const DUE = {
  name: 'due-incidents',
  text: `SELECT i.id, i.session_id AS "sessionId" FROM incidents i LEFT JOIN notice_settings n ON n.workspace_id = i.workspace_id
    WHERE i.ended_at IS NULL AND i.told_at IS NULL AND (i.kind = ANY($1)
      OR i.began_at <= now() - coalesce(n.delay_seconds, $2) * interval '1 s')
    ORDER BY i.id LIMIT $3`,
};
const TELL = {
  name: 'tell-incident',
  text: 'UPDATE incidents SET told_at = now() WHERE id = $1 AND told_at IS NULL AND ended_at IS NULL',
};
/**
 * Well, when the session is connected again; what is about no session ends well by itself. One that is down by now is
 * not over: the observation saw what its last owner had written, before the next one told that it connects. $2 as in
 * `observe-incidents.ts`.
 */
const END = {
  name: 'end-incident',
  text: `UPDATE incidents i SET ended_at = now(),
      is_resolved = i.session_id IS NULL OR i.kind IN ('webhook_off', 'webhook_down')
        OR EXISTS (SELECT 1 FROM sessions s WHERE s.id = i.session_id AND s.state = 'CONNECTED')
    WHERE i.id = $1 AND i.ended_at IS NULL AND NOT (i.kind = 'down' AND EXISTS (SELECT 1 FROM sessions s
      WHERE s.id = i.session_id AND s.desired_state = 'RUNNING' AND ${maySayDown('$2')} AND s.state <> 'CONNECTED'))
    RETURNING i.is_resolved AS "isResolved"`,
};
const LOCK_SESSION = { name: 'lock-session', text: 'SELECT 1 FROM sessions WHERE id = $1 FOR KEY SHARE' };
const FIND = { name: 'find-incident', text: `SELECT ${INCIDENT_COLUMNS} FROM ${INCIDENT_TABLES} WHERE i.id = $1` };

const WAITS_FOR_MAIL = `((i.told_at IS NOT NULL AND i.mailed_at IS NULL) OR (i.is_resolved AND i.end_mailed_at IS NULL))`;
const TO_MAIL = {
  name: 'incidents-to-mail',
  text: `SELECT DISTINCT i.workspace_id AS "workspaceId" FROM incidents i WHERE ${WAITS_FOR_MAIL} LIMIT $1`,
};
const CLAIM_MAIL = {
  name: 'claim-incident-mails',
  text: `SELECT ${INCIDENT_COLUMNS}, i.mailed_at IS NOT NULL AS "isMailed" FROM ${INCIDENT_TABLES}
    WHERE i.workspace_id IS NOT DISTINCT FROM $1 AND ${WAITS_FOR_MAIL} ORDER BY i.id LIMIT $2 FOR UPDATE OF i SKIP LOCKED`,
};
const MAILED = {
  name: 'incidents-mailed',
  text: `UPDATE incidents i SET mailed_at = coalesce(i.mailed_at, now()), mails = i.mails + g.mails,
      end_mailed_at = CASE WHEN i.is_resolved THEN now() END
    FROM unnest($1::uuid[], $2::int[]) AS g(id, mails) WHERE i.id = g.id`,
};
const SWEEP = {
  name: 'sweep-incidents',
  text: `DELETE FROM incidents WHERE id IN (SELECT id FROM incidents WHERE ended_at < now() - interval '${KEEP_DAYS} days' LIMIT $1)`,
};

/** Incidents that have lasted for long enough and that nobody was told of. */
export async function dueIncidents(db: Queryable, delaySeconds: number, limit: number): Promise<IncidentRef[]> {
  const { rows } = await db.query<IncidentRef>({ ...DUE, values: [AT_ONCE, delaySeconds, limit] });
  return rows;
}

/**
 * Marks an incident as told; `null`: another process has, or it is over. The session is locked first, as its deletion
 * locks it before the incidents.
 */
export async function markTold(tx: Queryable, { id, sessionId }: IncidentRef): Promise<Incident | null> {
  if (sessionId !== null) await tx.query({ ...LOCK_SESSION, values: [sessionId] });
  const { rowCount } = await tx.query({ ...TELL, values: [id] });
  return rowCount === 1 ? await findIncident(tx, id) : null;
}

/** Ends a told incident; `null`: another process has, or it is not over. Locks as {@link markTold}. */
export async function markEnded(tx: Queryable, { id, sessionId }: IncidentRef): Promise<Incident | null> {
  if (sessionId !== null) await tx.query({ ...LOCK_SESSION, values: [sessionId] });
  const { rowCount } = await tx.query({ ...END, values: [id, PAIRING_STATES] });
  return rowCount === 1 ? await findIncident(tx, id) : null;
}

async function findIncident(db: Queryable, id: string): Promise<Incident | null> {
  const { rows } = await db.query<Incident>({ ...FIND, values: [id] });
  return rows[0] ?? null;
}

/** Workspaces with something to mail; `null` among them: the installation. */
export async function workspacesToMail(db: Queryable, limit: number): Promise<(string | null)[]> {
  const { rows } = await db.query<{ workspaceId: string | null }>({ ...TO_MAIL, values: [limit] });
  return rows.map(({ workspaceId }) => workspaceId);
}

/** What is to be mailed about one workspace, locked until the transaction ends. */
export async function claimMails(
  tx: Queryable,
  workspaceId: string | null,
  limit: number,
): Promise<(Incident & { isMailed: boolean })[]> {
  const { rows } = await tx.query<Incident & { isMailed: boolean }>({ ...CLAIM_MAIL, values: [workspaceId, limit] });
  return rows;
}

/** How many mails were queued of each incident. */
export async function markMailed(tx: Queryable, mails: ReadonlyMap<string, number>): Promise<void> {
  await tx.query({ ...MAILED, values: [[...mails.keys()], [...mails.values()]] });
}

/** Deletes incidents that ended long ago, at most `limit`; returns how many. */
export async function sweepIncidents(db: Queryable, limit: number): Promise<number> {
  const { rowCount } = await db.query({ ...SWEEP, values: [limit] });
  return rowCount ?? 0;
}

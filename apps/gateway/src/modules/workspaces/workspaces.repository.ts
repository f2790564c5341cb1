import type { Queryable, WorkspaceRole } from '@wa-gate/db';

/** A workspace with how much is in it. */
export interface WorkspaceRecord {
  id: string;
  name: string;
  ownerUserId: string;
  members: number;
  sessions: number;
  createdAt: Date;
}

export interface Page {
  limit: number;
  offset: number;
}

const COLUMNS = `w.id, w.name, w.owner_user_id AS "ownerUserId", w.created_at AS "createdAt",
  (SELECT count(*) FROM workspace_members c WHERE c.workspace_id = w.id) AS members,
  (SELECT count(*) FROM sessions s WHERE s.workspace_id = w.id) AS sessions`;
const FIND = { name: 'get-workspace', text: `SELECT ${COLUMNS} FROM workspaces w WHERE w.id = $1` };
const LIST = {
  name: 'list-workspaces',
  text: `SELECT ${COLUMNS}, m.role FROM workspace_members m JOIN workspaces w ON w.id = m.workspace_id
    WHERE m.user_id = $1 ORDER BY w.id LIMIT $2 OFFSET $3`,
};
const COUNT = {
  name: 'count-workspaces',
  text: 'SELECT count(*) AS total FROM workspace_members WHERE user_id = $1',
};
const RENAME = {
  name: 'rename-workspace',
  text: `UPDATE workspaces w SET name = $2 FROM (SELECT id, name FROM workspaces WHERE id = $1 FOR UPDATE) before
    WHERE w.id = before.id RETURNING before.name AS "formerName"`,
};

export async function findWorkspace(db: Queryable, id: string): Promise<WorkspaceRecord | null> {
  const { rows } = await db.query<WorkspaceRecord>({ ...FIND, values: [id] });
  return rows[0] ?? null;
}

/** Those that a person is a member of, the oldest first. */
export async function listWorkspaces(
  db: Queryable,
  userId: string,
  { limit, offset }: Page,
): Promise<{ rows: (WorkspaceRecord & { role: WorkspaceRole })[]; total: number }> {
  const [{ rows }, counted] = await Promise.all([
    db.query<WorkspaceRecord & { role: WorkspaceRole }>({ ...LIST, values: [userId, limit, offset] }),
    db.query<{ total: number }>({ ...COUNT, values: [userId] }),
  ]);
  return { rows, total: counted.rows[0]!.total };
}

/** Returns the former name; null when there is no such workspace. */
export async function renameWorkspace(tx: Queryable, id: string, name: string): Promise<string | null> {
  const { rows } = await tx.query<{ formerName: string }>({ ...RENAME, values: [id, name] });
  return rows[0]?.formerName ?? null;
}

export async function countOwnWorkspaces(db: Queryable, userId: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    'SELECT count(*) AS count FROM workspaces WHERE owner_user_id = $1',
    [userId],
  );
  return rows[0]!.count;
}

import type { SessionSettings, UpdateSessionRequest } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import type { SessionRef } from '../../principal.ts';

/** What a person may change of a session; of the settings only those that were set. */
interface Changeable {
  name: string;
  settings: Partial<SessionSettings>;
  isDefault: boolean;
}

/** What has changed: only the fields that are different now. */
export interface SessionChange {
  before: Partial<Changeable>;
  after: Partial<Changeable>;
}

/**
 * The workspace is locked too: of two sessions that become the default at the same time, the later one is the default.
 */
const READ = `SELECT s.name, s.settings, w.default_session_id IS NOT DISTINCT FROM s.id AS "isDefault"
  FROM sessions s JOIN workspaces w ON w.id = s.workspace_id WHERE s.id = $1 FOR NO KEY UPDATE OF s, w`;
const WRITE = 'UPDATE sessions SET name = $2, settings = $3, updated_at = now() WHERE id = $1';
const SET_DEFAULT = 'UPDATE workspaces SET default_session_id = $2 WHERE id = $1';

const FIELDS = ['name', 'settings', 'isDefault'] as const;
const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Changes a session in the caller's transaction. `null`: it is gone. */
export async function updateSession(
  tx: Queryable,
  session: SessionRef,
  { name, settings, isDefault }: UpdateSessionRequest,
): Promise<SessionChange | null> {
  const { rows } = await tx.query<Changeable>(READ, [session.id]);
  const before = rows[0];
  if (!before) return null;
  const after: Changeable = {
    name: name ?? before.name,
    settings: { ...before.settings, ...settings },
    isDefault: isDefault ?? before.isDefault,
  };
  const changed = FIELDS.filter((field) => !isSame(before[field], after[field]));
  if (changed.includes('name') || changed.includes('settings')) {
    await tx.query(WRITE, [session.id, after.name, JSON.stringify(after.settings)]);
  }
  if (changed.includes('isDefault')) {
    await tx.query(SET_DEFAULT, [session.workspaceId, after.isDefault ? session.id : null]);
  }
  const only = (of: Changeable) => Object.fromEntries(changed.map((field) => [field, of[field]]));
  return { before: only(before), after: only(after) };
}

import { newId } from '@wa-gate/kit';
import { registerTenant, type Tenant, uniqueName } from '../../harness/pair-session.ts';
import type { System } from '../../harness/system.ts';

/** A session that is not linked and that no worker hosts, for events that `EventSource` appends. */
export interface UnlinkedSession {
  /** As the API knows it. */
  sessionId: string;
  /** As the database knows it. */
  id: string;
  tenant: Tenant;
}

const INSERT = `WITH made AS (
    INSERT INTO sessions (id, workspace_id, user_id, slug, name, network, state)
    SELECT id, $3, $4, slug, slug, 'SANDBOX', 'LOGGED_OUT' FROM unnest($1::uuid[], $2::text[]) AS t(id, slug) RETURNING id
  ), placed AS (INSERT INTO session_placements (session_id) SELECT id FROM made)
  INSERT INTO session_counters (session_id) SELECT id FROM made`;

/**
 * Makes sessions of several workspaces, in turns: the session `n` belongs to the workspace `n % workspaces`. They are
 * made past the API, which makes none without a worker.
 */
export async function createUnlinkedSessions(
  system: System,
  { workspaces, sessions }: { workspaces: number; sessions: number },
): Promise<UnlinkedSession[]> {
  const tenants = await Promise.all(Array.from({ length: workspaces }, () => registerTenant(system)));
  const made = Array.from({ length: sessions }, (_, n): UnlinkedSession => {
    return { sessionId: uniqueName('session'), id: newId(), tenant: tenants[n % workspaces]! };
  });
  for (const tenant of tenants) {
    const own = made.filter((session) => session.tenant === tenant);
    const me = await tenant.api.data<{ user: { id: string }; workspaceId: string }>('/api/auth/me');
    const values = [own.map(({ id }) => id), own.map(({ sessionId }) => sessionId), me.workspaceId, me.user.id];
    await system.services.pool.query(INSERT, values);
  }
  return made;
}

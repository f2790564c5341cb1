import { registerTenant, type Tenant, uniqueName } from '../../harness/pair-session.ts';
import type { System } from '../../harness/system.ts';
import { makeInParallel } from './in-parallel.ts';

/** A session that nobody has linked, for events that {@link EventSource} appends. */
export interface UnlinkedSession {
  /** As the API knows it. */
  sessionId: string;
  /** As the database knows it. */
  id: string;
  tenant: Tenant;
}

/** Makes sessions of several workspaces, in turns: the session `n` belongs to the workspace `n % workspaces`. */
export async function createUnlinkedSessions(
  system: System,
  { workspaces, sessions }: { workspaces: number; sessions: number },
): Promise<UnlinkedSession[]> {
  const tenants = await Promise.all(Array.from({ length: workspaces }, () => registerTenant(system)));
  const made: UnlinkedSession[] = [];
  await makeInParallel(0, sessions, async (n) => {
    const tenant = tenants[n % workspaces]!;
    const sessionId = uniqueName('session');
    await tenant.api.createSession({ sessionId });
    made[n] = { sessionId, id: '', tenant };
  });
  const { rows } = await system.services.pool.query<{ id: string; slug: string }>('SELECT id, slug FROM sessions');
  const ids = new Map(rows.map(({ id, slug }) => [slug, id]));
  for (const session of made) session.id = ids.get(session.sessionId)!;
  return made;
}

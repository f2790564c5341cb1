import type { Queryable, SessionState } from '@wa-gate/db';
import type { Verdict } from './disconnect.ts';

const READ = {
  name: 'read-session-row',
  text: 'SELECT state, state_reason AS reason, state_code AS code FROM sessions WHERE id = $1',
};

/** States that only the user ends: an actor that finds one does not connect by itself. */
const RESTING: ReadonlySet<SessionState> = new Set<SessionState>(['LOGGED_OUT', 'RESTRICTED', 'CONFLICT', 'STOPPED']);

/** Why a session rests, as an earlier owner wrote it; `null` when it should connect. */
export async function readRest(db: Queryable, sessionId: string): Promise<Verdict | null> {
  const { rows } = await db.query<{ state: SessionState; reason: string | null; code: string | null }>({
    ...READ,
    values: [sessionId],
  });
  const row = rows[0];
  if (!row || !RESTING.has(row.state)) return null;
  const { state, reason, code } = row;
  return { state, reason: reason ?? '', code: code ?? '', next: 'rest', unlinked: false };
}

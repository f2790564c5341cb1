import type { MessageCapping, SessionSettings } from '@wa-gate/contracts';
import type { Queryable, SessionState } from '@wa-gate/db';
import type { Restriction } from '@wa-gate/messaging';
import type { Verdict } from './disconnect.ts';

const READ = {
  name: 'read-session-row',
  text: `SELECT state, state_reason AS reason, state_code AS code, reachout_locked_until AS "until", reachout_lock_type AS type,
      message_capping AS capping, settings
    FROM sessions WHERE id = $1`,
};

/** States that only the user ends: an actor that starts in one does not connect. */
const PARKED: ReadonlySet<SessionState> = new Set<SessionState>([
  'LOGGED_OUT',
  'RESTRICTED',
  'BANNED',
  'CONFLICT',
  'STOPPED',
  'PASSKEY_REQUIRED',
  'PASSKEY_CONFIRMATION_REQUIRED',
]);

/** The state of the session that an earlier owner has written. */
export interface SessionMemory {
  /** The verdict by which the session is parked; `null` when it should connect. */
  parked: Verdict | null;
  restriction: Restriction | null;
  capping: MessageCapping | null;
  /** Those that were set. */
  settings: Partial<SessionSettings>;
}

interface Row {
  state: SessionState;
  reason: string | null;
  code: string | null;
  until: Date | null;
  type: string | null;
  capping: MessageCapping | null;
  settings: Partial<SessionSettings>;
}

export async function readSessionMemory(db: Queryable, sessionId: string): Promise<SessionMemory> {
  const { rows } = await db.query<Row>({ ...READ, values: [sessionId] });
  const row = rows[0];
  if (!row) return { parked: null, restriction: null, capping: null, settings: {} };
  const { state, reason, code, until, type, capping, settings } = row;
  const parked: Verdict = {
    state,
    reason: reason ?? '',
    code: code ?? '',
    next: 'park',
    unlinked: false,
    unconfirmed: false,
  };
  return {
    parked: PARKED.has(state) ? parked : null,
    restriction: until && { until, type: type ?? 'DEFAULT' },
    capping,
    settings,
  };
}

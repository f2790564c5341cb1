import { describeSessionState, type Session } from '@wa-gate/contracts';
import type { SessionRecord } from './sessions.repository.ts';

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;
/** Stored as digits; shown as people write it. */
const international = (digits: string | null): string | null =>
  digits && (digits.startsWith('+') ? digits : `+${digits}`);

/** A session as the API shows it. */
export function presentSession(session: SessionRecord): Session {
  return {
    id: session.slug,
    sessionId: session.slug,
    name: session.name,
    ...describeSessionState(session.state),
    reason: session.stateReason,
    network: session.network === 'LIVE' ? 'live' : 'sandbox',
    phoneNumber: international(session.phoneNumber),
    pushName: session.pushName,
    workerId: session.workerId,
    lastSeenAt: iso(session.lastSeenAt),
    createdAt: session.createdAt.toISOString(),
  };
}

/** The answer of `/status`. */
export function presentStatus(session: SessionRecord) {
  const { sessionId, status, state, reason, phoneNumber, pushName, workerId, lastSeenAt } = presentSession(session);
  return {
    sessionId,
    status,
    state,
    reason,
    code: session.stateCode,
    phoneNumber,
    pushName,
    workerId,
    connectedAt: iso(session.connectedAt),
    lastSeenAt,
  };
}

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
    restriction: presentRestriction(session),
    messageCapping: session.messageCapping,
    createdAt: session.createdAt.toISOString(),
  };
}

/** The answer of `/status`. */
export function presentStatus(session: SessionRecord) {
  const { id, name, network, createdAt, ...shown } = presentSession(session);
  return { ...shown, code: session.stateCode, connectedAt: iso(session.connectedAt) };
}

/** A lock that is over is none, also before its owner has cleared it. */
function presentRestriction({ reachoutLockedUntil: until, reachoutLockType: type }: SessionRecord) {
  return until && until.getTime() > Date.now() ? { type: type ?? 'DEFAULT', until: until.toISOString() } : null;
}

import { describeSessionState, type Session, type SessionStatusReport, withDefaultSettings } from '@wa-gate/contracts';
import type { SessionRecord } from './sessions.repository.ts';

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;
/** Stored as digits; shown as people write it. */
const international = (digits: string | null): string | null =>
  digits && (digits.startsWith('+') ? digits : `+${digits}`);

/** The fields of a session that every answer has. */
function presentState(session: SessionRecord) {
  return {
    sessionId: session.slug,
    ...describeSessionState(session.state),
    reason: session.stateReason,
    phoneNumber: international(session.phoneNumber),
    pushName: session.pushName,
    workerId: session.workerId,
    lastSeenAt: iso(session.lastSeenAt),
    restriction: presentRestriction(session),
    messageCapping: session.messageCapping,
  };
}

/** A session as the API shows it. */
export function presentSession(session: SessionRecord): Session {
  return {
    id: session.slug,
    name: session.name,
    ...presentState(session),
    network: session.network === 'LIVE' ? 'live' : 'sandbox',
    risk: session.risk,
    settings: withDefaultSettings(session.settings),
    isDefault: session.isDefault,
    createdAt: session.createdAt.toISOString(),
  };
}

/** The answer of `/status` from the row alone. */
export function presentStatus(session: SessionRecord): SessionStatusReport {
  const { stateCode: code, connectedAt } = session;
  return { ...presentState(session), source: 'database', code, connectedAt: iso(connectedAt) };
}

/** A lock that is over is none, also before its owner has cleared it. */
function presentRestriction({ reachoutLockedUntil: until, reachoutLockType: type }: SessionRecord) {
  return until && until.getTime() > Date.now() ? { type: type ?? 'DEFAULT', until: until.toISOString() } : null;
}

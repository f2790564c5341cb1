import { describeSessionState, type Session, type SessionStatusReport, withDefaultSettings } from '@wa-gate/contracts';
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
    settings: withDefaultSettings(session.settings),
    isDefault: session.isDefault,
    createdAt: session.createdAt.toISOString(),
  };
}

/** The answer of `/status` where only the row is there to be asked. */
export function presentStatus(session: SessionRecord): SessionStatusReport {
  const { id, name, network, settings, isDefault, createdAt, ...shown } = presentSession(session);
  return { ...shown, source: 'database', code: session.stateCode, connectedAt: iso(session.connectedAt) };
}

/** A lock that is over is none, also before its owner has cleared it. */
function presentRestriction({ reachoutLockedUntil: until, reachoutLockType: type }: SessionRecord) {
  return until && until.getTime() > Date.now() ? { type: type ?? 'DEFAULT', until: until.toISOString() } : null;
}

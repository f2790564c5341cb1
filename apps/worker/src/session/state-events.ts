import type { Ownership } from '@wa-gate/cluster';
import { describeSessionState, MIGRATIONS, type SessionEvent } from '@wa-gate/contracts';
import type { SessionUpdate } from '@wa-gate/messaging';
import { passkeyWanted } from './disconnect.ts';
import { type ActorState, type PublicView, publicView } from './transition.ts';

/** The update of the session row and the events for a change of state; `null` when the public view is the same. */
export function describeChange(
  before: ActorState,
  after: ActorState,
  lastView: PublicView | null,
): { update: SessionUpdate; events: SessionEvent[] } | null {
  const view = publicView(after);
  if (!view) return null;
  const events = [...connectionEvents(before, after), ...unlinkEvents(after), ...banEvents(after)];
  const changed = !lastView || lastView.state !== view.state || lastView.reason !== view.reason;
  if (changed) events.push({ type: 'session.status', data: { ...describeSessionState(view.state), ...causeOf(view) } });
  if (events.length === 0) return null;
  return { update: { ...view, ...identityOf(after) }, events };
}

/** The events of a session that moved here from another process; none for a first placement. */
export function arrivalEvents({ epoch }: Ownership, reason: string): SessionEvent[] {
  const migration = MIGRATIONS.find((name) => name === reason);
  return migration ? [{ type: 'session.migrated', data: { reason: migration, epoch } }] : [];
}

const causeOf = ({ reason, code }: PublicView) => ({ reason, code });

function connectionEvents(before: ActorState, after: ActorState): SessionEvent[] {
  if (after.name === 'scanning') {
    const { qr, attempt, expiresAt } = after;
    return [{ type: 'qr.generated', data: { qr, attempt, expiresAt: new Date(expiresAt).toISOString() } }];
  }
  if (after.name === 'passkey')
    return [{ type: 'session.passkey_required', data: { step: after.step, reason: passkeyWanted(after.step).reason } }];
  if (after.name === 'connected')
    return [{ type: 'connection.open', data: { ...after.identity, phoneNumber: `+${after.identity.phoneNumber}` } }];
  if (before.name !== 'connected') return [];
  const verdict = verdictOf(after);
  return [
    {
      type: 'connection.close',
      data: { code: verdict?.code ?? null, reason: verdict?.reason ?? null, reconnects: after.name !== 'parked' },
    },
  ];
}

function unlinkEvents(after: ActorState): SessionEvent[] {
  if (after.name !== 'parked' || !after.verdict.unlinked) return [];
  return [{ type: 'session.loggedout', data: { code: after.verdict.code, reason: after.verdict.reason } }];
}

/** A session that is parked in its row by an earlier owner has a verdict without `ban`: it was told. */
function banEvents(after: ActorState): SessionEvent[] {
  if (after.name !== 'parked' || !after.verdict.ban) return [];
  const { code, reason, ban } = after.verdict;
  const until = ban.until?.toISOString() ?? null;
  return [{ type: 'session.banned', data: { code, reason, isTemporary: ban.isTemporary, until } }];
}

function verdictOf(state: ActorState) {
  if (state.name === 'waiting' || state.name === 'parked') return state.verdict;
  return state.name === 'connecting' ? state.after : null;
}

function identityOf(state: ActorState): Partial<SessionUpdate> {
  if (state.name !== 'connected') return {};
  const { phoneNumber, lid, pushName } = state.identity;
  return { paired: true, phoneNumber, ...(lid ? { lid } : {}), ...(pushName ? { pushName } : {}) };
}

import type { SessionState } from '@wa-gate/db';
import type { PasskeyStep } from '../whatsapp/passkey.ts';
import type { Identity } from '../whatsapp/socket.ts';
import { passkeyWanted, type Verdict } from './disconnect.ts';

/** Where an actor is. One of these at a time; only {@link transition} makes the next. */
export type ActorState =
  /** Made, nothing begun. */
  | { name: 'new' }
  /** A socket is being opened. `after`: what ended the one before. */
  | { name: 'connecting'; failures: number; after: Verdict | null }
  /** A QR code waits to be scanned. `attempt` counts the codes of this series. */
  | { name: 'scanning'; qr: string; attempt: number; expiresAt: number }
  /** A pairing code waits to be entered on the phone. */
  | { name: 'code'; code: string; expiresAt: number }
  /** WhatsApp wants a passkey before it links the device, or the confirmation of one that was given. */
  | { name: 'passkey'; step: PasskeyStep }
  /** The phone has linked the device; the server finishes. */
  | { name: 'pairing' }
  | { name: 'connected'; identity: Identity; since: number; failures: number }
  /** Pausing before the next try. */
  | { name: 'waiting'; failures: number; verdict: Verdict }
  /** Nothing happens until the user, or a new placement, says so. */
  | { name: 'parked'; verdict: Verdict }
  /** Terminal: somebody else owns the session. */
  | { name: 'fenced' }
  /** Terminal: told to stop. */
  | { name: 'stopped' };

export type ActorEvent =
  | { type: 'passkey'; step: PasskeyStep }
  | { type: 'connect' }
  | { type: 'qr'; qr: string; expiresAt: number }
  | { type: 'code'; code: string; expiresAt: number }
  | { type: 'paired' }
  | { type: 'open'; identity: Identity; at: number }
  /** `at`: until when the connection was good. */
  | { type: 'closed'; verdict: Verdict; at: number }
  | { type: 'park'; verdict: Verdict }
  | { type: 'fenced' }
  | { type: 'stop' };

/** The name of a state in metrics and statistics, where a parked session is called `resting`. */
export const stateLabel = (name: ActorState['name']): string => (name === 'parked' ? 'resting' : name);

/** A connection that lasted this long was a good one: the next failure counts as the first. */
const STABLE_AFTER_MS = 30_000;

/** States at rest from which asking for a code begins the linking anew. */
const LINKABLE: ReadonlySet<SessionState> = new Set<SessionState>([
  'LOGGED_OUT',
  'STOPPED',
  'PASSKEY_REQUIRED',
  'PASSKEY_CONFIRMATION_REQUIRED',
]);

/** Whether asking for a code is of no use: the session is parked for a reason that linking does not mend. */
export const isParkedForGood = (state: ActorState): boolean =>
  state.name === 'parked' && !LINKABLE.has(state.verdict.state);

export const isTerminal = (state: ActorState): boolean => state.name === 'fenced' || state.name === 'stopped';

/**
 * The one place where an actor changes its state. An event that does not fit leaves the state as it is (the same
 * object).
 */
export function transition(state: ActorState, event: ActorEvent): ActorState {
  if (isTerminal(state)) return state;
  switch (event.type) {
    case 'fenced':
      return { name: 'fenced' };
    case 'stop':
      return { name: 'stopped' };
    case 'park':
      return { name: 'parked', verdict: event.verdict };
    case 'connect':
      return beginConnecting(state);
    case 'closed':
      return afterClose(state, event);
    case 'qr':
      return showQr(state, event);
    case 'code':
      return state.name === 'scanning' || state.name === 'code'
        ? { name: 'code', code: event.code, expiresAt: event.expiresAt }
        : state;
    case 'passkey':
      return waitsForPhone(state) ? { name: 'passkey', step: event.step } : state;
    case 'paired':
      return waitsForPhone(state) ? { name: 'pairing' } : state;
    case 'open':
      return state.name === 'connecting' || state.name === 'pairing'
        ? { name: 'connected', identity: event.identity, since: event.at, failures: failuresOf(state) }
        : state;
  }
}

const waitsForPhone = ({ name }: ActorState): boolean => name === 'scanning' || name === 'code' || name === 'passkey';

function beginConnecting(state: ActorState): ActorState {
  switch (state.name) {
    case 'new':
    case 'parked':
      return { name: 'connecting', failures: 0, after: null };
    case 'waiting':
      return { name: 'connecting', failures: state.failures, after: state.verdict };
    default:
      return state;
  }
}

function showQr(state: ActorState, { qr, expiresAt }: { qr: string; expiresAt: number }): ActorState {
  if (state.name === 'connecting') return { name: 'scanning', qr, attempt: 1, expiresAt };
  if (state.name === 'scanning') return { name: 'scanning', qr, attempt: state.attempt + 1, expiresAt };
  // While a pairing code or a passkey is waited for the QR codes go on unseen.
  return state;
}

function afterClose(state: ActorState, { verdict, at }: { verdict: Verdict; at: number }): ActorState {
  switch (state.name) {
    case 'new':
    case 'waiting':
    case 'parked':
      return state;
    default:
  }
  if (verdict.next === 'restart') return { name: 'connecting', failures: 0, after: verdict };
  // Another code would end in the same way: the user has to do something first.
  if (state.name === 'passkey') return { name: 'parked', verdict: passkeyWanted(state.step) };
  if (verdict.next === 'park') return { name: 'parked', verdict };
  const wasStable = state.name === 'connected' && at - state.since >= STABLE_AFTER_MS;
  const failures = wasStable ? 1 : failuresOf(state) + 1;
  // At once, but only the first time in a row: a connection that opens and ends in a loop backs off.
  if (verdict.next === 'reconnect' && failures === 1) return { name: 'connecting', failures, after: verdict };
  return { name: 'waiting', failures, verdict };
}

const failuresOf = (state: ActorState): number => ('failures' in state ? state.failures : 0);

/** The state as the database and the user see it. */
export interface PublicView {
  state: SessionState;
  reason: string | null;
  code: string | null;
}

const plain = (state: SessionState, reason: string | null = null): PublicView => ({ state, reason, code: null });

/** `null` in states that the owner must not, or need not, write. */
export function publicView(state: ActorState): PublicView | null {
  switch (state.name) {
    case 'new':
    case 'fenced':
    case 'stopped':
      return null;
    case 'connecting':
      // During the tries after a loss the user reads why, not that yet another try has begun.
      return state.after && state.failures > 0 ? viewOf(state.after) : plain('CONNECTING');
    case 'scanning':
      return plain('QR_REQUIRED', 'Scan the QR code with WhatsApp on the phone: Linked devices, Link a device.');
    case 'code':
      return plain(
        'PAIRING_CODE',
        'Enter the code on the phone: Linked devices, Link a device, Link with phone number instead.',
      );
    case 'passkey':
      return viewOf(passkeyWanted(state.step));
    case 'pairing':
      return plain('PAIRING', 'The phone has linked the device; WhatsApp finishes the link.');
    case 'connected':
      return plain('CONNECTED');
    case 'waiting':
    case 'parked':
      return viewOf(state.verdict);
  }
}

const viewOf = ({ state, reason, code }: Verdict): PublicView => ({ state, reason, code });

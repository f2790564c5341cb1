import type { SessionState } from '@wa-gate/db';
import type { Identity } from '../whatsapp/identity.ts';
import type { PasskeyStep } from '../whatsapp/passkey.ts';
import { passkeyWanted, type Verdict } from './disconnect.ts';

/** The state of an actor. Only {@link transition} changes it. */
export type ActorState =
  /** Built, not started. */
  | { name: 'new' }
  /** A socket is being opened. `after`: the verdict on the last connection. */
  | { name: 'connecting'; failures: number; after: Verdict | null }
  /** A QR code can be scanned. `attempt` counts the codes of the series. */
  | { name: 'scanning'; qr: string; attempt: number; expiresAt: number }
  /** A pairing code can be entered on the phone. */
  | { name: 'code'; code: string; expiresAt: number }
  /** WhatsApp requires a passkey, or the confirmation of one, before it links the device. */
  | { name: 'passkey'; step: PasskeyStep }
  /** The phone has linked the device; the server completes the link. */
  | { name: 'pairing' }
  | { name: 'connected'; identity: Identity; since: number; failures: number }
  /** Pausing before the next attempt. */
  | { name: 'waiting'; failures: number; verdict: Verdict }
  /** Not connecting until the user, or a new placement, starts it. */
  | { name: 'parked'; verdict: Verdict }
  /** Terminal: the session has another owner. */
  | { name: 'fenced' }
  /** Terminal: stopped by the supervisor. */
  | { name: 'stopped' };

export type ActorEvent =
  | { type: 'passkey'; step: PasskeyStep }
  | { type: 'connect' }
  | { type: 'qr'; qr: string; expiresAt: number }
  | { type: 'code'; code: string; expiresAt: number }
  | { type: 'paired' }
  | { type: 'open'; identity: Identity; at: number }
  /** `at`: the time of the last frame. */
  | { type: 'closed'; verdict: Verdict; at: number }
  | { type: 'park'; verdict: Verdict }
  | { type: 'fenced' }
  | { type: 'stop' };

/** The name of a state in metrics and statistics, where a parked session is called `resting`. */
export const stateLabel = (name: ActorState['name']): string => (name === 'parked' ? 'resting' : name);

/** After this time a connection counts as stable: the next failure is the first. */
const STABLE_AFTER_MS = 30_000;

/** Parked states in which a request for a code begins pairing again. */
const LINKABLE: ReadonlySet<SessionState> = new Set<SessionState>([
  'LOGGED_OUT',
  'STOPPED',
  'PASSKEY_REQUIRED',
  'PASSKEY_CONFIRMATION_REQUIRED',
]);

/** Whether the session is parked for a reason that linking does not remove. */
export const isParkedForGood = (state: ActorState): boolean =>
  state.name === 'parked' && !LINKABLE.has(state.verdict.state);

export const isTerminal = (state: ActorState): boolean => state.name === 'fenced' || state.name === 'stopped';

/** Returns the next state. An event that does not fit returns the same object. */
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
  // During the wait for a pairing code or a passkey, QR codes are not shown.
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
  // Another code would end in the same way until the user acts.
  if (state.name === 'passkey') return { name: 'parked', verdict: passkeyWanted(state.step) };
  if (verdict.next === 'park') return { name: 'parked', verdict };
  const wasStable = state.name === 'connected' && at - state.since >= STABLE_AFTER_MS;
  const failures = wasStable ? 1 : failuresOf(state) + 1;
  // Reconnects at once only the first time in a row: a connection that opens and ends in a loop backs off.
  if (verdict.next === 'reconnect' && failures === 1) return { name: 'connecting', failures, after: verdict };
  return { name: 'waiting', failures, verdict };
}

const failuresOf = (state: ActorState): number => ('failures' in state ? state.failures : 0);

/** The state as it is written and shown. */
export interface PublicView {
  state: SessionState;
  reason: string | null;
  code: string | null;
}

const plain = (state: SessionState, reason: string | null = null): PublicView => ({ state, reason, code: null });

/** `null` in states that are not written. */
export function publicView(state: ActorState): PublicView | null {
  switch (state.name) {
    case 'new':
    case 'fenced':
    case 'stopped':
      return null;
    case 'connecting':
      // During the attempts after a loss, the reason of the loss stays visible.
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

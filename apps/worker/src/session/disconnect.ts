import type { SessionState } from '@wa-gate/db';
import type { DisconnectCause } from '../whatsapp/errors.ts';

/** What to do after a connection has ended. */
export type NextStep =
  /** Connect again at once: WhatsApp asked for it. */
  | 'reconnect'
  /** Connect again after a growing, jittered pause. */
  | 'retry'
  /** The same with long pauses: it will not be over soon. */
  | 'retry-slowly'
  /** Somebody else connected as this device. Only after asking whether the session is still ours, and three times at most. */
  | 'yield'
  /** Nothing by itself: the user has to do something. */
  | 'rest';

/** The meaning of a disconnect: one row of the table below. */
export interface Verdict {
  state: SessionState;
  /** WhatsApp's or the network's code, for `state_code`. */
  code: string;
  /** What happened and what to do, for the user. */
  reason: string;
  next: NextStep;
  /** The device is not linked any more: its keys are removed. */
  unlinked: boolean;
}

type Row = Omit<Verdict, 'code' | 'unlinked'> & Partial<Pick<Verdict, 'unlinked'>>;

const NETWORK_DOWN = 'There is no connection to WhatsApp at present. The session keeps trying.';
const LOST = 'The connection to WhatsApp was lost. The session reconnects by itself.';

/**
 * THE table of disconnects: `status/detail` first, then `status`. Statuses are WhatsApp's and Baileys' `DisconnectReason`; details are the type of a
 * conflict, or the network's error code.
 */
const TABLE: Readonly<Record<string, Row>> = {
  '401': {
    state: 'LOGGED_OUT',
    reason: 'The session was logged out. Ask for a new QR code with GET /api/sessions/{id}/qr to link it again.',
    next: 'rest',
    unlinked: true,
  },
  '401/device_removed': {
    state: 'LOGGED_OUT',
    reason:
      'The device was removed on the phone. Ask for a new QR code with GET /api/sessions/{id}/qr to link it again.',
    next: 'rest',
    unlinked: true,
  },
  '403': {
    state: 'RESTRICTED',
    reason:
      'WhatsApp refuses this account (403): it is restricted or banned. Open WhatsApp on the phone to see why; restart the session when it is allowed again.',
    next: 'rest',
  },
  '405': {
    state: 'ERROR',
    reason:
      "WhatsApp does not accept this version of the gateway's client (405). Update wa-gate. The session tries again now and then.",
    next: 'retry-slowly',
  },
  '408': { state: 'RECONNECTING', reason: LOST, next: 'retry' },
  '408/ENOTFOUND': { state: 'RECONNECTING', reason: NETWORK_DOWN, next: 'retry' },
  '408/EAI_AGAIN': { state: 'RECONNECTING', reason: NETWORK_DOWN, next: 'retry' },
  '408/ENETUNREACH': { state: 'RECONNECTING', reason: NETWORK_DOWN, next: 'retry' },
  '408/EHOSTUNREACH': { state: 'RECONNECTING', reason: NETWORK_DOWN, next: 'retry' },
  '408/ECONNREFUSED': { state: 'RECONNECTING', reason: NETWORK_DOWN, next: 'retry' },
  '411': {
    state: 'ERROR',
    reason: 'The account does not allow linked devices (411). Update WhatsApp on the phone, then restart the session.',
    next: 'rest',
  },
  '428': { state: 'RECONNECTING', reason: LOST, next: 'retry' },
  '429': {
    state: 'RECONNECTING',
    reason: 'WhatsApp asks to connect less often (429). The session tries again after a longer pause.',
    next: 'retry-slowly',
  },
  '440': {
    state: 'RECONNECTING',
    reason: 'Another connection has taken over this device. The session checks that and reconnects.',
    next: 'yield',
  },
  '500': {
    state: 'RECONNECTING',
    reason: 'WhatsApp ended the connection with an error. The session reconnects by itself.',
    next: 'retry',
  },
  '503': {
    state: 'RECONNECTING',
    reason: 'WhatsApp is not available at present (503). The session keeps trying.',
    next: 'retry',
  },
  '515': {
    state: 'CONNECTING',
    reason: 'WhatsApp asked for a new connection.',
    next: 'reconnect',
  },
};

/**
 * Node's codes for a certificate that does not prove who the server is. Baileys calls them 500, or 408 when they begin with an E.
 */
const CERTIFICATE_CODES: ReadonlySet<string> = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

const UNTRUSTED: Row = {
  state: 'RECONNECTING',
  reason:
    'The server that answers in place of WhatsApp cannot prove who it is (TLS certificate), so nothing was sent to it. Check the clock and the network of the worker; the session tries again.',
  next: 'retry-slowly',
};

/** Codes that the table does not know: seen again they deserve a row. */
const UNKNOWN: Row = {
  state: 'RECONNECTING',
  reason: 'WhatsApp ended the connection. The session reconnects by itself.',
  next: 'retry',
};

const QR_ENDED: Row = {
  state: 'STOPPED',
  reason:
    'No phone scanned the QR code in time. Ask for a new one with GET /api/sessions/{id}/qr, or restart the session.',
  next: 'rest',
};
/** `state_code` of a session whose codes ran out. */
export const QR_ENDED_CODE = '408/qr_ended';

/** What a disconnect means. Before the device is linked there is nothing to lose: everything but the end of the codes is tried again. */
export function judgeDisconnect(cause: DisconnectCause, linked: boolean): Verdict {
  if (cause.qrEnded) return complete(QR_ENDED, QR_ENDED_CODE);
  const exact = cause.detail ? `${cause.status}/${cause.detail}` : `${cause.status}`;
  if (CERTIFICATE_CODES.has(cause.detail ?? '')) return complete(UNTRUSTED, `tls/${cause.detail}`);
  const row = TABLE[exact] ?? TABLE[String(cause.status)] ?? UNKNOWN;
  if (!linked && row.unlinked) return complete({ ...UNKNOWN, state: 'CONNECTING' }, exact);
  return complete(row, exact);
}

const complete = (row: Row, code: string): Verdict => ({ unlinked: false, ...row, code });

/** After three conflicts the session gives way. */
export const CONFLICT_VERDICT: Verdict = complete(
  {
    state: 'CONFLICT',
    reason:
      'Another program keeps connecting with the credentials of this session, so it has given way. End the other program, then restart the session.',
    next: 'rest',
  },
  '440/replaced',
);

/** The sandbox, or the network, could not be reached before there was a socket. */
export const unreachable = (code: string): Verdict =>
  complete({ state: 'RECONNECTING', reason: NETWORK_DOWN, next: 'retry' }, code);

/** Nothing came within the time in which a connection opens. */
export const CONNECT_TIMED_OUT: Verdict = complete(
  { state: 'RECONNECTING', reason: LOST, next: 'retry' },
  '408/connect',
);

export const KEYS_LOST: Verdict = complete(
  {
    state: 'RECONNECTING',
    reason: 'The database did not confirm a change of the session keys. The session starts again from what is stored.',
    next: 'retry',
  },
  'store/unconfirmed',
);

export const KEYS_UNREADABLE: Verdict = complete(
  {
    state: 'ERROR',
    reason:
      'The stored keys of this session cannot be opened with the master key of this worker. Nothing was changed; give the worker the right WAG_MASTER_KEY and restart it.',
    next: 'rest',
  },
  'store/unreadable',
);

export const LOGGED_OUT_BY_API: Verdict = complete(
  {
    state: 'LOGGED_OUT',
    reason:
      'The session was logged out over the API. Ask for a new QR code with GET /api/sessions/{id}/qr to link it again.',
    next: 'rest',
    unlinked: true,
  },
  'api/logout',
);

export const FORGOTTEN_BY_API: Verdict = complete(
  {
    state: 'LOGGED_OUT',
    reason:
      'The session was logged out over the API while it was not connected, so WhatsApp could not be told: remove the device on the phone too. GET /api/sessions/{id}/qr links it again.',
    next: 'rest',
    unlinked: true,
  },
  'api/logout',
);

/** The user asked for a new connection. */
export const RESTARTED_BY_API: Verdict = complete(
  { state: 'CONNECTING', reason: 'The session was restarted over the API.', next: 'reconnect' },
  'api/restart',
);

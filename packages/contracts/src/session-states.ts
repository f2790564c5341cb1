/** The public statuses of a session: the enum of the PaaS brief, in lower case. */
export const SESSION_STATUSES = [
  'initializing',
  'qr_required',
  'connected',
  'disconnected',
  'reconnecting',
  'error',
] as const;
export type SessionStatus = (typeof SESSION_STATUSES)[number];

/**
 * The table of every exact state (enum `SessionState` of the database) with its public status. The public `state` is
 * the same word in lower case.
 */
export const SESSION_STATE_STATUS = {
  /** Created; no worker has started it. */
  INITIALIZING: 'initializing',
  /** The worker opens the connection. */
  CONNECTING: 'initializing',
  /** A QR code waits to be scanned. */
  QR_REQUIRED: 'qr_required',
  /** A pairing code waits to be entered. */
  PAIRING_CODE: 'qr_required',
  /** The phone has scanned or entered it; WhatsApp completes the link. */
  PAIRING: 'initializing',
  /** WhatsApp requires a passkey before it links the device. */
  PASSKEY_REQUIRED: 'qr_required',
  /** The passkey was given; the phone has to confirm the link. */
  PASSKEY_CONFIRMATION_REQUIRED: 'qr_required',
  CONNECTED: 'connected',
  /** The connection is open but carries no data; the worker replaces it. */
  STALE: 'reconnecting',
  /** The connection was lost; the worker reconnects. */
  RECONNECTING: 'reconnecting',
  /** Another program uses the same device; the worker does not connect any more. */
  CONFLICT: 'disconnected',
  /** WhatsApp refuses the account for another reason than a ban. */
  RESTRICTED: 'error',
  /** WhatsApp has banned the account, for a while or for good (402, 403, 406). */
  BANNED: 'error',
  /** The phone or the API has unlinked the device. */
  LOGGED_OUT: 'disconnected',
  STOPPED: 'disconnected',
  ERROR: 'error',
} as const satisfies Record<string, SessionStatus>;

/** The states as the database names them. */
export type SessionStateName = keyof typeof SESSION_STATE_STATUS;

/** The public words of the exact states. */
export const SESSION_STATES = Object.keys(SESSION_STATE_STATUS).map((name) =>
  name.toLowerCase(),
) as Lowercase<SessionStateName>[];
export type PublicSessionState = (typeof SESSION_STATES)[number];

/** Status and state of a session as the API shows them. */
export function describeSessionState(name: SessionStateName): { status: SessionStatus; state: PublicSessionState } {
  return { status: SESSION_STATE_STATUS[name], state: name.toLowerCase() as PublicSessionState };
}

/** In these states there is no linked phone to send from. */
export const PAIRING_STATES = [
  'QR_REQUIRED',
  'PAIRING_CODE',
  'PAIRING',
  'PASSKEY_REQUIRED',
  'PASSKEY_CONFIRMATION_REQUIRED',
] as const satisfies SessionStateName[];

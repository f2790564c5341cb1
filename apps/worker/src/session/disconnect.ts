import type { SessionState } from '@wa-gate/db';
import type { DisconnectCause } from '../whatsapp/errors.ts';
import type { PasskeyStep } from '../whatsapp/passkey.ts';

/** The step after the end of a connection. */
export type NextStep =
  /**
   * Connect at once, because WhatsApp requested it or the connection was stale. The second time in a row it is a
   * `retry`.
   */
  | 'reconnect'
  /** Connect at once, always: the user asked for it. */
  | 'restart'
  /** Connect after a growing, jittered pause. */
  | 'retry'
  /** Like `retry` with longer pauses, for causes that last. */
  | 'retry-slowly'
  /**
   * Another process connected as this device. Connect only if PostgreSQL confirms the ownership, and three times at
   * most.
   */
  | 'yield'
  /** Park the session: the user has to act. */
  | 'park';

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
  /** Applied only the second time in a row, because it costs the user a new QR code. */
  unconfirmed: boolean;
  /** WhatsApp has banned the account. */
  ban?: Ban;
}

export interface Ban {
  /** It ends by itself. */
  isTemporary: boolean;
  /** When it ends; `null`: WhatsApp does not say, or it does not end. */
  until: Date | null;
}

type Row = Pick<Verdict, 'state' | 'reason' | 'next'> & Partial<Pick<Verdict, 'unlinked' | 'unconfirmed' | 'ban'>>;

const NETWORK_DOWN = 'There is no connection to WhatsApp at present. The session keeps trying.';
const LOST = 'The connection to WhatsApp was lost. The session reconnects by itself.';

const RELINK = 'Ask for a new QR code with GET /api/sessions/{id}/qr to link it again.';

/** Sentences for temporary bans, by the cause that WhatsApp gives. */
const BANNED: Readonly<Record<string, string>> = {
  '101': 'it wrote to too many people who do not have it in their contacts',
  '102': 'too many people have blocked it',
  '103': 'it created too many groups with people who do not have it in their contacts',
  '104': 'it sent the same message to too many people',
  '106': 'it sent too many messages to broadcast lists',
};

const bannedFor = (cause: string): Row => ({
  state: 'BANNED',
  reason: `WhatsApp has banned this account for a while: ${cause}. Open WhatsApp on the phone to see until when; restart the session then.`,
  next: 'park',
  ban: { isTemporary: true, until: null },
});

const banned = (reason: string): Row => ({
  state: 'BANNED',
  reason,
  next: 'park',
  ban: { isTemporary: false, until: null },
});

/**
 * The table of disconnects: `status/detail` first, then `status`. Statuses are those of WhatsApp and of
 * `DisconnectReason` in Baileys. Details are the type of a conflict, the code of a ban, or the error code of the
 * network. The event `session.status` carries the sentence, and so does `connection.close` when a connection was open.
 * `unlinked` rows make `session.loggedout` besides.
 */
const TABLE: Readonly<Record<string, Row>> = {
  '401': {
    state: 'LOGGED_OUT',
    reason: `WhatsApp does not know this device any more (401): it was logged out. ${RELINK}`,
    next: 'park',
    unlinked: true,
    unconfirmed: true,
  },
  '401/device_removed': {
    state: 'LOGGED_OUT',
    reason: `The device was removed on the phone. ${RELINK}`,
    next: 'park',
    unlinked: true,
  },
  '402': bannedFor('it broke the rules of WhatsApp (402)'),
  ...Object.fromEntries(Object.entries(BANNED).map(([code, cause]) => [`402/${code}`, bannedFor(cause)])),
  // WhatsApp Web calls it LOCKED. Accounts that are banned meet it, and some that were registered on another phone.
  '403': banned(
    'WhatsApp has locked this account (403): it is banned, or was registered on another phone. Open WhatsApp on the phone to see why and to ask for a review; restart the session when it is allowed again.',
  ),
  '405': {
    state: 'ERROR',
    reason:
      "WhatsApp does not accept this version of the gateway's client (405). An administrator can set a newer one with PUT /api/admin/whatsapp-version, or update wa-gate. The session tries again now and then.",
    next: 'retry-slowly',
  },
  '406': banned(
    'WhatsApp has banned this account (406). Open WhatsApp on the phone to see why and to ask for a review; restart the session when it is allowed again.',
  ),
  '408': { state: 'RECONNECTING', reason: LOST, next: 'retry' },
  '411': {
    state: 'ERROR',
    reason: 'The account does not allow linked devices (411). Update WhatsApp on the phone, then restart the session.',
    next: 'park',
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
  // For a message it is a time-lock, see `account-signals.ts`. It was never reported for a connection.
  '463': {
    state: 'RECONNECTING',
    reason: 'WhatsApp restricts this account for a while (463). The session tries again after a longer pause.',
    next: 'retry-slowly',
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

/** Error codes of Node for an unreachable server. Other network errors mean a lost connection. */
const UNREACHABLE_CODES: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
]);
const UNREACHABLE: Row = { state: 'RECONNECTING', reason: NETWORK_DOWN, next: 'retry' };

/** Error codes of Node for an invalid certificate. Baileys maps them to 500, or to 408 when they begin with an E. */
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

/**
 * The WebSocket was refused with an HTTP status. It comes from something in between, whatever the number: WhatsApp
 * reports on a device or an account only after the handshake. A 401 of a proxy must not log anybody out.
 */
const BARRED: Row = {
  state: 'RECONNECTING',
  reason:
    'Something between the worker and WhatsApp refuses the connection (HTTP). Check the network and proxies of the worker; the session keeps trying.',
  next: 'retry',
};

/** The verdict for a code without a row in the table. */
const UNKNOWN: Row = {
  state: 'RECONNECTING',
  reason: 'WhatsApp ended the connection. The session reconnects by itself.',
  next: 'retry',
};

const QR_ENDED: Row = {
  state: 'STOPPED',
  reason:
    'No phone scanned the QR code in time. Ask for a new one with GET /api/sessions/{id}/qr, or restart the session.',
  next: 'park',
};
/** `state_code` of a session whose codes ran out. */
export const QR_ENDED_CODE = '408/qr_ended';

/**
 * Looks the disconnect up in the table. Before the device is linked, everything but the end of the QR codes is retried.
 */
export function judgeDisconnect(cause: DisconnectCause, linked: boolean): Verdict {
  if (cause.qrEnded) return complete(QR_ENDED, QR_ENDED_CODE);
  if (cause.proxy !== undefined) return proxyUnreachable(cause.proxy);
  if (cause.http) return complete(BARRED, `http/${cause.status}`);
  const exact = cause.detail ? `${cause.status}/${cause.detail}` : `${cause.status}`;
  if (CERTIFICATE_CODES.has(cause.detail ?? '')) return complete(UNTRUSTED, `tls/${cause.detail}`);
  if (UNREACHABLE_CODES.has(cause.detail ?? '')) return complete(UNREACHABLE, exact);
  const row = TABLE[exact] ?? TABLE[String(cause.status)] ?? UNKNOWN;
  if (!linked && row.unlinked) return complete({ ...UNKNOWN, state: 'CONNECTING' }, exact);
  return complete(row.ban?.isTemporary ? { ...row, ban: { ...row.ban, until: cause.endsAt ?? null } } : row, exact);
}

const complete = (row: Row, code: string): Verdict => ({ unlinked: false, unconfirmed: false, ...row, code });

/** The verdict when linking waits for a passkey, or ended during the wait. */
export const passkeyWanted = (step: PasskeyStep): Verdict =>
  step === 'passkey'
    ? complete(
        {
          state: 'PASSKEY_REQUIRED',
          reason:
            'WhatsApp wants a passkey of this account before it links the device, and wa-gate cannot give one yet. Removing the passkey on the phone (Settings, Account, Passkeys) helps with some accounts; then restart the session and link it again.',
          next: 'park',
        },
        'passkey/required',
      )
    : complete(
        {
          state: 'PASSKEY_CONFIRMATION_REQUIRED',
          reason: 'WhatsApp has accepted a passkey and waits for the confirmation of the link on the phone.',
          next: 'park',
        },
        'passkey/confirmation',
      );

/** The verdict after three conflicts: the session stops connecting. */
export const CONFLICT_VERDICT: Verdict = complete(
  {
    state: 'CONFLICT',
    reason:
      'Another program keeps connecting with the credentials of this session, so it has given way. End the other program, then restart the session.',
    next: 'park',
  },
  '440/replaced',
);

/** The verdict when the server could not be reached. */
export const unreachable = (code: string): Verdict => complete(UNREACHABLE, code);

/** The verdict when a connection did not open in time. */
export const CONNECT_TIMED_OUT: Verdict = complete(
  { state: 'RECONNECTING', reason: LOST, next: 'retry' },
  '408/connect',
);

/** `state_code` of a session whose version of WhatsApp Web is refused. */
export const CLIENT_OUTDATED_CODE = '405';

/** The verdict when WhatsApp refuses a version that the session only tries: it goes back to the proven one. */
export const CANDIDATE_REFUSED: Verdict = complete(
  {
    state: 'RECONNECTING',
    reason:
      'WhatsApp does not accept the new version of its client that this session was to try (405). The session goes back to the version before.',
    next: 'retry',
  },
  '405/candidate',
);

/** `state_code` of a session whose proxy makes no connection. */
export const PROXY_UNREACHABLE_CODE = 'proxy_unreachable';

/** The verdict when the proxy of the session made no connection. `words`: why. */
export const proxyUnreachable = (words: string): Verdict =>
  complete(
    {
      state: 'RECONNECTING',
      reason: `The session's proxy gives it no way to WhatsApp: ${words}. Look after the proxy, or change it with PUT /api/sessions/{id}/proxy. The session keeps trying.`,
      next: 'retry',
    },
    PROXY_UNREACHABLE_CODE,
  );

/** The verdict for the first 401 in a row: see `unconfirmed`. */
export const ASKING_AGAIN: Verdict = complete(
  {
    state: 'RECONNECTING',
    reason: 'WhatsApp refused the login (401). The session asks again before it believes that the device was removed.',
    next: 'retry',
  },
  '401',
);

/** Codes of stale connections. */
export const STALE_CODES = { silent: 'stale/silent', unacknowledged: 'stale/unacknowledged' } as const;

const STALE: Row = {
  state: 'STALE',
  reason: 'The connection to WhatsApp was open, but nothing came through it any more. The session replaces it.',
  next: 'reconnect',
};

/** The verdict when no frame came and the probe was not answered. */
export const staleBySilence = (linked: boolean): Verdict => complete(staleOr(linked), STALE_CODES.silent);

/** The verdict when a message was not acknowledged in time. */
export const staleByMessage = (linked: boolean): Verdict => complete(staleOr(linked), STALE_CODES.unacknowledged);

/** Before the link the user sees CONNECTING: new codes follow. */
const staleOr = (linked: boolean): Row => (linked ? STALE : { ...STALE, state: 'CONNECTING' });

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
    next: 'park',
  },
  'store/unreadable',
);

export const LOGGED_OUT_BY_API: Verdict = complete(
  {
    state: 'LOGGED_OUT',
    reason:
      'The session was logged out over the API. Ask for a new QR code with GET /api/sessions/{id}/qr to link it again.',
    next: 'park',
    unlinked: true,
  },
  'api/logout',
);

/** The verdict when another account has scanned than the session is to be linked to again. */
export const ANOTHER_ACCOUNT: Verdict = complete(
  {
    state: 'LOGGED_OUT',
    reason:
      'Another account has scanned the code than the one that this session belongs to, so it was unlinked at once. Scan with the right phone: POST /api/sessions/{id}/relink; its `anotherNumber` allows another account.',
    next: 'park',
    unlinked: true,
  },
  'relink/another_account',
);

export const FORGOTTEN_BY_API: Verdict = complete(
  {
    state: 'LOGGED_OUT',
    reason:
      'The session was logged out over the API while it was not connected, so WhatsApp could not be told: remove the device on the phone too. GET /api/sessions/{id}/qr links it again.',
    next: 'park',
    unlinked: true,
  },
  'api/logout',
);

/** The verdict of a restart over the API. */
export const RESTARTED_BY_API: Verdict = complete(
  { state: 'CONNECTING', reason: 'The session was restarted over the API.', next: 'restart' },
  'api/restart',
);

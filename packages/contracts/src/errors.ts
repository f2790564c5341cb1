import { type Static, Type } from 'typebox';
import { anyObject, oneOf } from './schema.ts';

export interface ErrorDefinition {
  /** HTTP status. */
  status: number;
  /** Whether the same request may succeed later, unchanged. */
  retryable: boolean;
  /** The cause and the remedy, in one or two sentences. Handlers may give a more exact one. */
  sentence: string;
}

/** Every error of the API. `GET /api/errors/{code}` shows an entry. */
export const ERRORS = {
  VALIDATION: {
    status: 400,
    retryable: false,
    sentence: 'The request does not fit the schema. See `details.issues` for each field.',
  },
  INVALID_JSON: {
    status: 400,
    retryable: false,
    sentence:
      'The body is not valid JSON. Send one JSON object, encoded in UTF-8; `details` has the line and the column of the fault.',
  },
  BAD_REQUEST: {
    status: 400,
    retryable: false,
    sentence: 'The request could not be understood. Check its URL and headers.',
  },
  MESSAGE_TYPE_UNSUPPORTED: {
    status: 400,
    retryable: false,
    sentence: 'Messages of this type are not yet supported. `details.supported` names those that are.',
  },
  INVALID_RECIPIENT: {
    status: 400,
    retryable: false,
    sentence:
      '`to` is not a recipient. Use +<country code><number>, the same digits without +, or a jid that ends in @s.whatsapp.net, @c.us, @lid or @g.us.',
  },
  WEBHOOK_URL_REFUSED: {
    status: 400,
    retryable: false,
    sentence: 'The webhook URL is refused. Use an http or https URL whose host has a public address.',
  },
  WEBHOOK_HEADER_REFUSED: {
    status: 400,
    retryable: false,
    sentence:
      'A header of the webhook is refused. Use names of your own with printable ASCII characters as their values.',
  },
  WORKER_ENDPOINT_REFUSED: {
    status: 400,
    retryable: false,
    sentence:
      'A worker may not be at this address. The operator lists the networks of workers in WORKER_ENDPOINT_ALLOW.',
  },
  MAIL_TOKEN_INVALID: {
    status: 400,
    retryable: false,
    sentence: 'This link is not valid, was used already or has expired. Ask for a new one.',
  },
  MAIL_OFF: {
    status: 409,
    retryable: false,
    sentence:
      'This installation sends no mail. Its operator can set SMTP_HOST or MAIL_DIR; an administrator can help meanwhile.',
  },
  WORKER_UNREACHABLE: {
    status: 400,
    retryable: true,
    sentence:
      'The worker does not answer GET /health at this endpoint within 5 s. Check that the gateway can reach it.',
  },
  UNAUTHENTICATED: {
    status: 401,
    retryable: false,
    sentence: 'This needs a valid credential: `Authorization: Bearer <token or key>` or `X-API-Key: <key>`.',
  },
  TOKEN_EXPIRED: { status: 401, retryable: false, sentence: 'The token has expired. Log in again for a new one.' },
  INVALID_CREDENTIALS: { status: 401, retryable: false, sentence: 'E-mail or password is wrong.' },
  REFRESH_TOKEN_INVALID: {
    status: 401,
    retryable: false,
    sentence: 'The refresh token is not valid or has expired. Log in again.',
  },
  REFRESH_TOKEN_REUSED: {
    status: 401,
    retryable: false,
    sentence:
      'This refresh token was used already. Somebody may have copied it, so this login has ended: log in again.',
  },
  ACCOUNT_DISABLED: {
    status: 403,
    retryable: false,
    sentence: 'This account has been deactivated. Ask the administrator of this installation.',
  },
  FORBIDDEN: { status: 403, retryable: false, sentence: 'This credential may not do this.' },
  CSRF: {
    status: 403,
    retryable: false,
    sentence:
      'A request with the session cookie that changes something needs the header X-CSRF-Token (GET /api/auth/csrf) and must come from this site.',
  },
  IP_DENIED: { status: 403, retryable: false, sentence: 'Requests from this address are not allowed here.' },
  HTTPS_REQUIRED: { status: 403, retryable: false, sentence: 'This installation is reached by HTTPS only.' },
  WORKER_REMOVED: {
    status: 403,
    retryable: false,
    sentence:
      'An administrator has removed this worker. End its process, or add it again with POST /api/admin/workers: then it joins within seconds.',
  },
  WORKSPACE_LIMIT: {
    status: 403,
    retryable: false,
    sentence: 'You own as many workspaces as one person may. Delete one first.',
  },
  WEBHOOK_LIMIT: {
    status: 403,
    retryable: false,
    sentence: 'There are as many webhooks here as there may be: 20 of a session, 20 of a workspace. Delete one first.',
  },
  TIER_SESSION_LIMIT: {
    status: 403,
    retryable: false,
    sentence: 'The account has as many sessions as its tier allows. Delete one, or ask for a higher tier.',
  },
  ROUTE_NOT_FOUND: {
    status: 404,
    retryable: false,
    sentence: 'There is no such route. The list of routes is at /docs.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    retryable: false,
    sentence: 'This path has no such method. The header Allow and `details.allowed` name those that it has.',
  },
  ERROR_CODE_NOT_FOUND: { status: 404, retryable: false, sentence: 'There is no error with this code.' },
  SESSION_NOT_FOUND: { status: 404, retryable: false, sentence: 'There is no such session for this credential.' },
  BROADCAST_NOT_FOUND: { status: 404, retryable: false, sentence: 'There is no such broadcast for this credential.' },
  OPT_OUT_NOT_FOUND: {
    status: 404,
    retryable: false,
    sentence: 'This person has not opted out of the broadcasts of this workspace.',
  },
  RULE_NOT_FOUND: { status: 404, retryable: false, sentence: 'There is no such keyword rule for this credential.' },
  CONTACT_NOT_FOUND: { status: 404, retryable: false, sentence: 'There is no such contact for this credential.' },
  LABEL_NOT_FOUND: {
    status: 404,
    retryable: false,
    sentence: 'This session has no such label. GET /api/sessions/{id}/labels lists them.',
  },
  CALL_NOT_FOUND: {
    status: 404,
    retryable: false,
    sentence: 'No call with this id rings at the session now. GET /api/sessions/{id}/calls lists those that it knows.',
  },
  MESSAGE_NOT_FOUND: { status: 404, retryable: false, sentence: 'There is no such message for this credential.' },
  DELETION_NOT_FOUND: {
    status: 404,
    retryable: false,
    sentence: 'There is no such deletion for this credential, or it ended more than seven days ago.',
  },
  MEDIA_NOT_FOUND: { status: 404, retryable: false, sentence: 'There is no such media for this credential.' },
  MESSAGE_DELETED: {
    status: 409,
    retryable: false,
    sentence: 'The message was deleted for everyone, or is about to be. Nothing can be done to it any more.',
  },
  MESSAGE_NOT_SENT: {
    status: 409,
    retryable: false,
    sentence: 'The message was never sent, so there is nothing to change. GET /api/messages/{id} has the reason.',
  },
  MESSAGE_NOT_WAITING: {
    status: 409,
    retryable: false,
    sentence:
      'The message does not wait any more: it has begun to leave, or is over. `details.state` says how it is. One that was sent can be deleted for everyone: DELETE /api/messages/{id}.',
  },
  CHANGE_TOO_LATE: {
    status: 409,
    retryable: false,
    sentence: 'WhatsApp allows this for some time after the message alone. `details.until` is when it ended.',
  },
  CHANGE_NOT_POSSIBLE: {
    status: 422,
    retryable: false,
    sentence: 'This cannot be done to this message: it is of another kind, or somebody else has written it.',
  },
  MESSAGE_NOT_FORWARDABLE: {
    status: 422,
    retryable: false,
    sentence: 'This message cannot be forwarded: it is to be seen once, or is of a kind that this cannot be done with.',
  },
  WA_MESSAGE_ID_TAKEN: {
    status: 409,
    retryable: false,
    sentence:
      'Another message of this session has this `waMessageId`. Choose a new one for each message, or leave it out.',
  },
  USER_NOT_FOUND: { status: 404, retryable: false, sentence: 'There is no such user for this credential.' },
  WORKSPACE_NOT_FOUND: { status: 404, retryable: false, sentence: 'There is no such workspace for this credential.' },
  MEMBER_NOT_FOUND: { status: 404, retryable: false, sentence: 'There is no such member in this workspace.' },
  INVITATION_NOT_FOUND: {
    status: 404,
    retryable: false,
    sentence: 'There is no such invitation, or it is not for you, or it has expired.',
  },
  KEY_NOT_FOUND: { status: 404, retryable: false, sentence: 'There is no such key for this credential.' },
  LOGIN_NOT_FOUND: { status: 404, retryable: false, sentence: 'There is no such login of yours.' },
  LOGIN_LOCK_NOT_FOUND: {
    status: 404,
    retryable: false,
    sentence: 'There is no such lock now. GET /api/admin/login-locks lists those that there are.',
  },
  DELIVERY_NOT_FOUND: {
    status: 404,
    retryable: false,
    sentence:
      'The webhook has no such delivery. GET /api/webhooks/{id}/deliveries lists them, by the ids of their events.',
  },
  DELIVERY_PENDING: {
    status: 409,
    retryable: true,
    sentence: 'This event is in line and will be sent as soon as the receiver takes it; it need not be asked for.',
  },
  WEBHOOK_OFF: {
    status: 409,
    retryable: false,
    sentence: 'The webhook is switched off. Switch it on first, with PATCH /api/webhooks/{id} and `isActive: true`.',
  },
  WEBHOOK_NOT_FOUND: {
    status: 404,
    retryable: false,
    sentence: 'This session has no webhook. Set one with PUT /api/sessions/{id}/webhook.',
  },
  WORKER_NOT_FOUND: { status: 404, retryable: false, sentence: 'There is no such worker for this credential.' },
  EMAIL_TAKEN: {
    status: 409,
    retryable: false,
    sentence: 'A user with this e-mail exists. Log in, or use another one.',
  },
  MEMBER_EXISTS: { status: 409, retryable: false, sentence: 'This person is a member of the workspace already.' },
  LAST_OWNER: {
    status: 409,
    retryable: false,
    sentence: 'The owner of a workspace cannot be removed from it or made less. Delete the workspace instead.',
  },
  LAST_WORKSPACE: {
    status: 409,
    retryable: false,
    sentence: 'This is the only workspace that is yours. Make another one first, or delete the account.',
  },
  KEY_ENDED: {
    status: 409,
    retryable: false,
    sentence:
      'This key was revoked or rotated, or has expired. Use the one that has taken its place, or make a new one.',
  },
  LAST_ADMINISTRATOR: {
    status: 409,
    retryable: false,
    sentence: 'This is the last active administrator. Make somebody else one first.',
  },
  BROADCAST_STATE: {
    status: 409,
    retryable: false,
    sentence: 'This does not go with the present status of the broadcast, which `details.status` has.',
  },
  BROADCAST_EMPTY: {
    status: 409,
    retryable: false,
    sentence: 'The broadcast has no recipients. Add some with POST /api/broadcast/{id}/recipients, or import a file.',
  },
  SESSION_AMBIGUOUS: {
    status: 409,
    retryable: false,
    sentence:
      'There are several sessions and none is the default. Name one with `sessionId` or the header X-Session-Id, or set a default with PATCH /api/sessions/{id}.',
  },
  WORKER_EXISTS: { status: 409, retryable: false, sentence: 'A worker with this id is there already.' },
  WORKER_NOT_EMPTY: {
    status: 409,
    retryable: true,
    sentence: 'Sessions of this worker could not move: no other worker has room. Add one, then try again.',
  },
  WORKER_TOO_SMALL: {
    status: 409,
    retryable: true,
    sentence:
      'The worker has more sessions than that, and no other worker has room for the rest. Choose a higher number, or add a worker.',
  },
  SESSION_EXISTS: {
    status: 409,
    retryable: false,
    sentence: 'A session with this sessionId exists in your workspace. Choose another one, or delete the old session.',
  },
  SESSION_NOT_CONNECTED: {
    status: 409,
    retryable: false,
    sentence: 'The session is not linked to a phone. Scan GET /api/sessions/{id}/qr or enter a pairing code first.',
  },
  SESSION_ALREADY_PAIRED: {
    status: 409,
    retryable: false,
    sentence: 'The session is linked to a phone already. Log it out first to link another one.',
  },
  QR_NOT_READY: {
    status: 409,
    retryable: true,
    sentence: 'There is no QR code now. Ask again in a second; GET /api/sessions/{id}/status tells the state.',
  },
  MEDIA_NOT_READY: {
    status: 409,
    retryable: true,
    sentence:
      'The file has not been fetched from WhatsApp yet. Try again when GET /api/media/{id} says `ready`, or wait for the event `media.ready`.',
  },
  UPLOAD_OFFSET_MISMATCH: {
    status: 409,
    retryable: false,
    sentence: 'The upload has another number of bytes than `Upload-Offset` says. `details.offset` is where to go on.',
  },
  WORKER_ENDPOINT_TAKEN: {
    status: 409,
    retryable: false,
    sentence: 'Another worker is registered at this endpoint. Each worker needs an endpoint of its own.',
  },
  WORKER_LEASE_HELD: {
    status: 409,
    retryable: true,
    sentence:
      'Another process holds the lease of this worker id, at another endpoint. Stop it, or wait until its lease is over.',
  },
  SESSION_LOGGED_OUT: {
    status: 410,
    retryable: false,
    sentence:
      'The session was logged out. Ask for a new QR code with GET /api/sessions/{id}/qr, or for a pairing code, to link it again.',
  },
  IDEMPOTENCY_GONE: {
    status: 410,
    retryable: false,
    sentence:
      'The message of this Idempotency-Key, clientMessageId or waMessageId was accepted before, and is deleted by now. Nothing was sent again. For a new message use a new one.',
  },
  MEDIA_EXPIRED: {
    status: 410,
    retryable: false,
    sentence: 'The file is gone: its retention is over, or WhatsApp and the phone no longer have it.',
  },
  BODY_TOO_LARGE: { status: 413, retryable: false, sentence: 'The body is too large. At most 1 MB is accepted.' },
  MEDIA_TOO_LARGE: {
    status: 413,
    retryable: false,
    sentence: 'The file is larger than this accepts. `details.maxBytes` is the limit, `details.field` the field.',
  },
  MEDIA_QUOTA: {
    status: 413,
    retryable: false,
    sentence:
      'The account stores as many bytes of media as its tier allows. Delete some with DELETE /api/media/{id}, or ask for a higher tier.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    retryable: false,
    sentence: 'This content type is not accepted. Send `Content-Type: application/json`.',
  },
  IDEMPOTENCY_MISMATCH: {
    status: 422,
    retryable: false,
    sentence:
      'This Idempotency-Key (or clientMessageId) was used with another request. Use a new one for each message; repeat one only with the same body.',
  },
  MEDIA_EMPTY: { status: 422, retryable: false, sentence: 'The file has no bytes. Send one that has some.' },
  MEDIA_TYPE_MISMATCH: {
    status: 422,
    retryable: false,
    sentence:
      'The bytes of the file are of another type than this takes, or than its name or `mimetype` says. `details.found` is the type of the bytes.',
  },
  MEDIA_UNREADABLE: {
    status: 422,
    retryable: false,
    sentence: 'The file cannot be read as what it is: it is damaged, cut off, or too large to be opened.',
  },
  MEDIA_UNREACHABLE: {
    status: 422,
    retryable: true,
    sentence: 'The file could not be fetched from its URL. `details.reason` says why.',
  },
  MEDIA_URL_FORBIDDEN: {
    status: 422,
    retryable: false,
    sentence:
      'This URL is not fetched: it must begin with http:// or https://, without credentials, and lead to a public address, also after redirects.',
  },
  MEDIA_TOOL_MISSING: {
    status: 422,
    retryable: false,
    sentence:
      'This installation lacks a program that the conversion needs. Its operator can install ffmpeg; send the file in its final format meanwhile.',
  },
  PROXY_INVALID: {
    status: 400,
    retryable: false,
    sentence: 'This is no proxy that can be used. Give `url` as `http://host:port` or `socks5://host:port`.',
  },
  PROXY_UNREACHABLE: {
    status: 422,
    retryable: true,
    sentence:
      'WhatsApp cannot be reached through this proxy; `details.reason` says why. `test: false` stores it all the same.',
  },
  WA_REACHOUT_TIMELOCK: {
    status: 423,
    retryable: true,
    sentence:
      'WhatsApp does not let this account begin new chats at present. Chats that exist go on; try again when the restriction ends (`details.until`).',
  },
  RL_IP: {
    status: 429,
    retryable: true,
    sentence: 'Too many requests from this address. Try again when `retryAfter` is over.',
  },
  RL_KEY: {
    status: 429,
    retryable: true,
    sentence: 'Too many requests with this key. Try again when `retryAfter` is over.',
  },
  RL_ENDPOINT: {
    status: 429,
    retryable: true,
    sentence: 'Too many requests of this kind. Try again when `retryAfter` is over.',
  },
  STREAM_LIMIT: {
    status: 429,
    retryable: true,
    sentence:
      'The workspace has as many event streams open as it may have. Close some, or use one stream for all sessions: GET /api/events/stream.',
  },
  TIER_MESSAGE_LIMIT: {
    status: 429,
    retryable: true,
    sentence: 'The tier allows no more messages in this hour. Try again when `retryAfter` is over.',
  },
  INTERNAL: {
    status: 500,
    retryable: true,
    sentence: 'Something went wrong on our side. Try again; if it stays, report the requestId.',
  },
  WORKER_ERROR: {
    status: 502,
    retryable: true,
    sentence: 'The worker that hosts the session could not do this. Try again; if it stays, restart the session.',
  },
  DATABASE_UNAVAILABLE: {
    status: 503,
    retryable: true,
    sentence: 'The database does not answer now. Try again shortly; of a change, look first whether it was made.',
  },
  DELETION_GOES_ON: {
    status: 503,
    retryable: false,
    sentence:
      'The deletion is stored and could not be made now. It goes on by itself within minutes; GET /api/deletions/{id} with `details.deletionId` shows it.',
  },
  NO_WORKER: {
    status: 503,
    retryable: true,
    sentence: 'No worker of this network is registered. Start one, then try again.',
  },
  OUTCOME_UNKNOWN: {
    status: 503,
    retryable: false,
    sentence:
      'The connection to the worker broke before its answer came, so this may have happened or not. Look whether it has before you send it again.',
  },
  WA_FORBIDDEN: {
    status: 403,
    retryable: false,
    sentence: 'WhatsApp does not allow this to the account. `details.wa` is its own code.',
  },
  WA_NOT_FOUND: {
    status: 404,
    retryable: false,
    sentence: 'WhatsApp knows nothing of this name. `details.wa` is its own code.',
  },
  WA_NOT_READY: {
    status: 409,
    retryable: true,
    sentence:
      'WhatsApp has not told this session yet what this needs. Try again when it has been connected for some time.',
  },
  WA_REFUSED: {
    status: 422,
    retryable: false,
    sentence: 'WhatsApp has refused this. `details.wa` is its own code.',
  },
  WA_PACING: {
    status: 429,
    retryable: true,
    sentence: 'The session asks WhatsApp too often. Try again when `retryAfter` is over.',
  },
  WA_UNAVAILABLE: {
    status: 503,
    retryable: true,
    sentence:
      'WhatsApp has a fault of its own and has not done this. Try again in a minute; `details.wa` is its own code.',
  },
  WA_TIMEOUT: {
    status: 504,
    retryable: true,
    sentence: 'WhatsApp has not answered in time. Try again; if it stays, restart the session.',
  },
  ENGINE_UNSUPPORTED: {
    status: 501,
    retryable: false,
    sentence: 'The WhatsApp engine of this installation cannot do this; the sentence of the answer says why.',
  },
  SANDBOX_REFUSED: {
    status: 422,
    retryable: false,
    sentence: 'The sandbox has refused this. `details.code` is its own code.',
  },
  SANDBOX_UNAVAILABLE: {
    status: 503,
    retryable: true,
    sentence:
      'The sandbox does not answer. Its operator can look at SANDBOX_PHONES_URL and SANDBOX_TOKEN of the gateway.',
  },
  SESSION_MOVING: {
    status: 503,
    retryable: true,
    sentence: 'The session is between two workers. Try again in a second; messages can be sent meanwhile.',
  },
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof ERRORS;

export const ERROR_CODES = Object.keys(ERRORS) as ErrorCode[];

/** The error envelope: the PaaS brief's shape (`error` is a string), with machine fields beside it. */
export const ErrorSchema = Type.Object(
  {
    success: Type.Literal(false),
    status: Type.Literal('error'),
    error: Type.String({ description: 'What happened and what to do.' }),
    code: oneOf(ERROR_CODES),
    details: Type.Optional(anyObject()),
    retryable: Type.Boolean({ description: 'Whether the same request may succeed later.' }),
    retryAfter: Type.Optional(Type.Number({ description: 'Seconds; also in the header Retry-After.' })),
    requestId: Type.String(),
    docs: Type.String({ description: 'Where this code is explained.' }),
  },
  {
    $id: 'Error',
    examples: [
      {
        success: false,
        status: 'error',
        error: 'The session is not linked to a phone. Scan GET /api/sessions/{id}/qr or enter a pairing code first.',
        code: 'SESSION_NOT_CONNECTED',
        retryable: false,
        requestId: 'req_8fK2mQ7xLp0aZr4TnV6b',
        docs: '/api/errors/SESSION_NOT_CONNECTED',
      },
    ],
  },
);
export type ErrorBody = Static<typeof ErrorSchema>;

/** The same as RFC 9457, for callers that accept `application/problem+json`. */
export interface ProblemDetails {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: ErrorCode;
  details?: Record<string, unknown>;
  retryable: boolean;
  retryAfter?: number;
  requestId: string;
}

/** The description of an error code. */
export const ErrorDescriptionSchema = Type.Object({
  code: oneOf(ERROR_CODES),
  httpStatus: Type.Integer(),
  retryable: Type.Boolean({ description: 'As a rule; an answer with this code says what holds for itself.' }),
  sentence: Type.String(),
});

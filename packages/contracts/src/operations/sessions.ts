import { Type } from 'typebox';
import { ProxyRequestSchema, ProxyTestSchema } from '../proxies.ts';
import { nullable, timestamp } from '../schema.ts';
import {
  ConnectedAccountSchema,
  DeleteSessionResultSchema,
  PairingCodeRequestSchema,
  PairingCodeSchema,
  QrQuerySchema,
  QrSchema,
  SessionActionSchema,
  SessionHealthSchema,
  SessionSchema,
  SessionStatusSchema,
} from '../sessions.ts';
import { defineOperation, definePresented, OWNER_ERRORS } from './operation.ts';

const WHICH = 'Of the session that the call names, else of the default session of its caller.';
const Unlinked = Type.Object({ unlinked: Type.Optional(Type.Boolean()) });
const State = Type.Partial(Type.Pick(SessionSchema, ['status', 'state']));

/** Milliseconds that a call for the status waits for the owner. */
export const STATUS_TIMEOUT_MS = 1_000;
/** Milliseconds that a deletion waits for the device to be unlinked. */
export const UNLINK_TIMEOUT_MS = 10_000;

/** Operations on a session itself: they need no connection to WhatsApp. */
export const sessions = {
  'sessions.qr': definePresented({
    method: 'GET',
    path: '/sessions/:id/qr',
    summary: 'The QR code to scan',
    description: 'As JSON, or as a picture with `?format=png|svg` or by the Accept header.',
    permission: 'system.manage',
    limits: ['session_operations'],
    input: {},
    query: QrQuerySchema,
    answer: Type.Object({
      qr: Type.String(),
      expiresAt: Type.Optional(nullable(timestamp())),
      attempt: Type.Optional(nullable(Type.Integer())),
    }),
    data: QrSchema,
    errors: [...OWNER_ERRORS, 'QR_NOT_READY', 'SESSION_ALREADY_PAIRED'],
    repeat: 'safe',
    cost: 0,
    alias: {
      path: '/qr',
      operationId: 'defaultSession.qr',
      summary: 'The QR code to scan',
      description: `${WHICH} As JSON, or as a picture with \`?format=png|svg\` or by the Accept header.`,
      limits: ['qr', 'session_operations'],
    },
    examples: [{}],
  }),
  'sessions.status': definePresented({
    method: 'GET',
    path: '/sessions/:id/status',
    summary: 'Status of a session',
    description:
      'As the worker that hosts the session says it now, or, when that does not answer at once, as it has written it last; `source` says which.',
    permission: 'logs.view',
    input: {},
    answer: Type.Object({
      ...Type.Pick(SessionStatusSchema, ['status', 'state', 'reason', 'code', 'workerId']).properties,
      account: Type.Optional(ConnectedAccountSchema),
    }),
    data: SessionStatusSchema,
    errors: ['SESSION_NOT_FOUND'],
    repeat: 'safe',
    isAnsweredFromMemory: true,
    cost: 0,
    timeoutMs: STATUS_TIMEOUT_MS,
    alias: {
      path: '/whatsapp/status',
      operationId: 'defaultSession.status',
      summary: 'Status of the connection to WhatsApp',
      description: `${WHICH} As the worker says it now, or as it has written it last; \`source\` says which.`,
    },
    examples: [{}],
  }),
  'sessions.health': definePresented({
    method: 'GET',
    path: '/sessions/:id/health',
    summary: 'Health of the connection',
    description:
      'What the worker that hosts the session sees of its connection now: when data last came, and how long the way to WhatsApp takes.',
    permission: 'logs.view',
    input: {},
    // The worker has only the internal id of the session.
    answer: Type.Omit(SessionHealthSchema, ['sessionId']),
    data: SessionHealthSchema,
    errors: OWNER_ERRORS,
    repeat: 'safe',
    isAnsweredFromMemory: true,
    cost: 0,
    examples: [{}],
  }),
  'sessions.pairingCode': definePresented({
    method: 'POST',
    path: '/sessions/:id/pairing-code',
    summary: 'A code to enter on the phone instead of scanning',
    permission: 'system.manage',
    limits: ['session_operations'],
    audit: 'session.pairing_code_requested',
    input: { phoneNumber: Type.String({ pattern: '^\\+?[0-9]{5,20}$' }) },
    body: PairingCodeRequestSchema,
    answer: Type.Object({
      code: Type.String({ minLength: 1 }),
      expiresAt: Type.Optional(nullable(timestamp())),
    }),
    data: PairingCodeSchema,
    errors: [...OWNER_ERRORS, 'INVALID_RECIPIENT', 'SESSION_ALREADY_PAIRED'],
    repeat: 'safe',
    cost: 0,
    examples: [{ phoneNumber: '6281234567890' }],
  }),
  'sessions.restart': definePresented({
    method: 'POST',
    path: '/sessions/:id/restart',
    summary: 'Close the connection and open it again; a logged-out session begins to pair anew',
    permission: 'system.manage',
    limits: ['session_operations'],
    audit: 'session.restarted',
    input: {},
    answer: Type.Union([Type.Null(), State]),
    data: SessionActionSchema,
    errors: OWNER_ERRORS,
    repeat: 'safe',
    cost: 0,
    alias: {
      path: '/whatsapp/restart',
      operationId: 'defaultSession.restart',
      summary: 'Close the connection to WhatsApp and open it again',
      description: WHICH,
    },
    examples: [{}],
  }),
  'sessions.testProxy': defineOperation({
    method: 'POST',
    path: '/sessions/:id/proxy/test',
    summary: 'Try a proxy from the worker that hosts the session',
    description:
      'The worker asks WhatsApp’s server for an answer through the proxy of the request, or, without one, through the proxy that the session uses. Nothing is stored and the session goes on as it is.',
    audience: 'workspace',
    permission: 'system.manage',
    limits: ['session_operations'],
    unaudited: 'it changes nothing, and the proxy that is set afterwards is in the audit log',
    input: Type.Partial(ProxyRequestSchema).properties,
    objection({ url, username, password }) {
      if (url === undefined && (username !== undefined || password !== undefined))
        return 'Credentials belong to a proxy: give its `url`, too.';
      return undefined;
    },
    answer: ProxyTestSchema,
    errors: [...OWNER_ERRORS, 'FORBIDDEN', 'PROXY_INVALID'],
    repeat: 'safe',
    cost: 0,
    examples: [{ url: 'socks5://proxy.example.com:1080', username: 'ann', password: 'secret' }, {}],
  }),
  'sessions.logout': definePresented({
    method: 'POST',
    path: '/sessions/:id/logout',
    summary: 'Unlink the device; the session stays, and asking for a QR code links it again',
    permission: 'system.manage',
    limits: ['session_operations'],
    audit: 'session.logged_out',
    input: {},
    answer: Type.Union([Type.Null(), Type.Object({ ...Unlinked.properties, ...State.properties })]),
    data: SessionActionSchema,
    errors: OWNER_ERRORS,
    repeat: 'safe',
    cost: 0,
    alias: {
      path: '/whatsapp/logout',
      operationId: 'defaultSession.logout',
      summary: 'Unlink the device; asking for a QR code links it again',
      description: WHICH,
    },
    examples: [{}],
  }),
  'sessions.delete': definePresented({
    method: 'DELETE',
    path: '/sessions/:id',
    summary: 'Delete a session with all its messages',
    description: [
      'Unlinks the device first; when its worker cannot be reached, everything is deleted all the same. With the answer all of it is gone for every reader,',
      'and its `sessionId` is free. The rows and files are erased after that, in parts; `GET /api/deletions/{id}` shows how far that is.',
    ].join(' '),
    audience: 'workspace',
    permission: 'system.manage',
    limits: ['session_operations'],
    audit: 'session.deleted',
    input: {},
    answer: Type.Union([Type.Null(), Unlinked]),
    data: DeleteSessionResultSchema,
    errors: ['UNAUTHENTICATED', 'FORBIDDEN', 'SESSION_NOT_FOUND', 'DELETION_GOES_ON'],
    repeat: 'safe',
    cost: 0,
    timeoutMs: UNLINK_TIMEOUT_MS,
    examples: [{}],
  }),
};

import {
  DeleteSessionResultSchema,
  nullable,
  PairingCodeRequestSchema,
  PairingCodeSchema,
  QrQuerySchema,
  SessionActionSchema,
  SessionHealthSchema,
  SessionParamsSchema,
  SessionStatusSchema,
  success,
  timestamp,
} from '@wa-gate/contracts';
import type { FastifyPluginAsync } from 'fastify';
import { type Static, Type } from 'typebox';
import { parsePhoneNumber } from '../../http/recipient.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import { checkOf } from '../../worker-links/call-worker.ts';
import type { OwnerLink } from '../../worker-links/owner-link.ts';
import type { OwnerStreams } from '../../worker-links/owner-stream.ts';
import { UNLINK_TIMEOUT_MS } from '../../worker-links/unlinker.ts';
import { type AuditLog, actorOf } from '../audit/index.ts';
import type { SessionDirectory, SessionsService } from '../sessions/index.ts';
import { LIVE_ERRORS } from './live-errors.ts';
import { liveStatus, STATUS_TIMEOUT_MS } from './live-status.ts';
import { createOwnerRoutes, type LiveRequest } from './owner-routes.ts';
import { qrStream } from './qr-stream.ts';
import { actOnSession, qrAnswer, showQr } from './session-actions.ts';

export interface LiveRoutesOptions {
  owner: OwnerLink;
  ownerStreams: OwnerStreams;
  directory: SessionDirectory;
  sessions: SessionsService;
  audit: AuditLog;
  guards: Guards;
}

const workerPairingCode = checkOf(
  Type.Object({ code: Type.String({ minLength: 1 }), expiresAt: Type.Optional(nullable(timestamp())) }),
);
/** The worker names the session by its internal id, if at all. */
const workerHealth = checkOf(Type.Omit(SessionHealthSchema, ['sessionId']));
const unlinkDone = checkOf(Type.Union([Type.Null(), Type.Object({ unlinked: Type.Optional(Type.Boolean()) })]));

const tags = ['Sessions'];

/** Operations on the living connection: done by the worker that hosts the session, answered in our envelope. */
export const liveRoutes: FastifyPluginAsync<LiveRoutesOptions> = async (app, options) => {
  const { owner, ownerStreams, directory, sessions, audit, guards } = options;
  const route = createOwnerRoutes(app, {
    owner,
    audit,
    sessionOf: (request) => directory.resolve(principalOf(request), (request.params as { id: string }).id),
  });

  route({
    method: 'GET',
    url: '/sessions/:id/qr',
    path: '/qr',
    onRequest: guards({ audience: 'caller', permission: 'system.manage', limits: ['session_operations'] }),
    schema: {
      tags,
      operationId: 'sessions.qr',
      summary: 'The QR code to scan',
      description: 'As JSON, or as a picture with `?format=png|svg` or by the Accept header.',
      params: SessionParamsSchema,
      querystring: QrQuerySchema,
      response: {
        200: qrAnswer,
        ...errorResponses(...LIVE_ERRORS, 'QR_NOT_READY', 'SESSION_ALREADY_PAIRED'),
      },
    },
    handle: showQr,
  });

  await app.register(qrStream, { ownerStreams, directory, guards });

  route({
    method: 'GET',
    url: '/sessions/:id/status',
    path: '/status',
    onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
    timeoutMs: STATUS_TIMEOUT_MS,
    schema: {
      tags,
      operationId: 'sessions.status',
      summary: 'Status of a session',
      description:
        'As the worker that hosts the session says it now, or, when that does not answer at once, as it has written it last; `source` says which.',
      params: SessionParamsSchema,
      response: { 200: success(SessionStatusSchema), ...errorResponses('SESSION_NOT_FOUND') },
    },
    handle: (live) => liveStatus(sessions, live),
  });

  route({
    method: 'GET',
    url: '/sessions/:id/health',
    path: '/health',
    onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
    schema: {
      tags,
      operationId: 'sessions.health',
      summary: 'Health of the connection',
      description:
        'What the worker that hosts the session sees of its connection now: when data last came, and how long the way to WhatsApp takes.',
      params: SessionParamsSchema,
      response: { 200: success(SessionHealthSchema), ...errorResponses(...LIVE_ERRORS) },
    },
    async handle({ session, ask }) {
      const health = await ask(workerHealth);
      return { ...health, sessionId: session.slug };
    },
  });

  route({
    method: 'POST',
    url: '/sessions/:id/pairing-code',
    path: '/pairing-code',
    audit: 'session.pairing_code_requested',
    onRequest: guards({ audience: 'caller', permission: 'system.manage', limits: ['session_operations'] }),
    schema: {
      tags,
      operationId: 'sessions.pairingCode',
      summary: 'A code to enter on the phone instead of scanning',
      params: SessionParamsSchema,
      body: PairingCodeRequestSchema,
      response: {
        200: success(PairingCodeSchema),
        ...errorResponses(...LIVE_ERRORS, 'INVALID_RECIPIENT', 'SESSION_ALREADY_PAIRED'),
      },
    },
    async handle({ request, reply, ask }) {
      const { phoneNumber } = request.body as Static<typeof PairingCodeRequestSchema>;
      const answer = await ask(workerPairingCode, { phoneNumber: parsePhoneNumber(phoneNumber) });
      reply.header('cache-control', 'no-store');
      return { pairingCode: answer.code, expiresAt: answer.expiresAt ?? null };
    },
  });

  for (const [action, done, summary] of [
    [
      'restart',
      'session.restarted',
      'Close the connection and open it again; a logged-out session begins to pair anew',
    ],
    ['logout', 'session.logged_out', 'Unlink the device; the session stays, and asking for a QR code links it again'],
  ] as const) {
    route({
      method: 'POST',
      url: `/sessions/:id/${action}`,
      path: `/${action}`,
      audit: done,
      onRequest: guards({ audience: 'caller', permission: 'system.manage', limits: ['session_operations'] }),
      schema: {
        tags,
        operationId: `sessions.${action}`,
        summary,
        params: SessionParamsSchema,
        response: { 200: success(SessionActionSchema), ...errorResponses(...LIVE_ERRORS) },
      },
      handle: (live) => actOnSession(sessions, live),
    });
  }

  route({
    method: 'DELETE',
    url: '/sessions/:id',
    path: '',
    onRequest: guards({ audience: 'workspace', permission: 'system.manage', limits: ['session_operations'] }),
    timeoutMs: UNLINK_TIMEOUT_MS,
    config: { audit: 'session.deleted' },
    schema: {
      tags,
      operationId: 'sessions.delete',
      summary: 'Delete a session with all its messages',
      description: 'Unlinks the device first; when its worker cannot be reached, everything is deleted all the same.',
      params: SessionParamsSchema,
      response: {
        200: success(DeleteSessionResultSchema),
        ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN', 'SESSION_NOT_FOUND'),
      },
    },
    async handle(live) {
      await sessions.get(live.session); // Without PostgreSQL no device is unlinked.
      const unlinked = await unlink(live);
      await sessions.delete(actorOf(live.request), live.session, { unlinked });
      return { sessionId: live.session.slug, deleted: true, unlinked };
    },
  });
};

/** Asks the owner to log the device out; `false` when it could not. */
async function unlink({ request, session, ask }: LiveRequest): Promise<boolean> {
  try {
    return (await ask(unlinkDone))?.unlinked ?? true;
  } catch (error) {
    request.log.warn({ err: error, sessionId: session.id }, 'session deleted without its owner');
    return false;
  }
}

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  PairingCodeRequestSchema,
  PairingCodeSchema,
  QrQuerySchema,
  QrSchema,
  type Session,
  SessionActionSchema,
  SessionParamsSchema,
  success,
} from '@wa-gate/contracts';
import { Type } from 'typebox';
import { ok } from '../../envelope.ts';
import { type Guards, principalOf } from '../../plugins/auth.ts';
import { errorResponses } from '../../plugins/error-responses.ts';
import { parsePhoneNumber } from '../messages/index.ts';
import type { SessionDirectory, SessionsService } from '../sessions/index.ts';
import type { OwnerClient } from './owner-client.ts';
import { chooseFormat, renderQr } from './qr-image.ts';

export interface LiveRoutesOptions {
  owner: OwnerClient;
  directory: SessionDirectory;
  sessions: SessionsService;
  guards: Guards;
}

interface WorkerQr {
  qr: string;
  expiresAt?: string | null;
  attempt?: number | null;
}

interface WorkerPairingCode {
  code: string;
  expiresAt?: string | null;
}

const LIVE_ERRORS = ['UNAUTHENTICATED', 'SESSION_NOT_FOUND', 'SESSION_MOVING', 'WORKER_ERROR'] as const;
const picture = (schema: object) => ({ schema: Type.Unsafe<never>(schema) });

/** Operations on the living connection: done by the worker that hosts the session, answered in our envelope. */
export const liveRoutes: FastifyPluginAsyncTypebox<LiveRoutesOptions> = async (app, options) => {
  const { owner, directory, sessions, guards } = options;

  app.get(
    '/sessions/:id/qr',
    {
      onRequest: guards.caller,
      schema: {
        tags: ['Sessions'],
        summary: 'The QR code to scan',
        description: 'As JSON, or as a picture with `?format=png|svg` or by the Accept header.',
        params: SessionParamsSchema,
        querystring: QrQuerySchema,
        response: {
          200: {
            description: 'The QR code.',
            content: {
              'application/json': { schema: success(QrSchema) },
              'image/png': picture({ type: 'string', format: 'binary' }),
              'image/svg+xml': picture({ type: 'string' }),
            },
          },
          ...errorResponses(...LIVE_ERRORS, 'QR_NOT_READY', 'SESSION_ALREADY_PAIRED'),
        },
      },
    },
    async (request, reply) => {
      const session = await directory.resolve(principalOf(request), request.params.id);
      const { qr, expiresAt, attempt } = await owner.call<WorkerQr>({
        sessionId: session.id,
        method: 'GET',
        path: '/qr',
        requestId: request.id,
      });
      reply.header('cache-control', 'no-store');
      const format = chooseFormat(request.query.format, request.headers.accept);
      if (format !== 'json') {
        const { type, body } = await renderQr(qr, format);
        return reply.type(type).send(body as never);
      }
      const data = { qr, expiresAt: expiresAt ?? null, attempt: attempt ?? null };
      return reply.send(ok(data));
    },
  );

  app.post(
    '/sessions/:id/pairing-code',
    {
      onRequest: guards.caller,
      schema: {
        tags: ['Sessions'],
        summary: 'A code to enter on the phone instead of scanning',
        params: SessionParamsSchema,
        body: PairingCodeRequestSchema,
        response: {
          200: success(PairingCodeSchema),
          ...errorResponses(...LIVE_ERRORS, 'INVALID_RECIPIENT', 'SESSION_ALREADY_PAIRED'),
        },
      },
    },
    async (request, reply) => {
      const session = await directory.resolve(principalOf(request), request.params.id);
      const answer = await owner.call<WorkerPairingCode>({
        sessionId: session.id,
        method: 'POST',
        path: '/pairing-code',
        body: { phoneNumber: parsePhoneNumber(request.body.phoneNumber) },
        requestId: request.id,
      });
      reply.header('cache-control', 'no-store');
      const data = { pairingCode: answer.code, expiresAt: answer.expiresAt ?? null };
      return ok(data);
    },
  );

  for (const [action, summary] of [
    ['restart', 'Close the connection and open it again; a logged-out session begins to pair anew'],
    ['logout', 'Unlink the device; the session stays, and asking for a QR code links it again'],
  ] as const) {
    app.post(
      `/sessions/:id/${action}`,
      {
        onRequest: guards.caller,
        schema: {
          tags: ['Sessions'],
          summary,
          params: SessionParamsSchema,
          response: { 200: success(SessionActionSchema), ...errorResponses(...LIVE_ERRORS) },
        },
      },
      async (request) => {
        const session = await directory.resolve(principalOf(request), request.params.id);
        const call = { sessionId: session.id, method: 'POST', path: `/${action}`, requestId: request.id } as const;
        // The owner knows the state that its answer made; the row follows.
        const told = await owner.call<Partial<Pick<Session, 'status' | 'state'>>>(call);
        const { sessionId, status, state } = await sessions.get(session);
        return ok({ sessionId, status: told.status ?? status, state: told.state ?? state });
      },
    );
  }
};

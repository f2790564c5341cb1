import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { RelinkRequestSchema, RelinkResultSchema, SessionParamsSchema, success } from '@wa-gate/contracts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import type { OwnerLink } from '../../worker-links/owner-link.ts';
import { actorOf } from '../audit/index.ts';
import type { SessionDirectory } from '../sessions/index.ts';
import { ownerCalls } from './owner-calls.ts';
import type { RelinkService } from './relink.service.ts';

export interface RelinkRoutesOptions {
  relink: RelinkService;
  owner: OwnerLink;
  directory: SessionDirectory;
  guards: Guards;
}

/** Linking a logged-out session again. */
export const relinkRoutes: FastifyPluginAsyncTypebox<RelinkRoutesOptions> = async (app, options) => {
  const { relink, directory, guards } = options;
  app.post(
    '/sessions/:id/relink',
    {
      config: { audit: 'session.relink_requested' },
      onRequest: guards({ audience: 'caller', permission: 'system.manage', limits: ['session_operations'] }),
      schema: {
        tags: ['Sessions'],
        operationId: 'sessions.relink',
        summary: 'Link a logged-out session again, with all that it has',
        description:
          'Its id, keys, webhooks, settings and accepted messages stay. Answers with a QR code, or with a code for `phoneNumber`; GET /api/sessions/{id}/qr/stream follows. The account of before has to scan: another one is unlinked at once, unless `anotherNumber` allows it.',
        params: SessionParamsSchema,
        body: RelinkRequestSchema,
        response: {
          200: success(RelinkResultSchema),
          ...errorResponses(
            'SESSION_NOT_FOUND',
            'SESSION_ALREADY_PAIRED',
            'QR_NOT_READY',
            'INVALID_RECIPIENT',
            'SESSION_MOVING',
            'WORKER_ERROR',
          ),
        },
      },
    },
    async (request) => {
      const session = await directory.resolve(principalOf(request), request.params.id);
      return ok(
        await relink.begin(actorOf(request), session, request.body ?? {}, ownerCalls(options.owner, session, request)),
      );
    },
  );
};

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  SessionParamsSchema,
  SessionProxySchema,
  SetProxyRequestSchema,
  SetProxyResultSchema,
  success,
} from '@wa-gate/contracts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import type { OwnerLink } from '../../worker-links/owner-link.ts';
import { actorOf } from '../audit/index.ts';
import type { SessionDirectory } from '../sessions/index.ts';
import { ownerCalls } from './owner-calls.ts';
import type { ProxiesService } from './proxies.service.ts';

export interface ProxiesRoutesOptions {
  proxies: ProxiesService;
  owner: OwnerLink;
  directory: SessionDirectory;
  guards: Guards;
}

const tags = ['Sessions'];
const TAKES_EFFECT = 'A connected session reconnects at once, with the same device: no new QR code.';

/** By which proxy a session goes out. */
export const proxiesRoutes: FastifyPluginAsyncTypebox<ProxiesRoutesOptions> = async (app, options) => {
  const { proxies, directory, guards } = options;

  app.get(
    '/sessions/:id/proxy',
    {
      onRequest: guards({ audience: 'caller', permission: 'logs.view' }),
      schema: {
        tags,
        operationId: 'sessions.getProxy',
        summary: 'By which proxy the session goes out, and how that went',
        params: SessionParamsSchema,
        response: { 200: success(SessionProxySchema), ...errorResponses('SESSION_NOT_FOUND') },
      },
    },
    async (request) => ok(await proxies.get(await directory.resolve(principalOf(request), request.params.id))),
  );

  app.put(
    '/sessions/:id/proxy',
    {
      config: { audit: 'session.proxy_set' },
      onRequest: guards({ audience: 'workspace', permission: 'system.manage', limits: ['session_operations'] }),
      schema: {
        tags,
        operationId: 'sessions.setProxy',
        summary: 'Give the session a proxy of its own',
        description: `For its connection to WhatsApp, its files and the previews of its links. The worker of the session tries it first: a proxy by which WhatsApp cannot be reached is refused. ${TAKES_EFFECT}`,
        params: SessionParamsSchema,
        body: SetProxyRequestSchema,
        response: {
          200: success(SetProxyResultSchema),
          ...errorResponses(
            'SESSION_NOT_FOUND',
            'PROXY_INVALID',
            'PROXY_UNREACHABLE',
            'SESSION_MOVING',
            'WORKER_ERROR',
          ),
        },
      },
    },
    async (request) => {
      const session = await directory.resolve(principalOf(request), request.params.id);
      const calls = ownerCalls(options.owner, session, request);
      return ok(await proxies.set(actorOf(request), session, request.body, calls));
    },
  );

  app.delete(
    '/sessions/:id/proxy',
    {
      config: { audit: 'session.proxy_removed' },
      onRequest: guards({ audience: 'workspace', permission: 'system.manage', limits: ['session_operations'] }),
      schema: {
        tags,
        operationId: 'sessions.removeProxy',
        summary: 'Take the session its own proxy',
        description: `It goes out by a proxy of the operator's afterwards, or directly where there is none. ${TAKES_EFFECT}`,
        params: SessionParamsSchema,
        response: { 200: success(SetProxyResultSchema), ...errorResponses('SESSION_NOT_FOUND') },
      },
    },
    async (request) => {
      const session = await directory.resolve(principalOf(request), request.params.id);
      return ok(await proxies.remove(actorOf(request), session, ownerCalls(options.owner, session, request)));
    },
  );
};

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { ApiError } from '../../http/api-error.ts';
import { ok } from '../../http/envelope.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { isAllowedInSandbox, type SandboxControl } from './sandbox-control.ts';

export interface SandboxRoutesOptions {
  sandbox: SandboxControl;
  guards: Guards;
}

/** A picture of a few megabytes as base64, and the fields around it. */
const MAX_BODY_BYTES = 12 * 1024 * 1024;
/** What browsers show as a picture and cannot run. */
const PICTURE = /^image\/(?:png|jpeg|webp|gif)$/;

/**
 * The phones of a sandbox, for the page that plays with them. The phones belong to nobody: whoever may call this reads
 * and writes as all of them. So only administrators may, and the routes are there only where the operator has named
 * the sandbox. They are no part of the public API.
 */
export const sandboxRoutes: FastifyPluginAsyncTypebox<SandboxRoutesOptions> = async (app, { sandbox, guards }) => {
  app.route({
    method: ['GET', 'POST', 'PATCH', 'DELETE'],
    url: '/sandbox/*',
    onRequest: guards({ audience: 'administrator' }),
    bodyLimit: MAX_BODY_BYTES,
    schema: {
      hide: true,
      querystring: Type.Object({
        after: Type.Optional(Type.Integer({ minimum: 0 })),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
      }),
    },
    handler: async (request, reply) => {
      const { '*': path } = request.params as { '*': string };
      const { method, query, body } = request;
      if (!isAllowedInSandbox(method, path)) throw new ApiError('ROUTE_NOT_FOUND');
      const answer = await sandbox.call({
        method,
        path,
        query: query as Record<string, number>,
        body: body ?? undefined,
      });
      if (answer.type.startsWith('application/json')) return ok(JSON.parse(answer.bytes.toString()));
      if (answer.bytes.length === 0) return ok({});
      const type = answer.type.split(';')[0] ?? '';
      return reply
        .type(PICTURE.test(type) ? type : 'application/octet-stream')
        .header('content-disposition', PICTURE.test(type) ? 'inline' : 'attachment')
        .header('cache-control', 'private, max-age=3600')
        .send(answer.bytes);
    },
  });
};

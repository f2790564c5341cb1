import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  SetWhatsAppVersionRequestSchema,
  success,
  WhatsAppVersionSchema,
  WhatsAppVersionsSchema,
} from '@wa-gate/contracts';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { actorOf } from '../audit/index.ts';
import type { VersionsService } from './versions.service.ts';

export interface VersionsRoutesOptions {
  versions: VersionsService;
  guards: Guards;
}

const tags = ['Workers'];

/** The version of WhatsApp Web of a whole network, and one that some sessions try. */
export const versionsRoutes: FastifyPluginAsyncTypebox<VersionsRoutesOptions> = async (app, { versions, guards }) => {
  const onRequest = guards({ audience: 'administrator' });

  app.get(
    '/admin/whatsapp-version',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'whatsappVersion.get',
        summary: 'With which versions of WhatsApp Web sessions log in',
        response: { 200: success(WhatsAppVersionsSchema), ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN') },
      },
    },
    async () => ok({ networks: await versions.list() }),
  );

  app.put(
    '/admin/whatsapp-version',
    {
      config: { audit: 'whatsapp_version.set' },
      onRequest,
      schema: {
        tags,
        operationId: 'whatsappVersion.set',
        summary: 'Set the version of WhatsApp Web, or have some sessions try another one',
        description:
          'It holds from the next login of each session on, without a restart of workers; POST /api/sessions/{id}/restart makes one log in. A candidate that WhatsApp refuses (405) to more than a tenth of the sessions that have tried it is rolled back by itself.',
        body: SetWhatsAppVersionRequestSchema,
        response: { 200: success(WhatsAppVersionSchema), ...errorResponses('SESSION_NOT_FOUND') },
      },
    },
    async (request) => ok(await versions.set(actorOf(request), request.body)),
  );
};

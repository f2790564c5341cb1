import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  AddOptOutRequestSchema,
  ChangeConsentSettingsRequestSchema,
  ConsentSettingsSchema,
  ImportOptOutsResultSchema,
  ListConsentQuerySchema,
  ListConsentResultSchema,
  ListOptOutsQuerySchema,
  ListOptOutsResultSchema,
  OPT_OUT_IMPORT,
  OptOutParamsSchema,
  OptOutSchema,
  RemovedOptOutSchema,
  success,
} from '@wa-gate/contracts';
import type { WorkFolder } from '@wa-gate/media';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { acceptCsvBodies, refuseLargeCsv, spoolCsv } from '../../http/csv-file.ts';
import { ok } from '../../http/envelope.ts';
import { refuseUnstorableBody } from '../../http/stored-text.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import { actorOf } from '../audit/index.ts';
import type { ConsentService } from './consent.service.ts';

export interface ConsentRoutesOptions {
  consent: ConsentService;
  workFolder: WorkFolder;
  guards: Guards;
}

const tags = ['Consent'];
const manage = { audience: 'workspace', permission: 'broadcasts.manage' } as const;

export const consentRoutes: FastifyPluginAsyncTypebox<ConsentRoutesOptions> = async (app, options) => {
  const { consent, workFolder, guards } = options;
  const workspaceOf = (request: FastifyRequest): string => principalOf(request).workspaceId;
  app.addHook('preValidation', refuseUnstorableBody);

  app.get(
    '/opt-outs',
    {
      onRequest: guards(manage),
      schema: {
        tags,
        operationId: 'optOuts.list',
        summary: 'Who wants no broadcasts',
        querystring: ListOptOutsQuerySchema,
        response: { 200: success(ListOptOutsResultSchema), ...errorResponses() },
      },
    },
    async (request) => ok(await consent.list(workspaceOf(request), request.query)),
  );

  app.post(
    '/opt-outs',
    {
      onRequest: guards(manage),
      config: { audit: 'optout.added' },
      schema: {
        tags,
        operationId: 'optOuts.add',
        summary: 'Send somebody no more broadcasts',
        description:
          'Under all names of the person, from this moment on: what running broadcasts have not sent yet is taken back. Messages to one person are not concerned.',
        body: AddOptOutRequestSchema,
        response: { 200: success(OptOutSchema), ...errorResponses('INVALID_RECIPIENT') },
      },
    },
    async (request) => {
      const { to, note } = request.body;
      return ok(await consent.add(actorOf(request), workspaceOf(request), to, note));
    },
  );

  app.delete(
    '/opt-outs/:recipient',
    {
      onRequest: guards(manage),
      config: { audit: 'optout.removed' },
      schema: {
        tags,
        operationId: 'optOuts.remove',
        summary: 'Somebody wants broadcasts again',
        params: OptOutParamsSchema,
        response: { 200: success(RemovedOptOutSchema), ...errorResponses('OPT_OUT_NOT_FOUND', 'INVALID_RECIPIENT') },
      },
    },
    async (request) => ok(await consent.remove(actorOf(request), workspaceOf(request), request.params.recipient)),
  );

  app.get(
    '/opt-outs/log',
    {
      onRequest: guards(manage),
      schema: {
        tags,
        operationId: 'optOuts.log',
        summary: 'The ledger of consent: who left and came back, when, and by which message',
        querystring: ListConsentQuerySchema,
        response: { 200: success(ListConsentResultSchema), ...errorResponses('INVALID_RECIPIENT') },
      },
    },
    async (request) => ok(await consent.log(workspaceOf(request), request.query)),
  );

  app.get(
    '/opt-outs/settings',
    {
      onRequest: guards(manage),
      schema: {
        tags,
        operationId: 'optOuts.settings',
        summary: 'The keywords by which people leave and come back',
        response: { 200: success(ConsentSettingsSchema), ...errorResponses() },
      },
    },
    async (request) => ok(await consent.settings(workspaceOf(request))),
  );

  app.patch(
    '/opt-outs/settings',
    {
      onRequest: guards(manage),
      config: { audit: 'consent.changed' },
      schema: {
        tags,
        operationId: 'optOuts.changeSettings',
        summary: 'Change the keywords',
        body: ChangeConsentSettingsRequestSchema,
        response: { 200: success(ConsentSettingsSchema), ...errorResponses() },
      },
    },
    async (request) => ok(await consent.change(actorOf(request), workspaceOf(request), request.body)),
  );

  await app.register(async (scope) => {
    acceptCsvBodies(scope);
    scope.post(
      '/opt-outs/import',
      {
        onRequest: [guards(manage), refuseLargeCsv(OPT_OUT_IMPORT.bytes)],
        config: { audit: 'optouts.imported' },
        bodyLimit: OPT_OUT_IMPORT.bytes,
        schema: {
          tags,
          operationId: 'optOuts.import',
          summary: 'Import a list of people who want no broadcasts',
          description:
            'The body is the file. Its first line names a column of phone numbers, or its first column holds them.',
          consumes: ['text/csv'],
          body: Type.Unsafe<string>({ description: 'The file.', examples: ['phoneNumber\n+6281234567890\n'] }),
          response: { 200: success(ImportOptOutsResultSchema), ...errorResponses() },
        },
      },
      async (request) => {
        const file = await spoolCsv(request.body, workFolder, OPT_OUT_IMPORT.bytes);
        try {
          return ok(await consent.importFile(actorOf(request), workspaceOf(request), file.path));
        } finally {
          await file[Symbol.asyncDispose]();
        }
      },
    );
  });
};

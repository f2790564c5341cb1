import { OPERATION_NAMES, operationOf } from '@wa-gate/contracts';
import type { FastifyPluginAsync } from 'fastify';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import type { OwnerStreams } from '../../worker-links/owner-stream.ts';
import type { SessionDirectory } from '../sessions/index.ts';
import { groupExport } from './group-export.ts';
import { type MessageActionsRoutesOptions, messageActionsRoutes } from './message-actions.routes.ts';
import { addOperation, describeOperation, type OperationServices } from './operation-route.ts';
import { qrStream } from './qr-stream.ts';

export interface LiveRoutesOptions extends OperationServices, MessageActionsRoutesOptions {
  ownerStreams: OwnerStreams;
  directory: SessionDirectory;
  guards: Guards;
}

/** All operations: done by the worker that hosts the session, answered in our envelope. */
export const liveRoutes: FastifyPluginAsync<LiveRoutesOptions> = async (app, options) => {
  const { ownerStreams, directory, guards } = options;
  for (const name of OPERATION_NAMES) {
    const {
      path,
      tag = 'Sessions',
      summary,
      description,
      audience = 'caller',
      permission,
      limits,
      errors,
    } = operationOf(name);
    const { response, ...input } = describeOperation(name);
    addOperation(app, options, {
      name,
      url: path,
      onRequest: guards({ audience, permission, ...(limits && { limits }) }),
      sessionOf: (request) => directory.resolve(principalOf(request), (request.params as { id: string }).id),
      schema: {
        tags: [tag],
        operationId: name,
        summary,
        ...(description && { description }),
        ...input,
        response: { 200: response, ...errorResponses(...errors) },
      },
    });
  }
  await app.register(messageActionsRoutes, options);
  await app.register(groupExport, options);
  await app.register(qrStream, { ownerStreams, directory, guards });
};

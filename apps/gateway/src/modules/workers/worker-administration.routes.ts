import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  AddWorkerRequestSchema,
  AddWorkerResultSchema,
  PatchWorkerRequestSchema,
  RemoveWorkerQuerySchema,
  RemoveWorkerResultSchema,
  RevokedTokenSchema,
  success,
  WORKER_ACTIONS,
  type WorkerAction,
  WorkerParamsSchema,
  WorkerSchema,
} from '@wa-gate/contracts';
import { Type } from 'typebox';
import { ok } from '../../http/envelope.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Guards } from '../../plugins/route-access.ts';
import { actorOf } from '../audit/index.ts';
import { AUDIT_OF_ACTION, type WorkerAdministration } from './worker-administration.ts';
import type { WorkerRemoval } from './worker-removal.ts';

export interface WorkerAdministrationRoutesOptions {
  workerAdministration: WorkerAdministration;
  workerRemoval: WorkerRemoval;
  guards: Guards;
}

const tags = ['Workers'];

const ACTION_DESCRIPTIONS: Record<WorkerAction, { summary: string; description: string }> = {
  cordon: { summary: 'Place nothing new on a worker', description: 'Its sessions stay where they are.' },
  uncordon: { summary: 'Use a worker again', description: 'Ends what `cordon`, `drain` and `maintenance` have begun.' },
  drain: {
    summary: 'Move everything off a worker',
    description:
      'Nothing new comes, and its sessions are handed over while other workers have room. Follow `sessionCount`.',
  },
  maintenance: {
    summary: 'Begin maintenance of a worker',
    description:
      'As `drain`, and it stays so over restarts of the worker until it is ended (DELETE of the same path, or `uncordon`).',
  },
};

export const workerAdministrationRoutes: FastifyPluginAsyncTypebox<WorkerAdministrationRoutesOptions> = async (
  app,
  { workerAdministration, workerRemoval, guards },
) => {
  const onRequest = guards({ audience: 'administrator' });

  app.get(
    '/admin/workers',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'workers.list',
        summary: 'All workers',
        response: {
          200: success(Type.Object({ workers: Type.Array(WorkerSchema) })),
          ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN'),
        },
      },
    },
    async () => ok({ workers: await workerAdministration.list() }),
  );

  app.post(
    '/admin/workers',
    {
      onRequest,
      config: { audit: 'worker.added' },
      schema: {
        tags,
        operationId: 'workers.add',
        summary: 'Expect a worker at an endpoint',
        description:
          'The worker is `pending` until it registers with the join token. Without `workerId` it is the one that answers there, or the one that registers from there. A worker that runs already and was only waiting for this answers as `online`. `maxSessions` comes before what the worker says itself.',
        body: AddWorkerRequestSchema,
        response: {
          201: success(AddWorkerResultSchema),
          ...errorResponses('WORKER_ENDPOINT_REFUSED', 'WORKER_ENDPOINT_TAKEN', 'WORKER_EXISTS', 'WORKER_NOT_FOUND'),
        },
      },
    },
    async (request, reply) => {
      const worker = await workerAdministration.add(request.body, actorOf(request));
      return reply.code(201).send(ok({ workerId: worker.id, ...worker }));
    },
  );

  app.get(
    '/admin/workers/:id',
    {
      onRequest,
      schema: {
        tags,
        operationId: 'workers.get',
        summary: 'One worker',
        params: WorkerParamsSchema,
        response: { 200: success(WorkerSchema), ...errorResponses('WORKER_NOT_FOUND') },
      },
    },
    async (request) => ok(await workerAdministration.get(request.params.id)),
  );

  app.patch(
    '/admin/workers/:id',
    {
      onRequest,
      config: { audit: 'worker.updated' },
      schema: {
        tags,
        operationId: 'workers.update',
        summary: 'Change a worker',
        description:
          'Both last over restarts of the worker. With a smaller `maxSessions` the least urgent sessions beyond it move to other workers at once.',
        params: WorkerParamsSchema,
        body: PatchWorkerRequestSchema,
        response: { 200: success(WorkerSchema), ...errorResponses('WORKER_NOT_FOUND', 'WORKER_TOO_SMALL') },
      },
    },
    async (request) => ok(await workerAdministration.change(request.params.id, request.body, actorOf(request))),
  );

  app.delete(
    '/admin/workers/:id',
    {
      onRequest,
      config: { audit: 'worker.removed' },
      schema: {
        tags,
        operationId: 'workers.remove',
        summary: 'Remove a worker',
        description:
          'Its sessions move to other workers first; the answer comes when they have, within 40 s. A process that still runs stops its sessions, and may not register again until the worker is added again.',
        params: WorkerParamsSchema,
        querystring: RemoveWorkerQuerySchema,
        response: { 200: success(RemoveWorkerResultSchema), ...errorResponses('WORKER_NOT_FOUND', 'WORKER_NOT_EMPTY') },
      },
    },
    async (request) => {
      const { force = false } = request.query;
      return ok(await workerRemoval.remove(request.params.id, { force }, actorOf(request)));
    },
  );

  for (const action of WORKER_ACTIONS) {
    app.post(
      `/admin/workers/:id/${action}`,
      {
        onRequest,
        config: { audit: AUDIT_OF_ACTION[action] },
        schema: {
          tags,
          operationId: `workers.${action}`,
          ...ACTION_DESCRIPTIONS[action],
          params: WorkerParamsSchema,
          response: {
            200: success(WorkerSchema),
            ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN', 'WORKER_NOT_FOUND'),
          },
        },
      },
      async (request) => ok(await workerAdministration.act(request.params.id, action, actorOf(request))),
    );
  }

  app.delete(
    '/admin/workers/:id/maintenance',
    {
      onRequest,
      config: { audit: 'worker.maintenance_ended' },
      schema: {
        tags,
        operationId: 'workers.endMaintenance',
        summary: 'End maintenance of a worker',
        description: 'It takes sessions again. A worker that is not in maintenance stays as it is.',
        params: WorkerParamsSchema,
        response: { 200: success(WorkerSchema), ...errorResponses('WORKER_NOT_FOUND') },
      },
    },
    async (request) => ok(await workerAdministration.endMaintenance(request.params.id, actorOf(request))),
  );

  app.delete(
    '/admin/workers/:id/token',
    {
      onRequest,
      config: { audit: 'worker.token_revoked' },
      schema: {
        tags,
        operationId: 'workers.revokeToken',
        summary: 'Revoke the token of a worker',
        description:
          'Its heartbeats are refused from now on. A worker of ours notices within two minutes and registers again, which connects its sessions anew.',
        params: WorkerParamsSchema,
        response: { 200: success(RevokedTokenSchema), ...errorResponses('WORKER_NOT_FOUND') },
      },
    },
    async (request) => {
      const { id: workerId } = request.params;
      await workerAdministration.revokeToken(workerId, actorOf(request));
      return ok({ workerId, revoked: true as const });
    },
  );
};

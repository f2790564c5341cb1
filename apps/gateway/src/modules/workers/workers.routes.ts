import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  HeartbeatRequestSchema,
  RegisterWorkerRequestSchema,
  RegisterWorkerResultSchema,
  success,
  WORKER_ACTIONS,
  type WorkerAction,
  WorkerParamsSchema,
  WorkerSchema,
} from '@wa-gate/contracts';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { ApiError } from '../../api-error.ts';
import { ok } from '../../envelope.ts';
import type { Guards } from '../../plugins/auth.ts';
import { readCredential } from '../../plugins/credentials.ts';
import { errorResponses } from '../../plugins/error-responses.ts';
import type { WorkersService } from './workers.service.ts';

export interface WorkersRoutesOptions {
  workers: WorkersService;
  guards: Guards;
}

const tags = ['Workers'];

const ACTION_DESCRIPTIONS: Record<WorkerAction, { summary: string; description: string }> = {
  cordon: { summary: 'Place nothing new on a worker', description: 'Its sessions stay where they are.' },
  uncordon: { summary: 'Use a worker again', description: 'Ends what `cordon` and `drain` have begun.' },
  drain: {
    summary: 'Move everything off a worker',
    description:
      'Nothing new comes, and its sessions are handed over while other workers have room. Follow `sessionCount`.',
  },
};

/** The token of a worker, by `Authorization: Bearer` or `X-Worker-Token`. */
function tokenOf(request: FastifyRequest): string {
  const credential = readCredential(request, false);
  if (!credential || credential.place === 'cookie') {
    throw new ApiError('UNAUTHENTICATED', {
      message: 'This needs the token of a worker: `Authorization: Bearer` or `X-Worker-Token`.',
    });
  }
  return credential.value;
}

export const workersRoutes: FastifyPluginAsyncTypebox<WorkersRoutesOptions> = async (app, { workers, guards }) => {
  app.post(
    '/admin/workers/register',
    {
      async onRequest(request) {
        if (!workers.isJoinToken(tokenOf(request))) {
          throw new ApiError('UNAUTHENTICATED', {
            message: 'This is not the join token of this installation (WORKER_AUTH_TOKEN).',
          });
        }
      },
      schema: {
        tags,
        summary: 'A worker joins (internal)',
        description:
          'With the join token. The gateway asks GET {endpoint}/health, then begins a new incarnation with a lease.',
        body: RegisterWorkerRequestSchema,
        response: {
          201: success(RegisterWorkerResultSchema),
          ...errorResponses('UNAUTHENTICATED', 'WORKER_UNREACHABLE', 'WORKER_ENDPOINT_TAKEN', 'WORKER_LEASE_HELD'),
        },
        security: [{ workerToken: [] }, { bearer: [] }],
      },
    },
    async (request, reply) => {
      const { workerId, token, incarnation } = await workers.register(request.body);
      const data = { workerId, status: 'registered', token, incarnation } as const;
      return reply.code(201).send(ok(data));
    },
  );

  app.put(
    '/admin/workers/:id/heartbeat',
    {
      schema: {
        tags,
        summary: 'Metrics of a worker (internal)',
        description: 'With the worker’s own token. Brings metrics only; its lease is another matter.',
        params: WorkerParamsSchema,
        body: HeartbeatRequestSchema,
        response: {
          200: Type.Object({ success: Type.Literal(true), status: Type.Literal('success'), message: Type.String() }),
          ...errorResponses('UNAUTHENTICATED'),
        },
        security: [{ workerToken: [] }, { bearer: [] }],
      },
    },
    async (request) => {
      await workers.heartbeat(request.params.id, tokenOf(request), request.body.metrics);
      return { success: true as const, status: 'success' as const, message: 'Heartbeat updated' };
    },
  );

  app.get(
    '/admin/workers',
    {
      onRequest: guards({ audience: 'administrator' }),
      schema: {
        tags,
        summary: 'All workers',
        response: {
          200: success(Type.Object({ workers: Type.Array(WorkerSchema) })),
          ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN'),
        },
      },
    },
    async () => ok({ workers: await workers.list() }),
  );

  for (const action of WORKER_ACTIONS) {
    app.post(
      `/admin/workers/:id/${action}`,
      {
        onRequest: guards({ audience: 'administrator' }),
        schema: {
          tags,
          ...ACTION_DESCRIPTIONS[action],
          params: WorkerParamsSchema,
          response: {
            200: success(WorkerSchema),
            ...errorResponses('UNAUTHENTICATED', 'FORBIDDEN', 'WORKER_NOT_FOUND'),
          },
        },
      },
      async (request) => ok(await workers.act(request.params.id, action)),
    );
  }
};

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  HeartbeatRequestSchema,
  RegisterWorkerRequestSchema,
  RegisterWorkerResultSchema,
  success,
  WorkerParamsSchema,
  WorkerTokenSchema,
} from '@wa-gate/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { ApiError } from '../../http/api-error.ts';
import { ok } from '../../http/envelope.ts';
import { readCredential } from '../../plugins/credentials.ts';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import type { Limiter } from '../../plugins/rate-limit/index.ts';
import { actorOf } from '../audit/index.ts';
import type { WorkersService } from './workers.service.ts';

export interface WorkersRoutesOptions {
  workers: WorkersService;
  limiter: Limiter;
}

const tags = ['Workers'];
const security = [{ workerToken: [] }, { bearer: [] }];

/** The token of a worker, by `Authorization: Bearer` or `X-Worker-Token`. */
function tokenOf(request: FastifyRequest): string {
  const credential = readCredential(request, false);
  if (credential?.place === 'header') return credential.value;
  throw new ApiError('UNAUTHENTICATED', {
    message: 'This needs the token of a worker: `Authorization: Bearer` or `X-Worker-Token`.',
  });
}

/** What workers call. A worker is counted by no limit; who cannot prove to be one is counted by its address. */
export const workersRoutes: FastifyPluginAsyncTypebox<WorkersRoutesOptions> = async (app, { workers, limiter }) => {
  async function counted<T>(request: FastifyRequest, reply: FastifyReply, work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ApiError && error.code === 'UNAUTHENTICATED') {
        await limiter.take(request, reply, null, ['ip']);
      }
      throw error;
    }
  }

  app.post(
    '/admin/workers/register',
    {
      onRequest: (request, reply) => counted(request, reply, () => workers.assertJoin(tokenOf(request))),
      config: { audit: 'worker.registered', isInternal: true },
      schema: {
        tags,
        operationId: 'workers.register',
        summary: 'A worker joins (internal)',
        description:
          'With the join token. The gateway asks GET {endpoint}/health within 5 s, at an address where workers may be (WORKER_ENDPOINT_ALLOW), then begins a new incarnation with a lease.',
        body: RegisterWorkerRequestSchema,
        response: {
          201: success(RegisterWorkerResultSchema),
          ...errorResponses(
            'UNAUTHENTICATED',
            'WORKER_ENDPOINT_REFUSED',
            'WORKER_UNREACHABLE',
            'WORKER_REMOVED',
            'WORKER_ENDPOINT_TAKEN',
            'WORKER_LEASE_HELD',
          ),
        },
        security,
      },
    },
    async (request, reply) => {
      const { workerId, token, incarnation } = await workers.register(request.body, actorOf(request));
      const data = { workerId, status: 'registered', token, incarnation } as const;
      return reply.code(201).send(ok(data));
    },
  );

  app.put(
    '/admin/workers/:id/heartbeat',
    {
      onRequest: (request, reply) => counted(request, reply, () => void tokenOf(request)),
      config: { isInternal: true },
      schema: {
        tags,
        operationId: 'workers.heartbeat',
        summary: 'Metrics of a worker (internal)',
        description: 'With the worker’s own token. Brings metrics only; its lease is another matter.',
        params: WorkerParamsSchema,
        body: HeartbeatRequestSchema,
        response: {
          200: Type.Object({ success: Type.Literal(true), status: Type.Literal('success'), message: Type.String() }),
          ...errorResponses('UNAUTHENTICATED'),
        },
        security,
      },
    },
    async (request, reply) => {
      const { params, body } = request;
      await counted(request, reply, () => workers.heartbeat(params.id, tokenOf(request), body.metrics));
      return { success: true as const, status: 'success' as const, message: 'Heartbeat updated' };
    },
  );

  app.post(
    '/admin/workers/:id/token',
    {
      onRequest: (request, reply) => counted(request, reply, () => void tokenOf(request)),
      config: { audit: 'worker.token_rotated', isInternal: true },
      schema: {
        tags,
        operationId: 'workers.rotateToken',
        summary: 'A worker changes its token (internal)',
        description: 'With the worker’s own token, which stays good for five more minutes.',
        params: WorkerParamsSchema,
        response: { 200: success(WorkerTokenSchema), ...errorResponses('UNAUTHENTICATED') },
        security,
      },
    },
    async (request, reply) => {
      const { id: workerId } = request.params;
      const rotate = () => workers.rotateToken(workerId, tokenOf(request), actorOf(request));
      return ok({ workerId, token: await counted(request, reply, rotate) });
    },
  );
};

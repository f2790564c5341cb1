import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import websocket from '@fastify/websocket';
import { ERRORS, type WorkerStats } from '@wa-gate/contracts';
import { isDatabaseUnavailable } from '@wa-gate/db';
import { type Logger, newRequestId } from '@wa-gate/kit';
import { MAX_CONTROL_FRAME_BYTES } from '@wa-gate/messaging';
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { controlRoute } from './control/control-route.ts';
import type { ControlPort } from './control/control-stream.ts';
import { traceCalls } from './live/call-tracing.ts';
import { fleetRoutes } from './live/fleet-routes.ts';
import type { OwnershipOptions } from './live/ownership.ts';
import { type ProbeRoutesOptions, probeRoutes } from './live/probe-routes.ts';
import { proofFor } from './live/proof.ts';
import { sessionRoutes } from './live/session-routes.ts';
import { type SchemaCompilation, schemaCompilers } from './schema-compilers.ts';
import { SessionRefusal } from './session/errors.ts';

export interface WorkerAppDependencies {
  logger: Logger;
  probes: ProbeRoutesOptions;
  ownership: OwnershipOptions;
  control: ControlPort;
  stats: () => WorkerStats;
  /** @default 'at first use' */
  compilation?: SchemaCompilation;
}

const BODY_LIMIT = 64 * 1024;
const REQUEST_TIMEOUT_MS = 60_000;

/**
 * The internal API: probes without authentication, operations and control streams for gateways. No I/O before `listen`.
 */
export function buildWorkerApp(deps: WorkerAppDependencies): FastifyInstance {
  const { logger, probes, ownership, control, stats, compilation = 'at first use' } = deps;
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    requestIdHeader: 'x-request-id',
    genReqId: newRequestId,
    forceCloseConnections: 'idle',
    schemaController: { compilersFactory: schemaCompilers(compilation) },
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const answer = describe(error);
    if (answer.httpStatus >= 500) logger.error({ err: error, requestId: request.id }, 'request failed');
    const { details, retryAfter } = error instanceof SessionRefusal ? error : {};
    return reply.code(answer.httpStatus).send({
      success: false,
      status: 'error',
      error: answer.sentence,
      code: answer.code,
      retryable: answer.retryable,
      ...(details && { details }),
      ...(retryAfter !== undefined && { retryAfter }),
      requestId: request.id,
    });
  });
  app.setNotFoundHandler((request, reply) => {
    const { sentence, retryable } = ERRORS.ROUTE_NOT_FOUND;
    const body = { success: false, status: 'error', error: sentence, code: 'ROUTE_NOT_FOUND', retryable };
    return reply.code(404).send({ ...body, requestId: request.id });
  });

  traceCalls(app as unknown as FastifyInstance);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(proofFor(ownership, request.raw));
  });
  app.register(websocket, { options: { perMessageDeflate: false, maxPayload: MAX_CONTROL_FRAME_BYTES } });
  app.register(probeRoutes, probes);
  app.register(sessionRoutes, ownership);
  app.register(fleetRoutes, { ...ownership, logger, stats });
  app.register(controlRoute, { ...ownership, control });
  return app as unknown as FastifyInstance;
}

function describe(error: FastifyError): { httpStatus: number; code: string; sentence: string; retryable: boolean } {
  if (error instanceof SessionRefusal) {
    const { status, retryable } = ERRORS[error.code];
    return { httpStatus: status, code: error.code, sentence: error.message, retryable };
  }
  if (isDatabaseUnavailable(error)) {
    const { status, sentence, retryable } = ERRORS.DATABASE_UNAVAILABLE;
    return { httpStatus: status, code: 'DATABASE_UNAVAILABLE', sentence, retryable };
  }
  const status = error.statusCode ?? 500;
  if (status < 500) return { httpStatus: status, code: 'VALIDATION', sentence: error.message, retryable: false };
  const { sentence, retryable } = ERRORS.INTERNAL;
  return { httpStatus: 500, code: 'INTERNAL', sentence, retryable };
}

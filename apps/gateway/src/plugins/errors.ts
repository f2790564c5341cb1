import { ERRORS, type ErrorBody, type ErrorCode, ErrorSchema, type ProblemDetails } from '@wa-gate/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { ApiError } from '../http/api-error.ts';
import { createKnownRoutes } from './known-routes.ts';
import { toApiError } from './to-api-error.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The answer for a path without a route, and for a path that has routes of other methods. */
    answerNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply;
  }
}

/** A request that the router itself refuses has no server yet. */
const errorDocs = (code: ErrorCode, { server }: FastifyRequest): string =>
  `${(server as FastifyRequest['server'] | undefined)?.basePath ?? ''}/api/errors/${code}`;

function envelope(error: ApiError, request: FastifyRequest): ErrorBody {
  return {
    success: false,
    status: 'error',
    error: error.message,
    code: error.code,
    ...(error.details && { details: error.details }),
    retryable: error.retryable,
    ...(error.retryAfter !== undefined && { retryAfter: error.retryAfter }),
    requestId: request.id,
    docs: errorDocs(error.code, request),
  };
}

/** The path of a request as its caller wrote it. */
const pathOf = ({ originalUrl }: FastifyRequest): string => originalUrl.split('?', 1)[0]!;

function problem(error: ApiError, request: FastifyRequest): ProblemDetails {
  const { status, sentence } = ERRORS[error.code];
  return {
    type: errorDocs(error.code, request),
    title: sentence,
    status,
    detail: error.message,
    instance: pathOf(request),
    code: error.code,
    ...(error.details && { details: error.details }),
    retryable: error.retryable,
    ...(error.retryAfter !== undefined && { retryAfter: error.retryAfter }),
    requestId: request.id,
  };
}

/** Sends a refusal: the envelope, or RFC 9457 to those who ask for it. */
export function sendError(request: FastifyRequest, reply: FastifyReply, thrown: unknown): FastifyReply {
  const error = toApiError(thrown, request.routeOptions?.schema, request.routeOptions?.bodyLimit);
  const { status } = ERRORS[error.code];
  request.refusal = error.code;
  if (status === 500) request.log.error({ err: error.cause ?? error }, 'request failed');
  else if (status > 500) request.log.warn({ err: error.cause, code: error.code }, 'request refused');
  reply.code(status);
  if (error.retryAfter !== undefined) reply.header('retry-after', error.retryAfter);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  if (request.headers.accept?.includes('application/problem+json')) {
    // As text: a response schema of the route would cut it down to the envelope.
    return reply.type('application/problem+json').serializer(JSON.stringify).send(problem(error, request));
  }
  return reply.type('application/json; charset=utf-8').serializer(JSON.stringify).send(envelope(error, request));
}

export interface ErrorsOptions {
  /** The answer for a browser that asks for a page at a path without a route; `undefined`: it gets the error. */
  page?: (request: FastifyRequest, reply: FastifyReply) => FastifyReply | undefined;
}

/** One error handler for all, and the same envelope for routes that do not exist. */
export const errors = fastifyPlugin<ErrorsOptions>(
  async (app, { page }) => {
    const routes = createKnownRoutes();
    app.addHook('onRoute', (route) => routes.add(route));
    app.decorate('answerNotFound', (request: FastifyRequest, reply: FastifyReply) => {
      const { method } = request;
      const path = pathOf(request);
      // The router knows the URL without the version.
      const methods = routes.methodsOf(request.url.split('?', 1)[0]!);
      // A route of this very method has looked, and has found nothing.
      if (methods.length === 0 || methods.includes(method)) {
        return sendError(request, reply, new ApiError('ROUTE_NOT_FOUND', { details: { method, path } }));
      }
      reply.header('allow', methods.join(', '));
      const message = `${method} is no method of this path. It has ${methods.join(', ')}.`;
      const details = { method, path, allowed: methods };
      return sendError(request, reply, new ApiError('METHOD_NOT_ALLOWED', { message, details }));
    });
    app.addSchema(ErrorSchema);
    app.setErrorHandler((error, request, reply) => sendError(request, reply, error));
    app.setNotFoundHandler((request, reply) => page?.(request, reply) ?? app.answerNotFound(request, reply));
  },
  { name: 'errors' },
);

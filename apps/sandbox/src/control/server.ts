import { timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import AjvCompiler from '@fastify/ajv-compiler';
import SerializerSelector from '@fastify/fast-json-stringify-compiler';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { lateCompiler } from '@wa-gate/kit';
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { SandboxError } from '../errors.ts';
import type { ServerContext } from '../server/context.ts';
import { VERSION } from '../version.ts';
import { callRoutes } from './routes/calls.ts';
import { channelRoutes } from './routes/channels.ts';
import { clientVersionRoutes } from './routes/client-versions.ts';
import { faultRoutes } from './routes/faults.ts';
import { groupRoutes } from './routes/groups.ts';
import { messageRoutes } from './routes/messages.ts';
import { phoneRoutes } from './routes/phones.ts';
import { recorderRoutes } from './routes/recorder.ts';
import { spamRoutes } from './routes/spam.ts';

interface ControlOptions {
  /** When set, the bearer token that is required everywhere except at `/health`. */
  token: string | undefined;
  caPem: string;
  noiseRoot: Buffer;
  /** Whether all schemas are compiled before it listens, so that a wrong one shows itself. */
  compileAtStart: boolean;
}

/** The control API: plain HTTP and JSON, described at `/docs`. */
export class ControlServer {
  private readonly app: FastifyInstance;

  constructor(context: ServerContext, options: ControlOptions) {
    this.app = build(context, options);
  }

  /** @returns the URL it listens on */
  async listen(host: string, port: number): Promise<string> {
    await this.app.listen({ host, port });
    return `http://${reachable(host)}:${(this.app.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    await this.app.close();
  }
}

/** An address for clients on this machine when the server listens on all interfaces. */
export const reachable = (host: string): string => (host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host);

const COMPILERS = { buildValidator: AjvCompiler(), buildSerializer: SerializerSelector() };
/** Compiling all schemas takes half of the start of a process, and who drives it uses few of them. */
const LATE_COMPILERS = {
  buildValidator: lateCompiler(COMPILERS.buildValidator),
  buildSerializer: lateCompiler(COMPILERS.buildSerializer),
};

function build(context: ServerContext, options: ControlOptions): FastifyInstance {
  const app = Fastify({
    logger: false,
    forceCloseConnections: true,
    schemaController: { compilersFactory: options.compileAtStart ? COMPILERS : LATE_COMPILERS },
    ajv: { customOptions: { removeAdditional: false, discriminator: true, allowUnionTypes: true } },
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.setErrorHandler((error: FastifyError | SandboxError, request, reply) => {
    if (error instanceof SandboxError) return reply.code(error.status).send({ error: error.message, code: error.code });
    const status = error.statusCode ?? 500;
    if (status < 500) {
      const code = error.validation ? 'INVALID_REQUEST' : (error.code ?? 'BAD_REQUEST');
      return reply.code(status).send({ error: `${error.message}; see /docs.`, code });
    }
    context.log.error({ err: error, route: request.routeOptions.url }, 'control request failed');
    return reply.code(500).send({ error: 'The sandbox failed; its log says why.', code: 'INTERNAL' });
  });
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .send({ error: `There is no ${request.method} ${request.url}; see /docs.`, code: 'ROUTE_NOT_FOUND' }),
  );
  // A request without a body counts as one without fields.
  app.addHook('preValidation', async (request) => {
    if (request.method === 'POST' || request.method === 'PATCH') request.body ??= {};
  });
  // Flushes the journal before each answer, so that an answered change is stored.
  app.addHook('onSend', async (request) => {
    if (request.method !== 'GET') context.journal.flush();
  });
  if (options.token !== undefined) requireToken(app, options.token);

  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'wa-gate sandbox', version: VERSION, description: 'A WhatsApp server in a box: control API.' },
      ...(options.token === undefined
        ? {}
        : {
            components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
            security: [{ token: [] }],
          }),
    },
  });
  app.register(swaggerUi, { routePrefix: '/docs' });
  app.register(async (routes) => {
    registerInfo(routes.withTypeProvider<TypeBoxTypeProvider>(), context, options);
    await routes.register(phoneRoutes, { context });
    await routes.register(messageRoutes, { context });
    await routes.register(groupRoutes, { context });
    await routes.register(channelRoutes, { context });
    await routes.register(callRoutes, { context });
    await routes.register(faultRoutes, { context });
    await routes.register(clientVersionRoutes, { context });
    await routes.register(recorderRoutes, { context });
    await routes.register(spamRoutes, { context });
  });
  return app as unknown as FastifyInstance;
}

function registerInfo(app: FastifyInstance, context: ServerContext, { caPem, noiseRoot }: ControlOptions): void {
  app.get(
    '/',
    {
      schema: {
        tags: ['sandbox'],
        summary: 'Where clients connect, and what they must trust',
        response: {
          200: Type.Object({
            wsUrl: Type.String(),
            mediaHost: Type.String(),
            caPem: Type.String(),
            version: Type.String(),
            noiseRoot: Type.String({ description: 'Public key of the Noise certificate root, base64' }),
          }),
        },
      },
    },
    async () => ({
      wsUrl: `wss://${context.mediaHost}/ws/chat`,
      mediaHost: context.mediaHost,
      caPem,
      version: VERSION,
      noiseRoot: noiseRoot.toString('base64'),
    }),
  );
  app.get(
    '/health',
    {
      schema: {
        tags: ['sandbox'],
        summary: 'Whether it runs',
        response: {
          200: Type.Object({ status: Type.Literal('ok'), phones: Type.Integer(), connections: Type.Integer() }),
        },
      },
    },
    async () => ({ status: 'ok' as const, phones: context.directory.size, connections: context.connections.size }),
  );
}

/** The documentation needs no token either: it contains nothing about this sandbox. */
const OPEN_ROUTES = /^\/(health|docs)(\/|$|\?)/;

function requireToken(app: FastifyInstance, token: string): void {
  const expected = Buffer.from(`Bearer ${token}`);
  app.addHook('onRequest', async (request) => {
    if (OPEN_ROUTES.test(request.url)) return;
    const given = Buffer.from(request.headers.authorization ?? '');
    if (given.length === expected.length && timingSafeEqual(given, expected)) return;
    throw new SandboxError(401, 'TOKEN_REQUIRED', 'Send the sandbox token: `Authorization: Bearer <SANDBOX_TOKEN>`.');
  });
}

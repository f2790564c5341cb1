import type { Readable } from 'node:stream';
import proxy from '@fastify/http-proxy';
import { OWNER_ERRORS, PairingEventSchema, SessionParamsSchema } from '@wa-gate/contracts';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { errorResponses } from '../../plugins/openapi/error-responses.ts';
import { declareAccess, type Guards } from '../../plugins/route-access.ts';
import { principalOf } from '../../principal.ts';
import type { AnswerHeaders, OwnerStream, OwnerStreams } from '../../worker-links/owner-stream.ts';
import type { SessionDirectory } from '../sessions/index.ts';
import { traceOf } from './trace.ts';

export interface QrStreamOptions {
  ownerStreams: OwnerStreams;
  directory: SessionDirectory;
  guards: Guards;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Of a request that is passed through to the owner of a session. */
    passage: Passage | null;
  }
}

interface Passage {
  stream: OwnerStream;
  /** At the owner. */
  path: string;
  /** Of the owner's answer. */
  answered: AnswerHeaders;
}

const URL = '/sessions/:id/qr/stream';
const TIMEOUT_MS = 30_000;

const schema = {
  tags: ['Sessions'],
  operationId: 'sessions.qrStream',
  summary: 'QR codes as they come',
  description: [
    'Server-sent events while the session is being linked: `qr` for each code to scan, `state` for every other change. The stream ends when the session is',
    'connected or rests; a comment comes every 15 s meanwhile. When it ends otherwise, open it again. An EventSource cannot send headers: the key of a session may',
    'come as `?apiKey=` here.',
  ].join(' '),
  params: SessionParamsSchema,
  response: {
    200: {
      description: 'Events `qr` and `state`, each with this JSON as its data.',
      content: { 'text/event-stream': { schema: PairingEventSchema } },
    },
    ...errorResponses(...OWNER_ERRORS, 'SESSION_ALREADY_PAIRED'),
  },
};

/** The events of a session that is being linked, passed through as they come from its owner. */
export const qrStream: FastifyPluginAsync<QrStreamOptions> = async (app, { ownerStreams, directory, guards }) => {
  const onRequest = guards({
    audience: 'caller',
    permission: 'system.manage',
    limits: ['session_operations'],
    takesQueryKey: true,
  });
  const open = new Set<Readable>();
  // A stream of events has no end of its own; it must not hold up the end of the process.
  app.addHook('preClose', async () => {
    for (const stream of open) stream.destroy();
  });
  app.decorateRequest('passage', null);
  // The proxy makes the route, and knows of neither.
  app.addHook('onRoute', (route) => {
    route.schema = schema;
    route.onRequest = onRequest;
    route.config = { ...route.config, isStream: true };
    declareAccess(route);
  });
  // Whatever is streamed is not parsed.
  app.removeAllContentTypeParsers();

  await app.register(proxy, {
    prefix: URL,
    routes: [''],
    httpMethods: ['GET'],
    // Which worker it is, each request finds out.
    upstream: '',
    undici: ownerStreams.dispatcher,
    retryMethods: [],
    disableRequestLogging: true,
    async preHandler(request) {
      const session = await directory.resolve(principalOf(request), (request.params as { id: string }).id);
      const stream = await ownerStreams.to(session.id);
      request.passage = { stream, path: `/session/${session.id}/qr/stream`, answered: {} };
    },
    replyOptions: {
      timeout: TIMEOUT_MS,
      getUpstream: (request) => passageOf(request).stream.endpoint,
      queryString: () => '',
      // Nothing of the caller's goes with it: credentials, cookies, addresses.
      rewriteRequestHeaders: (request) => ({ ...passageOf(request).stream.headers, ...traceOf(request) }),
      rewriteHeaders(headers, request) {
        if (request) passageOf(request).answered = headers;
        return {};
      },
      onResponse(request, reply, { statusCode, stream }) {
        const passage = passageOf(request);
        void passage.stream.judge(statusCode, passage.answered, stream).then(
          (refusal) => {
            if (refusal) return reply.send(refusal);
            open.add(stream);
            stream.once('close', () => open.delete(stream));
            return reply
              .code(200)
              .type('text/event-stream')
              .header('cache-control', 'no-store')
              .header('x-accel-buffering', 'no')
              .send(stream);
          },
          (error) => reply.send(error),
        );
      },
      onError(reply, { error }) {
        void passageOf(reply.request)
          .stream.failed(error.cause ?? error)
          .then((refusal) => reply.send(refusal));
      },
    },
    handler: (request, reply, _path, options) => reply.from(passageOf(request).path, options),
  });
};

function passageOf({ passage }: Pick<FastifyRequest, 'passage'>): Passage {
  if (!passage) throw new Error('This request is passed through to nobody.');
  return passage;
}

import type { Readable } from 'node:stream';
import proxy from '@fastify/http-proxy';
import type {
  FastifyContextConfig,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchema,
  onRequestAsyncHookHandler,
} from 'fastify';
import type { Dispatcher } from 'undici';
import { ok } from '../../http/envelope.ts';
import { declareAccess } from '../../plugins/route-access.ts';
import type { SessionRef } from '../../principal.ts';
import { BUFFERED, type Dispatchers, type OwnerLink, STREAMED } from '../../worker-links/owner-link.ts';
import { type AuditLog, actorOf, describeAction } from '../audit/index.ts';

export interface ProxyOptions {
  owner: OwnerLink;
  /** The session that a request is for, when its caller may reach it. */
  sessionOf: (request: FastifyRequest) => Promise<SessionRef>;
  audit: Pick<AuditLog, 'record'>;
}

/** A public route, and where it leads at the owner of the session. */
interface ProxiedRoute {
  method: 'GET' | 'POST' | 'DELETE';
  /** Public. */
  url: string;
  /** Below `/session/{id}` of the worker. */
  path: string;
  onRequest: onRequestAsyncHookHandler;
  schema: FastifySchema;
  config?: FastifyContextConfig;
  /** @default 30 000 */
  timeoutMs?: number;
}

/** A request for a session, on its way to the owner. */
export interface LiveRequest {
  request: FastifyRequest;
  reply: FastifyReply;
  session: SessionRef;
  /** Asks the owner; its answer is what this worker route says, without an envelope, and unchecked: see `answerOf`. */
  ask: (body?: Record<string, unknown>) => Promise<unknown>;
}

export interface BufferedRoute extends ProxiedRoute {
  /** An action for the audit log, written before the owner is asked: what happens there cannot be in a transaction of ours. */
  audit?: string;
  /** The `data` of our answer, or the reply when it is something else than JSON. */
  handle: (live: LiveRequest) => Promise<unknown>;
}

export interface StreamingRoute extends ProxiedRoute {
  /** Content type of what comes. */
  type: string;
}

/** Adds routes that are answered by the owner of a session. */
export interface Proxies {
  buffered: (route: BufferedRoute) => void;
  streaming: (route: StreamingRoute) => void;
}

const TIMEOUT_MS = 30_000;

/**
 * The two registrations of the proxy to owners. *Buffered*: JSON, read whole on both sides, so that a request for a session that has moved is sent again, with its
 * body, inside the same request. *Streaming*: passed through as it comes; when the session has moved, the client asks again (503 with Retry-After).
 */
export function createProxies(app: FastifyInstance, { owner, sessionOf, audit }: ProxyOptions): Proxies {
  const open = new Set<Readable>();
  // A stream of events has no end of its own; it must not hold up the end of the process.
  app.addHook('preClose', async () => {
    for (const stream of open) stream.destroy();
  });

  function register(
    route: ProxiedRoute,
    kind: keyof Dispatchers,
    handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
  ): void {
    app.register(async (scope) => {
      scope.addHook('onRoute', (registered) => {
        registered.schema = { ...route.schema, ...registered.schema };
        registered.onRequest = route.onRequest;
        registered.config = { ...registered.config, ...route.config };
        declareAccess(registered);
        describeAction(registered);
      });
      // Whatever is streamed is not parsed.
      if (kind === 'streams') scope.removeAllContentTypeParsers();
      await scope.register(proxy, {
        prefix: route.url,
        routes: [''],
        httpMethods: [route.method],
        proxyPayloads: kind === 'streams',
        // Each attempt names its own: which worker it is, only the handler finds out.
        upstream: '',
        replyOptions: { getUpstream: () => 'http://owner.invalid' },
        undici: {
          request: (...call: Parameters<Dispatcher['request']>) => owner.dispatchers[kind].request(...call),
        } as never,
        // Only a route that was wrong is tried again, by us.
        retryMethods: [],
        disableRequestLogging: true,
        handler,
      });
    });
  }

  return {
    buffered(route) {
      const { path, timeoutMs = TIMEOUT_MS, audit: action, handle } = route;
      const config = { ...route.config, ...(action && { audit: action }) };
      register({ ...route, config }, 'calls', async (request, reply) => {
        const session = await sessionOf(request);
        if (action) {
          const entry = { action, resourceType: 'session', resourceId: session.id, workspaceId: session.workspaceId };
          await audit.record(actorOf(request), entry);
        }
        const ask = (body?: Record<string, unknown>) =>
          owner.ask(reply, { sessionId: session.id, path, body, timeoutMs }, BUFFERED);
        const data = await handle({ request, reply, session, ask });
        // The proxy has set the status of whatever was answered first.
        return data === reply ? reply : reply.code(200).send(ok(data));
      });
    },
    streaming(route) {
      const { path, timeoutMs = TIMEOUT_MS, type } = route;
      register(route, 'streams', async (request, reply) => {
        const session = await sessionOf(request);
        const stream = await owner.ask(reply, { sessionId: session.id, path, timeoutMs }, STREAMED);
        open.add(stream);
        stream.once('close', () => open.delete(stream));
        return reply
          .code(200)
          .type(type)
          .header('cache-control', 'no-store')
          .header('x-accel-buffering', 'no')
          .send(stream);
      });
    },
  };
}

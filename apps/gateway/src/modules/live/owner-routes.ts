import type {
  FastifyContextConfig,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchema,
  onRequestAsyncHookHandler,
} from 'fastify';
import { ok } from '../../http/envelope.ts';
import type { SessionRef } from '../../principal.ts';
import type { AnswerCheck, WorkerRequest } from '../../worker-links/call-worker.ts';
import type { OwnerLink } from '../../worker-links/owner-link.ts';
import { type AuditLog, actorOf } from '../audit/index.ts';
import { traceOf } from './trace.ts';

export interface OwnerRoutesOptions {
  owner: OwnerLink;
  /** The session that a request is for, when its caller may reach it. */
  sessionOf: (request: FastifyRequest) => Promise<SessionRef>;
  audit: Pick<AuditLog, 'record'>;
}

/** A request for a session, on its way to the owner. */
export interface LiveRequest {
  request: FastifyRequest;
  reply: FastifyReply;
  session: SessionRef;
  /** Asks the owner; its answer is what this worker route says, without an envelope. */
  ask: <A>(answer: AnswerCheck<A>, body?: object) => Promise<A>;
}

export interface OwnerRoute {
  method: WorkerRequest['method'];
  /** Public. */
  url: string;
  /** Below `/session/{id}` of the worker. */
  path: string;
  onRequest: onRequestAsyncHookHandler;
  schema: FastifySchema;
  config?: FastifyContextConfig;
  /** @default 30 000 */
  timeoutMs?: number;
  /**
   * The action for the audit log. The entry is written before the call, because the call is not part of a transaction
   * here.
   */
  audit?: string;
  /** The `data` of our answer, or the reply when it is something else than JSON. */
  handle: (live: LiveRequest) => Promise<unknown>;
}

const TIMEOUT_MS = 30_000;

/** Adds routes that are answered by the owner of a session: small JSON, read whole on both sides. */
export function createOwnerRoutes(app: FastifyInstance, { owner, sessionOf, audit }: OwnerRoutesOptions) {
  return (route: OwnerRoute): void => {
    const { method, url, path, onRequest, schema, timeoutMs = TIMEOUT_MS, audit: action, handle } = route;
    const config = { ...route.config, ...(action && { audit: action }) };
    app.route({
      method,
      url,
      onRequest,
      schema,
      config,
      async handler(request, reply) {
        const session = await sessionOf(request);
        if (action) {
          const entry = { action, resourceType: 'session', resourceId: session.id, workspaceId: session.workspaceId };
          await audit.record(actorOf(request), entry);
        }
        const ask: LiveRequest['ask'] = (answer, body) =>
          owner.ask(session.id, {
            method,
            path: `/session/${session.id}${path}`,
            body,
            headers: traceOf(request),
            timeoutMs,
            repeat: 'safe',
            answer,
          });
        const data = await handle({ request, reply, session, ask });
        return data === reply ? reply : ok(data);
      },
    });
  };
}

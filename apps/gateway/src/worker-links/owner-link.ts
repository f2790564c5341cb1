import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { Route, RouteTable } from '@wa-gate/cluster';
import { internalToken, type Logger, newNonce, PROOF_HEADERS, provenIncarnation } from '@wa-gate/kit';
import type { FastifyReply } from 'fastify';
import type { Dispatcher } from 'undici';
import { ApiError } from '../http/api-error.ts';
import { isUnreachable, moving, readJson, refusalOf, WRONG_OWNER } from './owner-answer.ts';

export interface OwnerCall {
  /** Internal id. */
  sessionId: string;
  /** Below `/session/{id}`, such as `/qr`. The method is that of the request. */
  path: string;
  body?: Record<string, unknown> | undefined;
  timeoutMs: number;
}

/** How an answer is taken from the owner. */
export interface Manner<Answer> {
  read: (stream: Readable) => Answer | Promise<Answer>;
  /** A call that came to the wrong worker is sent again to the right one, with its body, inside the same request. */
  isRepeatable: boolean;
}

/** Read whole: small JSON. */
export const BUFFERED: Manner<unknown> = { read: readJson, isRepeatable: true };
/** Passed on as it comes. Sent once: what has been streamed cannot be sent again. */
export const STREAMED: Manner<Readable> = { read: (stream) => stream, isRepeatable: false };

/** Connections to workers. Streams have their own, without a limit: each takes one for as long as it lasts, and calls must not wait for them. */
export interface Dispatchers {
  calls: Dispatcher;
  streams: Dispatcher;
}

export interface OwnerLinkDependencies {
  routes: RouteTable;
  dispatchers: Dispatchers;
  /** The first one signs; a worker may prove itself with any. */
  masterKeys: readonly Uint8Array[];
  logger: Logger;
}

/** The way to the worker that hosts a session. */
export interface OwnerLink {
  dispatchers: Dispatchers;
  /**
   * Asks the owner, over the proxy that the route of `reply` is registered with.
   *
   * @throws {ApiError} SESSION_MOVING when nobody answers for the session, WORKER_ERROR when what answers is not the worker, or what the worker refused with
   */
  ask<Answer>(reply: FastifyReply, call: OwnerCall, manner: Manner<Answer>): Promise<Answer>;
}

const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;

interface Upstream {
  statusCode: number;
  headers: IncomingHttpHeaders;
  stream: Readable;
}

/** `not-here`: with what to refuse when asking again does not help either. */
type Attempt<Answer> = { kind: 'answered'; answer: Answer } | { kind: 'not-here'; refusal: ApiError };

export function createOwnerLink({ routes, dispatchers, masterKeys, logger }: OwnerLinkDependencies): OwnerLink {
  /** Sends the request on; only what is named here goes with it, nothing of the caller's credentials. */
  function forward(reply: FastifyReply, route: Route, call: OwnerCall, nonce: string): Promise<Upstream> {
    const { id, headers: given } = reply.request;
    const { traceparent } = given;
    return new Promise((resolve, reject) => {
      reply.from(`/session/${call.sessionId}${call.path}`, {
        getUpstream: () => route.endpoint,
        body: call.body ?? null,
        queryString: () => '',
        timeout: call.timeoutMs,
        rewriteRequestHeaders: (_request, headers) => ({
          authorization: `Bearer ${internalToken(masterKeys[0]!, route.workerId, route.incarnation)}`,
          [PROOF_HEADERS.nonce]: nonce,
          'x-session-epoch': String(route.epoch),
          'x-request-id': id,
          ...(typeof traceparent === 'string' && TRACEPARENT.test(traceparent) && { traceparent }),
          ...(call.body && { 'content-type': 'application/json', 'content-length': headers['content-length'] }),
        }),
        rewriteHeaders: () => ({}),
        onResponse: (_request, _reply, response) => resolve(response as unknown as Upstream),
        onError: (_reply, { error }) => reject(error),
      });
    });
  }

  async function attempt<Answer>(
    reply: FastifyReply,
    call: OwnerCall,
    manner: Manner<Answer>,
  ): Promise<Attempt<Answer>> {
    const route = await routes.resolve(call.sessionId);
    if (!route) return { kind: 'not-here', refusal: moving() };
    const nonce = newNonce();
    try {
      const { statusCode, headers, stream } = await forward(reply, route, call, nonce);
      const proven = provenIncarnation(masterKeys, route.workerId, nonce, headers);
      if (proven === undefined || proven !== route.incarnation || WRONG_OWNER.has(statusCode)) {
        stream.resume();
        return { kind: 'not-here', refusal: proven === undefined ? unproven(route) : moving() };
      }
      if (statusCode >= 300) throw refusalOf(statusCode, await readJson(stream));
      return { kind: 'answered', answer: await manner.read(stream) };
    } catch (error) {
      if (error instanceof ApiError) throw error;
      logger.info({ err: error, workerId: route.workerId, sessionId: call.sessionId }, 'worker not reached');
      if (isUnreachable(error)) return { kind: 'not-here', refusal: moving(error) };
      throw moving(error);
    }
  }

  /** Somebody else has come to the worker's address, or stands in between. Nothing of his answer is used. */
  function unproven({ workerId, endpoint }: Route): ApiError {
    logger.warn({ workerId, endpoint }, 'what answers at the endpoint does not prove to be this worker');
    return new ApiError('WORKER_ERROR', { details: { reason: 'the worker did not prove who it is' } });
  }

  return {
    dispatchers,
    async ask(reply, call, manner) {
      const first = await attempt(reply, call, manner);
      if (first.kind === 'answered') return first.answer;
      // The route was an old one: PostgreSQL knows better.
      await routes.forget(call.sessionId);
      if (!manner.isRepeatable) throw first.refusal;
      const second = await attempt(reply, call, manner);
      if (second.kind === 'answered') return second.answer;
      await routes.forget(call.sessionId);
      throw second.refusal;
    },
  };
}

import type { Readable } from 'node:stream';
import type { RouteTable } from '@wa-gate/cluster';
import { type Logger, newNonce, PROOF_HEADERS, provenIncarnation } from '@wa-gate/kit';
import type { Dispatcher } from 'undici';
import type { ApiError } from '../http/api-error.ts';
import { authorization, isWrongOwner, readJson } from './call-worker.ts';
import { moving, refusalOf, unproven } from './owner-answer.ts';

export interface OwnerStreamsDependencies {
  routes: RouteTable;
  /** Connects to nothing but allowed addresses. A stream takes a connection for as long as it lasts. */
  dispatcher: Dispatcher;
  masterKeys: readonly Uint8Array[];
  logger: Logger;
}

/** Of an answer, as a proxy got it. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * A stream of the owner of a session, opened by a proxy. It is requested once: after a failure the client asks again.
 */
export interface OwnerStream {
  endpoint: string;
  /** Of the request to the owner. */
  headers: Record<string, string>;
  /**
   * The refusal, when the owner has answered with something else than the stream; `null`: it is the stream.
   *
   * @param headers of its answer, with the proof
   */
  judge(status: number, headers: AnswerHeaders, body: Readable): Promise<ApiError | null>;
  /** The refusal, when there was no answer. */
  failed(error: unknown): Promise<ApiError>;
}

export interface OwnerStreams {
  dispatcher: Dispatcher;
  /**
   * @param sessionId the internal one
   * @throws {ApiError} SESSION_MOVING: no worker hosts the session
   */
  to(sessionId: string): Promise<OwnerStream>;
}

/** Token, nonce and proof of identity for what a proxy passes through as it comes. */
export function createOwnerStreams({ routes, dispatcher, masterKeys, logger }: OwnerStreamsDependencies): OwnerStreams {
  return {
    dispatcher,
    async to(sessionId) {
      const route = await routes.resolve(sessionId);
      if (!route) throw moving();
      const { workerId, endpoint, incarnation, epoch } = route;
      const nonce = newNonce();

      async function notHere(refusal: ApiError): Promise<ApiError> {
        // The route was an old one: the next request asks PostgreSQL.
        await routes.forget(sessionId);
        return refusal;
      }

      return {
        endpoint,
        headers: {
          authorization: authorization(masterKeys, route),
          [PROOF_HEADERS.nonce]: nonce,
          'x-session-epoch': String(epoch),
        },
        async judge(status, headers, body) {
          const proven = provenIncarnation(masterKeys, workerId, nonce, headers);
          if (proven === incarnation && status < 300) return null;
          if (proven === incarnation && !isWrongOwner(status)) return refusalOf(status, await readJson(body));
          body.resume();
          if (proven !== undefined) return notHere(moving());
          logger.warn({ workerId, endpoint }, 'what answers at the endpoint does not prove to be this worker');
          return notHere(unproven());
        },
        failed(error) {
          logger.info({ err: error, workerId, sessionId }, 'worker not reached');
          return notHere(moving(error));
        },
      };
    },
  };
}

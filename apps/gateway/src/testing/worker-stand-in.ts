import type { AddressInfo } from 'node:net';
import { NO_INCARNATION, PROOF_HEADERS, proofHeaders, type WorkerClaim } from '@wa-gate/kit';
import Fastify from 'fastify';

/** A request that came to the stand-in. */
export interface SeenCall {
  method: string;
  url: string;
  body: unknown;
  authorization: string | undefined;
  epoch: string | undefined;
  requestId: string | undefined;
}

/** What stands in for a worker's internal API: it answers as it is told and remembers what it was asked. */
export interface WorkerStandIn {
  endpoint: string;
  calls: SeenCall[];
  /** Whom it proves to be from now on; `null`: it proves nothing. */
  be(claim: Partial<WorkerClaim> | null): void;
  /** What it answers to calls of sessions from now on. */
  answer(next: { status?: number; body?: unknown }): void;
  close(): Promise<void>;
}

export async function startWorkerStandIn(masterKey: Uint8Array, workerId: string): Promise<WorkerStandIn> {
  const calls: SeenCall[] = [];
  let claim: WorkerClaim | null = { workerId, incarnation: NO_INCARNATION };
  let answer: { status?: number; body?: unknown } = {};
  const app = Fastify();
  app.addHook('onRequest', async (request, reply) => {
    if (claim) reply.headers(proofHeaders(masterKey, claim, request.headers[PROOF_HEADERS.nonce]));
  });
  app.get('/health', async () => ({ status: 'healthy' }));
  app.all('/session/*', async (request, reply) => {
    const { authorization, 'x-session-epoch': epoch, 'x-request-id': requestId } = request.headers;
    calls.push({
      method: request.method,
      url: request.url,
      body: request.body,
      authorization,
      epoch: epoch as string | undefined,
      requestId: requestId as string | undefined,
    });
    return reply.code(answer.status ?? 200).send(answer.body ?? {});
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    endpoint: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    calls,
    be(next) {
      claim = next && { workerId, incarnation: NO_INCARNATION, ...next };
    },
    answer(next) {
      answer = next;
    },
    close: () => app.close(),
  };
}

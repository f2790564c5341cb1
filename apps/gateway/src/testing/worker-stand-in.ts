import type { AddressInfo } from 'node:net';
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
  /** What it answers to calls of sessions from now on. */
  answer(next: { status?: number; body?: unknown }): void;
  close(): Promise<void>;
}

export async function startWorkerStandIn(): Promise<WorkerStandIn> {
  const calls: SeenCall[] = [];
  let answer: { status?: number; body?: unknown } = {};
  const app = Fastify();
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
    answer(next) {
      answer = next;
    },
    close: () => app.close(),
  };
}

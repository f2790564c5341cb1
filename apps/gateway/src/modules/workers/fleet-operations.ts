import { listWorkers } from '@wa-gate/cluster';
import {
  type FleetOperation,
  type FleetOperationReport,
  type FleetOperationRequest,
  FleetOperationResultSchemas,
  type WorkerStats,
} from '@wa-gate/contracts';
import { inTransaction, type Pool } from '@wa-gate/db';
import { internalToken, type Logger, newNonce, PROOF_HEADERS, provenIncarnation } from '@wa-gate/kit';
import { Value } from 'typebox/value';
import { type Dispatcher, request } from 'undici';
import { ApiError } from '../../http/api-error.ts';
import type { StreamTarget } from '../../worker-links/worker-stream.ts';
import { type Actor, writeAudit } from '../audit/index.ts';

export interface FleetOperationsDependencies {
  pool: Pool;
  /** Connects to nothing but allowed addresses. */
  dispatcher: Dispatcher;
  masterKeys: readonly Uint8Array[];
  logger: Logger;
  /** @default 5 000 */
  timeoutMs?: number;
}

/** Asks something of all workers at once. */
export interface FleetOperations {
  /** Answers when every worker has answered or its time is over. @throws {ApiError} VALIDATION */
  ask(request: FleetOperationRequest, actor: Actor): Promise<FleetOperationReport>;
}

const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 64 * 1024;

type Result = FleetOperationReport['results'][number];

export function createFleetOperations(deps: FleetOperationsDependencies): FleetOperations {
  const { pool, dispatcher, masterKeys, logger, timeoutMs = TIMEOUT_MS } = deps;

  async function targets(network: FleetOperationRequest['network']): Promise<StreamTarget[]> {
    const workers = await listWorkers(pool);
    return workers.flatMap(({ workerId, endpoint, incarnation, online, network: of }) =>
      online && incarnation !== null && (!network || of === network.toUpperCase())
        ? [{ workerId, endpoint, incarnation }]
        : [],
    );
  }

  /** What the worker says. @throws {Error} with the sentence for the administrator */
  async function call(target: StreamTarget, operation: FleetOperation, body: object): Promise<object> {
    const { workerId, endpoint, incarnation } = target;
    const nonce = newNonce();
    const answer = await request(`${endpoint}/operations/${operation}`, {
      dispatcher,
      method: 'POST',
      headers: {
        authorization: `Bearer ${internalToken(masterKeys[0]!, workerId, incarnation)}`,
        'content-type': 'application/json',
        [PROOF_HEADERS.nonce]: nonce,
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await readSome(answer.body);
    if (provenIncarnation(masterKeys, workerId, nonce, answer.headers) !== incarnation) {
      throw new Error('What answers at its endpoint does not prove to be this worker.');
    }
    if (answer.statusCode !== 200) throw new Error(`It refused with status ${answer.statusCode}.`);
    const said: unknown = JSON.parse(text);
    if (!Value.Check(FleetOperationResultSchemas[operation], said)) throw new Error('It answered something else.');
    return said as object;
  }

  async function askOne(target: StreamTarget, operation: FleetOperation, body: object): Promise<Result> {
    const begun = performance.now();
    const took = () => ({ workerId: target.workerId, tookMs: Math.round(performance.now() - begun) });
    try {
      const said = await call(target, operation, body);
      return {
        ...took(),
        ok: true,
        ...(said as Partial<Pick<Result, 'level'>> & { stats?: WorkerStats }),
        error: null,
      };
    } catch (error) {
      logger.info({ err: error, operation, ...target }, 'a worker did not do what all were asked for');
      return { ...took(), ok: false, error: describe(error, timeoutMs) };
    }
  }

  return {
    async ask({ operation, level, network }, actor) {
      if ((operation === 'log-level') !== (level !== undefined)) {
        throw new ApiError('VALIDATION', {
          message: 'The operation `log-level` needs a `level`, and no other operation takes one.',
        });
      }
      const workers = await targets(network);
      // Before anything is done: nothing happens that is not in the log.
      await inTransaction(pool, (tx) =>
        writeAudit(tx, actor, {
          action: 'workers.broadcast',
          resourceType: 'worker',
          workspaceId: null,
          after: { operation, ...(level && { level }), workers: workers.map(({ workerId }) => workerId) },
        }),
      );
      const body = level ? { level } : {};
      const results = await Promise.all(workers.map((target) => askOne(target, operation, body)));
      const succeeded = results.filter(({ ok }) => ok).length;
      return { operation, succeeded, failed: results.length - succeeded, results };
    },
  };
}

async function readSome(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error('It answered more than fits.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function describe(error: unknown, timeoutMs: number): string {
  const { name, code, message } = error as Error & { code?: string };
  if (name === 'TimeoutError') return `It did not answer within ${timeoutMs / 1_000} s.`;
  return code ? `It was not reached (${code}).` : message;
}

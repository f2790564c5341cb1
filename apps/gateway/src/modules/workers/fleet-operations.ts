import { listWorkers } from '@wa-gate/cluster';
import {
  FLEET_OPERATIONS,
  type FleetOperation,
  type FleetOperationReport,
  type FleetOperationRequest,
  type WorkerStats,
} from '@wa-gate/contracts';
import { inTransaction, type Pool } from '@wa-gate/db';
import type { Logger } from '@wa-gate/kit';
import { Type } from 'typebox';
import { ApiError } from '../../http/api-error.ts';
import {
  type AnswerCheck,
  type CallWorker,
  checkOf,
  type Outcome,
  type WorkerLife,
} from '../../worker-links/call-worker.ts';
import { type Actor, writeAudit } from '../audit/index.ts';

export interface FleetOperationsDependencies {
  pool: Pool;
  callWorker: CallWorker;
  logger: Logger;
  /** @default 5 000 */
  timeoutMs?: number;
}

/** Operations that run on all workers at once. */
export interface FleetOperations {
  /** Answers when every worker has answered or its time is over. @throws {ApiError} VALIDATION */
  ask(request: FleetOperationRequest, actor: Actor): Promise<FleetOperationReport>;
}

const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 64 * 1024;

type Result = FleetOperationReport['results'][number];

const ANSWERS = Object.fromEntries(
  Object.entries(FLEET_OPERATIONS).map(([name, { answer }]) => [name, checkOf(Type.Object(answer))]),
) as Record<FleetOperation, AnswerCheck<object>>;

export function createFleetOperations(deps: FleetOperationsDependencies): FleetOperations {
  const { pool, callWorker, logger, timeoutMs = TIMEOUT_MS } = deps;

  async function targets(network: FleetOperationRequest['network']): Promise<WorkerLife[]> {
    const workers = await listWorkers(pool);
    return workers.flatMap(({ workerId, endpoint, incarnation, online, network: of }) =>
      online && incarnation !== null && (!network || of === network.toUpperCase())
        ? [{ workerId, endpoint, incarnation }]
        : [],
    );
  }

  async function askOne(life: WorkerLife, operation: FleetOperation, body: object): Promise<Result> {
    const begun = performance.now();
    const outcome = await callWorker<object>(life, {
      method: 'POST',
      path: `/operations/${operation}`,
      body,
      timeoutMs,
      maxAnswerBytes: MAX_ANSWER_BYTES,
      answer: ANSWERS[operation],
    });
    const tookMs = Math.round(performance.now() - begun);
    const { workerId } = life;
    if (outcome.kind === 'answered') {
      type Said = Partial<Pick<Result, 'level'>> & { stats?: WorkerStats };
      return { workerId, tookMs, ok: true, ...(outcome.answer as Said), error: null };
    }
    logger.info({ outcome, operation, ...life }, 'a worker did not do what all were asked for');
    return { workerId, tookMs, ok: false, error: describe(outcome, timeoutMs) };
  }

  return {
    async ask({ operation, level, network }, actor) {
      if ((operation === 'log-level') !== (level !== undefined)) {
        throw new ApiError('VALIDATION', {
          message: 'The operation `log-level` needs a `level`, and no other operation takes one.',
        });
      }
      const workers = await targets(network);
      // Written before the operation begins, so that none happens without its entry.
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

/** The sentence for the administrator. */
function describe(failure: Exclude<Outcome<never>, { kind: 'answered' }>, timeoutMs: number): string {
  switch (failure.kind) {
    case 'declined':
      return `It refused with status ${failure.status}.`;
    case 'not-understood':
      return failure.reason === 'answer too large' ? 'It answered more than fits.' : 'It answered something else.';
    case 'late':
      return `It did not answer within ${timeoutMs / 1_000} s.`;
    case 'unproven':
      return NOT_PROVEN;
    default: {
      const { error } = failure;
      if (error === undefined) return NOT_PROVEN;
      const { code, message } = error as Error & { code?: string };
      return code ? `It was not reached (${code}).` : message;
    }
  }
}

const NOT_PROVEN = 'What answers at its endpoint does not prove to be this worker.';

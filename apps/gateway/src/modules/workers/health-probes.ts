import { workersWithLease } from '@wa-gate/cluster';
import type { Queryable } from '@wa-gate/db';
import { type Clock, createLoop, type Logger } from '@wa-gate/kit';
import type { ProbeAnswer, WorkerProbe } from '../../worker-links/worker-probe.ts';

export interface HealthProbesDependencies {
  db: Queryable;
  probe: WorkerProbe;
  clock: Clock;
  logger: Logger;
  everyMs: number;
  onProbed: (outcome: ProbeAnswer['kind']) => void;
}

/**
 * Requests `GET /health` of every worker with a lease from time to time, on a fresh connection beside the control
 * stream. A worker that does not answer there cannot serve live operations, though its lease runs. The result is logged
 * and counted. No session moves because of it: that needs evidence or the end of a lease.
 */
export interface HealthProbes {
  start(): void;
  /** One round. */
  round(): Promise<void>;
  stop(): Promise<void>;
}

const PROBE_TIMEOUT_MS = 10_000;

export function createHealthProbes({
  db,
  probe,
  clock,
  logger,
  everyMs,
  onProbed,
}: HealthProbesDependencies): HealthProbes {
  /** Workers that did not answer in the last round. Each is logged once. */
  let troubled = new Set<string>();

  async function round(stopping?: AbortSignal): Promise<void> {
    const now = new Set<string>();
    const ask = async ({ workerId, endpoint }: { workerId: string; endpoint: string }): Promise<void> => {
      const answer = await probe.ask(endpoint, workerId, PROBE_TIMEOUT_MS, stopping);
      if (stopping?.aborted) return;
      onProbed(answer.kind);
      if (answer.kind === 'worker') {
        if (troubled.has(workerId)) logger.info({ workerId }, 'worker answers its health check again');
        return;
      }
      now.add(workerId);
      if (!troubled.has(workerId)) {
        logger.warn({ workerId, endpoint, answer: answer.kind }, 'worker does not answer its health check');
      }
    };
    await Promise.all((await workersWithLease(db)).map(ask));
    troubled = now;
  }

  const onError = (error: unknown) => logger.debug({ err: error }, 'health of the workers not asked');
  const loop = createLoop({ clock, round, everyMs, pausesFirst: true, onError });

  return { start: loop.start, round: () => round(), stop: loop.stop };
}

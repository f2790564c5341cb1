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
 * Asks every worker with a lease `GET /health` from time to time, over a fresh request beside the control stream: what has stopped answering there cannot serve
 * live operations, though its lease runs. It is written down and counted; no session moves because of it, for that is a matter of evidence and of leases.
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
  /** Workers that did not answer in the last round: told once. */
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

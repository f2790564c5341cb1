import { type Clock, createLoop, type Logger } from '@wa-gate/kit';

/** A piece of tidying that is done in small bites, so that no statement holds many rows for long. */
export interface MaintenanceTask {
  name: string;
  /**
   * Processes at most `limit` rows and returns their number; fewer than `limit` means that none is left for now. It may
   * run in several processes at once.
   */
  run: (limit: number) => Promise<number>;
}

export interface MaintenanceDependencies {
  tasks: readonly MaintenanceTask[];
  clock: Clock;
  logger: Logger;
  /** @default 60 000 */
  everyMs?: number;
}

export interface Maintenance {
  start(): void;
  /** One round of all tasks. */
  round(): Promise<void>;
  stop(): Promise<void>;
}

const BITE = 1_000;
/** A backlog is worked off over several rounds; the database has other things to do as well. */
const BITES_PER_ROUND = 20;

/** Runs tasks of tidying from time to time. Each replica does, at moments of its own. */
export function createMaintenance({ tasks, clock, logger, everyMs = 60_000 }: MaintenanceDependencies): Maintenance {
  async function runTask({ name, run }: MaintenanceTask, stopping?: AbortSignal): Promise<void> {
    try {
      for (let bite = 0; bite < BITES_PER_ROUND && !stopping?.aborted; bite += 1) {
        if ((await run(BITE)) < BITE) return;
      }
    } catch (error) {
      logger.warn({ err: error, task: name }, 'maintenance failed, trying again in the next round');
    }
  }

  async function round(stopping?: AbortSignal): Promise<void> {
    for (const task of tasks) await runTask(task, stopping);
  }

  const loop = createLoop({
    clock,
    round,
    everyMs,
    jitter: 0.5,
    pausesFirst: true,
    onError: (error) => logger.warn({ err: error }, 'maintenance failed'),
  });

  return { start: loop.start, round: () => round(), stop: loop.stop };
}

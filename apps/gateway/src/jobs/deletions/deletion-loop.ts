import type { Pool } from '@wa-gate/db';
import { type Clock, type Counter, createLoop, type Logger, type Loop } from '@wa-gate/kit';
import type { MediaStore } from '@wa-gate/media';
import {
  claimDeletion,
  ERASED_TABLES,
  type ErasePosition,
  endPass,
  erasePart,
  noteProgress,
  type OpenDeletion,
  postponeDeletion,
  removeUnusedFile,
} from '@wa-gate/messaging';
import type { FinishRequest } from './finish-request.ts';

export interface DeletionLoopDependencies {
  pool: Pool;
  /** Absent: the sweep of files removes those of deleted media. */
  media?: MediaStore;
  finishRequest: FinishRequest;
  clock: Clock;
  logger: Logger;
  erasedRows?: Pick<Counter, 'inc'>;
  /** @default 1 000 */
  everyMs?: number;
  /** Seconds between the removal and the second look through the tables. @default 90 */
  settledSeconds?: number;
}

export interface DeletionLoop extends Pick<Loop, 'start' | 'stop'> {
  /** Works on the deletions that are due, until none is. */
  round(): Promise<void>;
}

/** Milliseconds that a statement should take: short enough that nobody notices its locks. */
const AIM_MS = 60;
const ROWS = { first: 500, least: 50, most: 5_000 };
/** Of its time the loop rests so many parts for each part of work: what others send and receive comes first. */
const REST = 3;
/** Statements after which the progress is stored, and a deletion that waits gets its turn. */
const PARTS_PER_TURN = 100;

/**
 * Erases what deletions have left, in statements of some milliseconds. Each is a transaction of its own: a process that
 * is killed has lost nothing, and any other one goes on where the rows are. Any number of processes may run it.
 */
export function createDeletionLoop(deps: DeletionLoopDependencies): DeletionLoop {
  const { pool, media, finishRequest, clock, logger, erasedRows, everyMs = 1_000, settledSeconds } = deps;

  async function removeFiles(fileIds: readonly string[]): Promise<void> {
    if (!media) return;
    for (const id of fileIds) {
      await removeUnusedFile(pool, media, id).catch((error: unknown) =>
        logger.warn({ err: error }, 'a file of a deletion is removed later, by the sweep'),
      );
    }
  }

  /** One turn of a deletion whose subject is gone. */
  async function erase(deletion: OpenDeletion, stopping?: AbortSignal): Promise<void> {
    const tables = ERASED_TABLES[deletion.kind];
    let { step } = deletion;
    let position: ErasePosition | undefined;
    let rows = ROWS.first;
    let deleted = 0;
    for (let part = 0; part < PARTS_PER_TURN && step < tables.length && !stopping?.aborted; part += 1) {
      const begun = performance.now();
      const erased = await erasePart(pool, deletion, step, position, rows);
      await removeFiles(erased.fileIds);
      const tookMs = performance.now() - begun;
      deleted += erased.deleted;
      erasedRows?.inc(erased.deleted);
      position = erased.position;
      if (erased.seen < rows) {
        step += 1;
        position = undefined;
      }
      if (erased.seen > 0) await clock.sleep(tookMs * REST, stopping).catch(() => undefined);
      if (erased.seen === rows) rows = resized(rows, tookMs);
    }
    if (step < tables.length) return await noteProgress(pool, { ...deletion, step }, deleted, true);
    if (await endPass(pool, deletion.id, deleted, settledSeconds)) {
      const { id, kind, subject } = deletion;
      logger.info({ deletionId: id, kind, subject }, 'deletion done, nothing is left');
    }
  }

  async function turn(stopping?: AbortSignal): Promise<boolean> {
    const deletion = await claimDeletion(pool);
    if (!deletion) return false;
    const { id, kind, subject } = deletion;
    try {
      if (deletion.state === 'requested') await finishRequest(deletion);
      else await erase(deletion, stopping);
    } catch (error) {
      logger.warn({ err: error, deletionId: id, kind, subject }, 'deletion does not go on now, trying again');
      await postponeDeletion(pool, id, (error as Error).message);
    }
    return true;
  }

  const loop = createLoop({
    clock,
    everyMs,
    jitter: 0.2,
    pausesFirst: true,
    round: async (stopping) => ((await turn(stopping)) ? 'more' : 'done'),
    onError: (error) => logger.warn({ err: error }, 'deletions do not go on now, trying again'),
  });

  return {
    start: loop.start,
    stop: loop.stop,
    async round() {
      while (await turn());
    },
  };
}

/** More rows for a quick statement, fewer for a slow one. */
function resized(rows: number, tookMs: number): number {
  const wanted = Math.round((rows * AIM_MS) / Math.max(tookMs, 1));
  return Math.max(ROWS.least, Math.min(ROWS.most, rows * 2, wanted));
}

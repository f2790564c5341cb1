import type { Pool } from '@wa-gate/db';
import type { Logger } from '@wa-gate/kit';
import type { MediaStore } from '@wa-gate/media';
import {
  compareMediaStoreInTurn,
  expireMedia,
  newFileSweep,
  sweepResumableUploads,
  sweepUnusedFiles,
} from '@wa-gate/messaging';
import type { MaintenanceTask } from './maintenance.ts';

/** Seconds between two comparisons of the media store with the tables, which read the list of all files. */
const COMPARE_SECONDS = 6 * 3_600;

/** Files that are too old, and files that nothing leads to. */
export function mediaTasks({
  pool,
  media,
  logger,
}: {
  pool: Pool;
  media: MediaStore;
  logger: Logger;
}): MaintenanceTask[] {
  const unused = newFileSweep();
  return [
    { name: 'expired media', run: (limit) => expireMedia(pool, limit) },
    { name: 'uploads that were given up', run: (limit) => sweepResumableUploads(pool, media, limit) },
    { name: 'files without media', run: (limit) => sweepUnusedFiles(pool, media, unused, limit) },
    {
      name: 'media store and tables',
      async run() {
        const found = await compareMediaStoreInTurn(pool, media, COMPARE_SECONDS);
        if (!found) return 0;
        const { orphans, lost, abandoned } = found;
        if (lost === null)
          logger.error(
            {},
            'the media store lacks a great part of its files: is the right folder mounted? Nothing is changed',
          );
        else if (lost > 0) logger.error({ lost }, 'the media store has lost files: their media have expired');
        if (orphans + abandoned > 0) logger.info({ orphans, abandoned }, 'files without a row are removed');
        return 0;
      },
    },
  ];
}

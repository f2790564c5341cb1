import type { LazyDatabase, Pool, SystemLogSink } from '@wa-gate/db';
import type { Clock, Logger, Redis } from '@wa-gate/kit';
import type { MediaStore, WorkFolder } from '@wa-gate/media';

/** What the starter of a gateway opens and closes: `main.ts`, and the tests. */
export interface Resources {
  pool: Pool;
  /** A connection apart, for reading revocations: a busy pool must not delay them. */
  watchPool: Pool;
  prisma: LazyDatabase;
  redis: Redis;
  /** A connection of its own: a subscriber can do nothing else. */
  subscriber: Redis;
  masterKeys: Buffer[];
  media: MediaStore;
  /** For files in work. */
  workFolder: WorkFolder;
  logger: Logger;
  /** Stores warnings and errors for the API, and exposes its counters as metrics. */
  systemLog?: Pick<SystemLogSink, 'exposeIn'>;
  clock: Clock;
  version: string;
  /** What the build of the dashboard has written. Absent, or nothing there: there is no dashboard. */
  dashboardFolder?: string;
  /** How long a request waits for Redis to count it. @default 50 */
  countingPatienceMs?: number;
  /** For how long a live call waits for a session that is between two workers. @default 2500 */
  movingWaitMs?: number | undefined;
}

/** Something that runs beside the server. */
export interface Background {
  start(): void;
  stop(): Promise<void>;
}

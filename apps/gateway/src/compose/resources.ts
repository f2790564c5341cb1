import type { Database, Pool, SystemLogSink } from '@wa-gate/db';
import type { Clock, Logger, Redis } from '@wa-gate/kit';

/** What has to be opened and closed by whoever runs a gateway: `main.ts`, and the tests. */
export interface Resources {
  pool: Pool;
  /** A connection apart, for reading revocations: a busy pool must not delay them. */
  watchPool: Pool;
  prisma: Database;
  redis: Redis;
  /** A connection of its own: a subscriber can do nothing else. */
  subscriber: Redis;
  masterKeys: Buffer[];
  logger: Logger;
  /** Where warnings and errors go besides; it shows its counts among the metrics. */
  systemLog?: Pick<SystemLogSink, 'exposeIn'>;
  clock: Clock;
  version: string;
  /** How long a request waits for Redis to count it. @default 50 */
  countingPatienceMs?: number;
}

/** Something that runs beside the server. */
export interface Background {
  start(): void;
  stop(): Promise<void>;
}

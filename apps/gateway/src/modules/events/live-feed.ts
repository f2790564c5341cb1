import type { Logger } from '@wa-gate/kit';
import { ApiError } from '../../http/api-error.ts';
import type { FedEvent } from './event-feed.ts';
import type { OpenStream } from './open-streams.ts';
import type { PulledFeed } from './pulled-feed.ts';

/** Why a stream has ended. */
export type StreamEnd =
  | 'the gateway restarts: come again with the last id'
  | 'the access has ended'
  | 'the database does not answer: come again with the last id'
  | 'closed';

/** A comment or a ping comes after this time without an event: proxies cut silent connections after a minute. */
export const HEARTBEAT_MS = 20_000;
/** A client that takes nothing for so long is gone, or would never keep up. */
export const STALLED_MS = 60_000;
/** How often it is asked whether the caller may still read. */
const ACCESS_MS = 10_000;
/** Events of one write. */
const BATCH = 100;

export interface LiveFeedDependencies<E> {
  feed: PulledFeed<E>;
  open: OpenStream;
  /** Rejects when the caller may not read these events any more. */
  assertAccess: () => Promise<void>;
  logger: Logger;
  onEvents?: (count: number) => void;
  /** @default {@link HEARTBEAT_MS} */
  heartbeatMs?: number;
  /** @default {@link ACCESS_MS} */
  accessMs?: number;
}

/** A feed that lasts: with heartbeats, until the client goes, the process stops or the access ends. */
export interface LiveFeed<E = FedEvent> {
  /** Batches of events; an empty one is a heartbeat. */
  batches(): AsyncGenerator<readonly E[]>;
  /** Behind all that came. */
  cursor(): string;
  readonly end: StreamEnd;
  close(): void;
}

export function createLiveFeed<E>(deps: LiveFeedDependencies<E>): LiveFeed<E> {
  const { feed, open, assertAccess, logger, onEvents, heartbeatMs = HEARTBEAT_MS, accessMs = ACCESS_MS } = deps;
  let isClosed = false;
  open.onEnding = () => feed.end();
  let end: StreamEnd = 'closed';
  let checkedAt = performance.now();

  /** A database that is away says nothing about the access. */
  async function isAllowed(): Promise<boolean> {
    if (performance.now() - checkedAt < accessMs) return true;
    checkedAt = performance.now();
    try {
      await assertAccess();
      return true;
    } catch (error) {
      if (error instanceof ApiError && !error.retryable) return false;
      logger.debug({ err: error }, 'access of a stream not checked');
      return true;
    }
  }

  return {
    get end() {
      return end;
    },
    cursor: () => feed.cursor(),
    async *batches() {
      let silentSince = performance.now();
      try {
        while (!isClosed && !open.isEnding) {
          if (!(await isAllowed())) {
            end = 'the access has ended';
            return;
          }
          const quietMs = Math.max(0, heartbeatMs - (performance.now() - silentSince));
          const batch = await feed.next(BATCH, Math.min(quietMs, accessMs));
          const isDue = performance.now() - silentSince >= heartbeatMs;
          if (isClosed || open.isEnding || (batch.length === 0 && !isDue)) continue;
          onEvents?.(batch.length);
          yield batch;
          silentSince = performance.now();
        }
        if (open.isEnding) end = 'the gateway restarts: come again with the last id';
      } catch (error) {
        logger.debug({ err: error }, 'stream of events ended');
        end = 'the database does not answer: come again with the last id';
      }
    },
    close() {
      isClosed = true;
      feed.close();
      open.close();
    },
  };
}

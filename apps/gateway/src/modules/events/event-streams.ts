import type { Queryable } from '@wa-gate/db';
import type { Logger } from '@wa-gate/kit';
import type { ControlStreams } from '../../worker-links/control-streams.ts';
import type { SessionHints } from '../../worker-links/session-hints.ts';
import { createEventLog, type EventLog } from './event-log.ts';
import { createEventTails, type EventTails } from './event-tails.ts';
import { createFollowing, type Following } from './followed-sessions.ts';
import { createLiveEvents, type LiveEvents } from './live-events.ts';
import { createOpenStreams, type OpenStreams, type StreamKind } from './open-streams.ts';
import { createWorkerEventLog, type WorkerEventLog } from './worker-event-log.ts';

/** What the streams of a process share. */
export interface EventStreams {
  log: EventLog;
  following: Following;
  live: LiveEvents;
  tails: EventTails;
  streams: OpenStreams;
  /** The log of the workers, which administrators read. */
  workers: WorkerEventLog;
  logger: Logger;
  onSent?: ((kind: StreamKind, events: number) => void) | undefined;
  /** Ends all streams. */
  close(): void;
}

export function createEventStreams(deps: {
  db: Queryable;
  hints: SessionHints;
  told: Pick<ControlStreams, 'onTold'>;
  logger: Logger;
  onSent?: (kind: StreamKind, events: number) => void;
  onCount?: (kind: StreamKind, open: number) => void;
}): EventStreams {
  const { db, hints, told, logger, onSent, onCount } = deps;
  const log = createEventLog(db);
  const tails = createEventTails({ log, hints, logger });
  const streams = createOpenStreams({ onCount });
  return {
    log,
    following: createFollowing({ log, tails }),
    live: createLiveEvents(told),
    tails,
    streams,
    workers: createWorkerEventLog(db),
    logger,
    onSent,
    close() {
      streams.endAll();
      tails.close();
    },
  };
}

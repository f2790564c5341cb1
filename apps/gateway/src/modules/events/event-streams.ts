import type { Queryable } from '@wa-gate/db';
import type { Logger } from '@wa-gate/kit';
import { LRUCache } from 'lru-cache';
import type { SessionHints } from '../../worker-links/session-hints.ts';
import { createEventLog, type EventLog, type Listing, type SessionHead } from './event-log.ts';
import { createEventTails, type EventTails } from './event-tails.ts';
import { createOpenStreams, type OpenStreams, type StreamKind } from './open-streams.ts';

/** What the streams of a process share. */
export interface EventStreams {
  log: EventLog;
  /** The sessions of a workspace, asked for once a second for all streams that follow it. */
  recentHeads: (workspaceId: string) => Promise<Listing<SessionHead>>;
  tails: EventTails;
  streams: OpenStreams;
  logger: Logger;
  onSent?: ((kind: StreamKind, events: number) => void) | undefined;
  /** Ends all streams. */
  close(): void;
}

/** Less than the time after which a stream lists again, so that a listing is never older than the stream. */
const HEADS_MS = 900;
const MAX_WORKSPACES = 1_000;

/** Streams of a workspace notice new sessions together: each for itself would read all of them again and again. */
function createRecentHeads(log: EventLog): EventStreams['recentHeads'] {
  const listings = new LRUCache<string, Promise<Listing<SessionHead>>>({ max: MAX_WORKSPACES, ttl: HEADS_MS });
  return (workspaceId) => {
    const known = listings.get(workspaceId);
    if (known) return known;
    const listing = log.heads(workspaceId);
    listings.set(workspaceId, listing);
    listing.catch(() => listings.delete(workspaceId));
    return listing;
  };
}

export function createEventStreams(deps: {
  db: Queryable;
  hints: SessionHints;
  logger: Logger;
  onSent?: (kind: StreamKind, events: number) => void;
  onCount?: (kind: StreamKind, open: number) => void;
}): EventStreams {
  const { db, hints, logger, onSent, onCount } = deps;
  const log = createEventLog(db);
  const tails = createEventTails({ log, hints, logger });
  const streams = createOpenStreams({ onCount });
  return {
    log,
    recentHeads: createRecentHeads(log),
    tails,
    streams,
    logger,
    onSent,
    close() {
      streams.endAll();
      tails.close();
    },
  };
}

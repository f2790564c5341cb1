import { WORKER_EVENT_TYPES, type WorkerEvent, type WorkerEventsQuery, type WorkerEventType } from '@wa-gate/contracts';
import { ApiError } from '../../http/api-error.ts';
import { readSessionCursor } from './event-cursor.ts';
import type { PulledFeed } from './pulled-feed.ts';
import type { WorkerEventFilter, WorkerEventLog } from './worker-event-log.ts';

/** An event of a worker with the cursor behind it. */
export interface FedWorkerEvent {
  event: WorkerEvent;
  cursor: string;
}

export type WorkerFeed = PulledFeed<FedWorkerEvent>;

/** What a request asks for. */
type Wanted = { [K in keyof WorkerEventsQuery]: WorkerEventsQuery[K] | undefined };

/** Workers come and go seldom: a reader that waits looks into PostgreSQL so often. */
const LOOK_EVERY_MS = 500;

const KNOWN: ReadonlySet<string> = new Set(WORKER_EVENT_TYPES);

const refuse = (message: string, details?: Record<string, unknown>) =>
  new ApiError('VALIDATION', { message: `The request is not valid: ${message}`, ...(details && { details }) });

/** @throws {ApiError} VALIDATION that names what is no event of a worker */
function readTypes(text: string | undefined): WorkerEventType[] | undefined {
  if (text === undefined) return undefined;
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !KNOWN.has(name));
  if (unknown === undefined) return names as WorkerEventType[];
  throw refuse(
    `\`events\` names no event of a worker with ${JSON.stringify(unknown)}. \`details.events\` are those that there are; put commas between several.`,
    { events: WORKER_EVENT_TYPES },
  );
}

/** @throws {ApiError} VALIDATION */
async function beginOf(
  log: WorkerEventLog,
  { after, last }: Wanted,
  filter: WorkerEventFilter,
  absent: 'begin' | 'now',
): Promise<number> {
  if (last !== undefined) {
    if (after !== undefined) throw refuse('`after` and `last` are two beginnings. Give one of them.');
    return log.beforeLast(last, filter);
  }
  const begin = after ?? absent;
  if (begin === 'begin') return 0;
  const ends = await log.ends();
  if (begin === 'now') return ends.last;
  const seq = readSessionCursor(begin);
  if (seq === null) {
    throw refuse(
      '`after` is no cursor. Use the `cursor` of an earlier answer, the id of an earlier event, `begin` or `now`.',
    );
  }
  if (seq > ends.ever) {
    throw refuse(
      `\`after\` is ahead of the log, whose last event has the \`seq\` ${ends.last}. Begin with it, or anew.`,
    );
  }
  return seq;
}

/**
 * The log of the workers from a position on. It is pulled: a reader that is slow holds no more than its position here.
 *
 * @param absent where a query without a beginning begins
 * @throws {ApiError} VALIDATION
 */
export async function openWorkerFeed(log: WorkerEventLog, query: Wanted, absent: 'begin' | 'now'): Promise<WorkerFeed> {
  const filter = { types: readTypes(query.events), workerId: query.workerId };
  let position = await beginOf(log, query, filter, absent);
  let hasMore = false;
  let isEnded = false;
  let wake = (): void => undefined;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const end = (): void => {
    isEnded = true;
    wake();
  };

  return {
    async next(limit, waitMs) {
      const deadline = performance.now() + waitMs;
      for (;;) {
        if (isEnded) return [];
        const { events: found, last } = await log.readAfter(position, filter, limit + 1);
        hasMore = found.length > limit;
        const events = found.slice(0, limit);
        // Events that nobody wants here are left behind, too: they are committed in the order of their `seq`.
        position = hasMore ? events.at(-1)!.seq : Math.max(position, last);
        if (events.length > 0) {
          return events.map((event) => ({ event, cursor: String(event.seq) }));
        }
        const left = deadline - performance.now();
        if (left <= 0) return [];
        await pause(Math.min(left, LOOK_EVERY_MS));
      }
    },
    cursor: () => String(position),
    hasMore: () => hasMore,
    end,
    close: end,
  };
}

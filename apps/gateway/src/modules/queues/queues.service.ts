import { DEFAULT_PACING, type ListQueuesResult, QUEUES } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { firstIdAt } from '@wa-gate/kit';
import { type QueueScope, readQueueStates } from '@wa-gate/messaging';

export interface QueuesService {
  list(scope: QueueScope): Promise<ListQueuesResult>;
}

const DAY_MS = 86_400_000;

/** How each queue works. */
const RULES = {
  'message-queue': { attempts: 3, gapMs: DEFAULT_PACING.messageGapMs, chunk: null },
  'broadcast-queue': { attempts: 3, gapMs: DEFAULT_PACING.broadcastGapMs, chunk: 50 },
  'webhook-queue': { attempts: 13, gapMs: null, chunk: null },
} as const satisfies Record<(typeof QUEUES)[number], object>;

const NOTHING = { waiting: 0, active: 0, delayed: 0, failed: 0, oldestSeconds: 0 };

export const createQueuesService = ({ db }: { db: Queryable }): QueuesService => ({
  async list(scope) {
    const states = await readQueueStates(db, scope, firstIdAt(new Date(Date.now() - DAY_MS)));
    return {
      queues: QUEUES.map((name) => {
        const { queue: _, ...state } = { ...NOTHING, ...states.find(({ queue }) => queue === name), queue: name };
        return { name, ...state, ...RULES[name] };
      }),
    };
  },
});

import type { OutboxLane } from '@wa-gate/db';

/** How soon a message is to go, as its caller says it. */
export type Priority = 'urgent' | 'normal' | 'low';

/**
 * The lanes of the outbox. A claim takes the rows of an earlier lane first, and within a lane the order is that of the
 * queue. Rows of paced lanes begin as `HELD`; the owner admits them one by one, so that the queue never holds many of
 * them.
 *
 * | lane | what goes there | paced |
 * | --- | --- | --- |
 * | `URGENT` | priority `urgent` | no |
 * | `INTERACTIVE` | a single message of normal priority that is sent at once | only where the session says so |
 * | `BULK` | normal priority, sent in bulk or at a time of its own | yes |
 * | `CAMPAIGN` | priority `low`, all messages of broadcasts | yes |
 */
export const PACED_LANES = ['BULK', 'CAMPAIGN'] as const satisfies readonly OutboxLane[];

export type PacedLane = (typeof PACED_LANES)[number];

export const isPaced = (lane: OutboxLane): lane is PacedLane => (PACED_LANES as readonly OutboxLane[]).includes(lane);

/** @param isAwaited it is sent alone and at once: somebody may wait for it */
export function laneOf(priority: Priority, { isAwaited }: { isAwaited: boolean }): OutboxLane {
  if (priority === 'urgent') return 'URGENT';
  if (priority === 'low') return 'CAMPAIGN';
  return isAwaited ? 'INTERACTIVE' : 'BULK';
}

const PRIORITY_OF: Readonly<Record<OutboxLane, Priority>> = {
  URGENT: 'urgent',
  INTERACTIVE: 'normal',
  BULK: 'normal',
  CAMPAIGN: 'low',
};

/** The priority that a message of this lane was sent with. */
export const priorityOf = (lane: OutboxLane): Priority => PRIORITY_OF[lane];

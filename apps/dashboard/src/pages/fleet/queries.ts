import { queryOptions } from '@tanstack/react-query';
import { api } from '../../api/client.ts';

/** Workers send no events to the stream of a workspace: the page looks again while it is shown. */
const EVERY_MS = 2_000;
const MOST = 200;
const EVENTS = 12;

export const workersQuery = queryOptions({
  queryKey: ['admin', 'workers'],
  queryFn: async () => (await api.workers.list()).workers,
  refetchInterval: EVERY_MS,
});

/** Enough to draw each of them; larger fleets are drawn as bars. */
export const hostedQuery = queryOptions({
  queryKey: ['admin', 'hosted'],
  queryFn: () => api.adminSessions.list({ limit: MOST }),
  refetchInterval: EVERY_MS,
});

/** The newest first. */
export const workerEventsQuery = queryOptions({
  queryKey: ['admin', 'worker-events'],
  queryFn: async () => {
    const { events } = await api.workerEvents.list({ last: EVENTS });
    return events.toReversed();
  },
  refetchInterval: EVERY_MS,
});

/** Asked for less often than sessions move: it changes by hand, and with logins. */
export const versionsQuery = queryOptions({
  queryKey: ['admin', 'whatsapp-version'],
  queryFn: async () => (await api.whatsappVersion.get()).networks,
  refetchInterval: 2 * EVERY_MS,
});

export const autoscalingQuery = queryOptions({
  queryKey: ['admin', 'autoscaling'],
  queryFn: async () => (await api.fleet.autoscaling()).networks,
  refetchInterval: 5 * EVERY_MS,
});

import { queryOptions } from '@tanstack/react-query';
import { api } from '../../api/client.ts';

export type Scope = 'workspace' | 'platform';
export type Grouping = 'day' | 'week' | 'month';

/** Events keep the figures of the workspace current; the rest, such as memory, is asked for in between. */
const EVERY_MS = 30_000;

export const metricsQuery = (scope: Scope) =>
  queryOptions({
    queryKey: ['metrics', scope],
    queryFn: () => api.dashboard.getMetrics({ scope }),
    refetchInterval: EVERY_MS,
    refetchOnWindowFocus: false,
  });

export const historyQuery = (scope: Scope, by: Grouping) =>
  queryOptions({
    queryKey: ['history', scope, by],
    queryFn: () => api.dashboard.getHistory({ scope, by }),
    staleTime: 120_000,
    refetchOnWindowFocus: false,
  });

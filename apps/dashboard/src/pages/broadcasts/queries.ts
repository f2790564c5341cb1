import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { Broadcast } from '../../api/types.ts';

export const PER_PAGE = 20;
/** Milliseconds; events tell of most changes before. */
const EVERY_MS = 5_000;
/** What is delivered and read goes on after the end. */
const AFTERWARDS_MS = 15_000;
const ROWS = 50;

export type BroadcastStatus = Broadcast['status'];
export type RecipientState = Exclude<keyof Broadcast['counts'], 'total'>;

/** Whether it has not begun, so that its message, its list and its time can be changed. */
export const isUnstarted = ({ status }: Broadcast): boolean => status === 'draft' || status === 'scheduled';

/** Whether it changes by itself. */
export const isMoving = ({ status, isSettled }: Broadcast): boolean => status !== 'draft' && !isSettled;

export const broadcastsQuery = (status: BroadcastStatus | '', page: number) =>
  queryOptions({
    queryKey: ['broadcasts', status, page],
    queryFn: () => api.broadcasts.list({ limit: PER_PAGE, page, ...(status && { status }) }),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.broadcasts.some(isMoving) ? EVERY_MS : false),
  });

export const broadcastQuery = (id: string) =>
  queryOptions({
    queryKey: ['broadcast', id],
    queryFn: () => api.broadcasts.get({ id }),
    refetchInterval: ({ state }) => (state.data && isMoving(state.data) ? EVERY_MS : false),
  });

const readReport = (id: string, state: RecipientState | '', cursor: string | undefined) =>
  api.broadcasts.report({ id, limit: ROWS, ...(state && { state }), ...(cursor && { cursor }) });
export type ReportRow = Awaited<ReturnType<typeof readReport>>['recipients'][number];

/** Options of an infinite query. */
export const reportQuery = (broadcast: Broadcast, state: RecipientState | '') => ({
  queryKey: ['broadcast', broadcast.broadcastId, 'report', state],
  queryFn: ({ pageParam }: { pageParam: string | undefined }) => readReport(broadcast.broadcastId, state, pageParam),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: ({ pagination }: Awaited<ReturnType<typeof readReport>>) => pagination.nextCursor ?? undefined,
  refetchInterval: isMoving(broadcast) ? EVERY_MS : broadcast.counts.sent > 0 ? AFTERWARDS_MS : (false as const),
});

export const refreshBroadcasts = (): Promise<unknown> =>
  Promise.all([
    queryClient.invalidateQueries({ queryKey: ['broadcasts'] }),
    queryClient.invalidateQueries({ queryKey: ['broadcast'] }),
  ]);

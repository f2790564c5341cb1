import { queryOptions } from '@tanstack/react-query';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';

const MOST = 200;
const EVERY_MS = 5_000;

export const webhooksQuery = queryOptions({
  queryKey: ['webhooks'],
  queryFn: async () => (await api.webhooks.list({ limit: MOST })).webhooks,
  refetchInterval: EVERY_MS,
});
export type Endpoint = Awaited<ReturnType<NonNullable<typeof webhooksQuery.queryFn>>>[number];

export const refreshWebhooks = (): Promise<unknown> =>
  Promise.all([
    queryClient.invalidateQueries({ queryKey: ['webhooks'] }),
    queryClient.invalidateQueries({ queryKey: ['deliveries'] }),
  ]);

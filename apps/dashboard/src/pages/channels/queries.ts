import { queryOptions } from '@tanstack/react-query';
import { api } from '../../api/client.ts';

/** The channels of an account, which WhatsApp is asked for. */
export const channelsQuery = (sessionId: string) =>
  queryOptions({
    queryKey: ['channels', sessionId],
    queryFn: () => api.channels.list({ id: sessionId }),
    retry: false,
  });

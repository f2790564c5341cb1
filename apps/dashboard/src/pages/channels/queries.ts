import { queryOptions } from '@tanstack/react-query';
import { api, unwrap } from '../../api/client.ts';

/** The channels of an account, which WhatsApp is asked for. */
export const channelsQuery = (sessionId: string) =>
  queryOptions({
    queryKey: ['channels', sessionId],
    queryFn: () => unwrap(api.GET('/api/sessions/{id}/channels', { params: { path: { id: sessionId } } })),
    retry: false,
  });

import { queryOptions } from '@tanstack/react-query';
import { api, unwrap } from '../../api/client.ts';

const MOST = 200;

export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: () => unwrap(api.GET('/api/sessions', { params: { query: { limit: MOST } } })),
});

export const sessionQuery = (sessionId: string) =>
  queryOptions({
    queryKey: ['session', sessionId],
    queryFn: () => unwrap(api.GET('/api/sessions/{id}', { params: { path: { id: sessionId } } })),
  });

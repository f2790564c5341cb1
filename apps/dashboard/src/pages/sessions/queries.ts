import { queryOptions } from '@tanstack/react-query';
import { api } from '../../api/client.ts';

const MOST = 200;

export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: () => api.sessions.list({ limit: MOST }),
});

export const sessionQuery = (sessionId: string) =>
  queryOptions({
    queryKey: ['session', sessionId],
    queryFn: () => api.sessions.get({ id: sessionId }),
  });

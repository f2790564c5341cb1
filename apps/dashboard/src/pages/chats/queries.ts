import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, unwrap } from '../../api/client.ts';

const CHATS = 50;
const MESSAGES = 60;

export const chatsQuery = (sessionId: string | undefined, search: string) =>
  infiniteQueryOptions({
    queryKey: ['chats', sessionId ?? '', search],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET('/api/chats', {
          params: {
            query: {
              limit: CHATS,
              ...(pageParam && { cursor: pageParam }),
              ...(sessionId && { sessionId }),
              ...(search && { search }),
            },
          },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: ({ pagination: { nextCursor } }) => nextCursor,
  });

/** Newest first. */
export const messagesQuery = (sessionId: string, chat: string) =>
  infiniteQueryOptions({
    queryKey: ['messages', sessionId, chat],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET('/api/sessions/{id}/chats/{chat}/messages', {
          params: {
            path: { id: sessionId, chat },
            query: { limit: MESSAGES, ...(pageParam && { cursor: pageParam }) },
          },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: ({ pagination: { nextCursor } }) => nextCursor,
  });

export const foundMessagesQuery = (text: string, sessionId: string | undefined) =>
  queryOptions({
    queryKey: ['found', text, sessionId ?? ''],
    queryFn: () =>
      unwrap(api.GET('/api/messages', { params: { query: { text, limit: 30, ...(sessionId && { sessionId }) } } })),
  });

export const timelineQuery = (messageId: string) =>
  queryOptions({
    queryKey: ['timeline', messageId],
    queryFn: () => unwrap(api.GET('/api/messages/{id}/timeline', { params: { path: { id: messageId } } })),
  });

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api } from '../../api/client.ts';
import { messagesKey, readMessages } from '../../api/messages.ts';

const CHATS = 50;

/** Which chats are shown: all, or those of one kind, or with the label `label:<id>`. */
export type ChatChoice = '' | 'unread' | 'archived' | 'pinned' | 'muted' | `label:${string}`;

const chosen = (choice: ChatChoice) =>
  choice === '' ? {} : choice.startsWith('label:') ? { label: choice.slice('label:'.length) } : { [choice]: true };

export const chatsQuery = (sessionId: string | undefined, search: string, choice: ChatChoice = '') =>
  infiniteQueryOptions({
    queryKey: ['chats', sessionId ?? '', search, choice],
    queryFn: ({ pageParam }) =>
      api.chats.listAll({
        limit: CHATS,
        ...(pageParam && { cursor: pageParam }),
        ...(sessionId && { sessionId }),
        ...(search && { search }),
        ...chosen(choice),
      }),
    initialPageParam: '',
    getNextPageParam: ({ pagination: { nextCursor } }) => nextCursor,
  });

/** Newest first. The stream of events keeps it fresh: asked for again, it would be asked for page by page. */
export const messagesQuery = (sessionId: string, chat: string) =>
  infiniteQueryOptions({
    queryKey: messagesKey(sessionId, chat),
    queryFn: ({ pageParam }) => readMessages(sessionId, chat, pageParam),
    initialPageParam: '',
    getNextPageParam: ({ pagination: { nextCursor } }) => nextCursor,
    refetchOnWindowFocus: false,
  });

export const foundMessagesQuery = (text: string, sessionId: string | undefined) =>
  queryOptions({
    queryKey: ['found', text, sessionId ?? ''],
    queryFn: () => api.messages.listAll({ text, limit: 30, ...(sessionId && { sessionId }) }),
  });

export const timelineQuery = (messageId: string) =>
  queryOptions({
    queryKey: ['timeline', messageId],
    queryFn: () => api.messages.timeline({ id: messageId }),
  });

/** Labels of WhatsApp Business of a session. */
export const labelsQuery = (sessionId: string) =>
  queryOptions({
    queryKey: ['labels', sessionId],
    queryFn: () => api.labels.list({ id: sessionId }),
  });

/** The latest messages of a session with a star. */
export const starredQuery = (sessionId: string) =>
  queryOptions({
    queryKey: ['starred', sessionId],
    queryFn: () => api.messages.starred({ id: sessionId, limit: 50 }),
    staleTime: 0,
  });

import { api, unwrap } from './client.ts';

/** How many messages of a chat are asked for at once. */
const LIMIT = 60;

export const messagesKey = (sessionId: string, chat: string) => ['messages', sessionId, chat] as const;

/** @param cursor of the page before; an empty one means the newest messages */
export const readMessages = (sessionId: string, chat: string, cursor: string) =>
  unwrap(
    api.GET('/api/sessions/{id}/chats/{chat}/messages', {
      params: { path: { id: sessionId, chat }, query: { limit: LIMIT, ...(cursor && { cursor }) } },
    }),
  );

export const readMessage = (messageId: string) =>
  unwrap(api.GET('/api/messages/{id}', { params: { path: { id: messageId } } }));

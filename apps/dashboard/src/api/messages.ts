import { api } from './client.ts';

/** How many messages of a chat are asked for at once. */
const LIMIT = 60;

export const messagesKey = (sessionId: string, chat: string) => ['messages', sessionId, chat] as const;

/** @param cursor of the page before; an empty one means the newest messages */
export const readMessages = (sessionId: string, chat: string, cursor: string) =>
  api.chats.messages({ id: sessionId, chat, limit: LIMIT, ...(cursor && { cursor }) });

export const readMessage = (messageId: string) => api.messages.get({ id: messageId });

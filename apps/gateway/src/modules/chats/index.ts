export { createChatsRepository } from './chats.repository.ts';
export { type ChatsService, createChatsService } from './chats.service.ts';

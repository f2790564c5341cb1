export { type Changing, createChanging } from './changing.ts';
export { createMessagesRepository } from './messages.repository.ts';
export { createMessagesService, type MessagesService } from './messages.service.ts';
export { createOutcomeWaiter } from './outcome-waiter.ts';
export { createSending, type Sending } from './sending.ts';

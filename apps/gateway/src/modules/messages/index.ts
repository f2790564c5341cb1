export { type Changing, createChanging } from './changing.ts';
export { createLinkPreviews } from './link-preview/link-previews.ts';
export { createPageClient } from './link-preview/page-client.ts';
export { createMessagesRepository } from './messages.repository.ts';
export { createMessagesService, type MessagesService } from './messages.service.ts';
export { createOutcomeWaiter } from './outcome-waiter.ts';
export { createScheduledMessages, type ScheduledMessages } from './scheduled.ts';
export { createSending, type Sending } from './sending.ts';
export { createTemplates, type Templates, templateValidator } from './template-request.ts';

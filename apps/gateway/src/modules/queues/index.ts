export { createQueuesService, type QueuesService } from './queues.service.ts';

export { createHttpTransport } from './http-transport.ts';
export { createTestRequest } from './test-request.ts';
export { createWebhookClient } from './webhook-client.ts';
export type { WebhookConsumer } from './webhook-consumer.ts';
export { createWebhookDeliverer } from './webhook-deliverer.ts';

export { createEndpointsRepository } from './endpoints.repository.ts';
export { createEndpointsService, type EndpointsService } from './endpoints.service.ts';
export {
  configurationContext,
  openConfiguration,
  openParts,
  secretContext,
  type TestedWebhook,
  WEBHOOK_SECRETS_BOX,
} from './sealed-parts.ts';
export { createWebhooksService, type WebhooksService } from './webhooks.service.ts';

export { createWebhooksService, secretContext, WEBHOOK_SECRETS_BOX, type WebhooksService } from './webhooks.service.ts';

export { addressOf, isPublicAddress, PrivateAddressError } from './endpoint-address.ts';
export { createWebhooksService, secretContext, WEBHOOK_SECRETS_BOX, type WebhooksService } from './webhooks.service.ts';

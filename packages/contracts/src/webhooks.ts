import { type Static, Type } from 'typebox';
import { EVENT_TYPES } from './events/index.ts';
import { nullable, oneOf, requestBody, timestamp } from './schema.ts';

export const WebhookRequestSchema = requestBody(
  {
    url: Type.String({ minLength: 8, maxLength: 2_000, examples: ['https://example.com/whatsapp'] }),
    events: Type.Optional(
      Type.Array(oneOf([...EVENT_TYPES, '*']), {
        minItems: 1,
        maxItems: 50,
        uniqueItems: true,
        description: 'Names of events, or `*` for all (the default).',
      }),
    ),
    secret: Type.Optional(
      Type.String({
        minLength: 16,
        maxLength: 200,
        pattern: '^[\\x21-\\x7e]+$',
        description: 'Signs the deliveries. Made when absent: `whsec_` and base64 of 32 random bytes.',
      }),
    ),
  },
  { url: 'https://example.com/whatsapp', events: ['message.received', 'message.delivered'] },
);
export type WebhookRequest = Static<typeof WebhookRequestSchema>;

export const WebhookSchema = Type.Object({
  url: Type.String(),
  events: Type.Array(Type.String()),
  isActive: Type.Boolean({ description: 'false after the receiver answered 410; PUT the webhook again to go on.' }),
  lastDelivery: nullable(timestamp()),
  failureCount: Type.Integer({ description: 'Failed attempts since the last success.' }),
  createdAt: timestamp(),
});
export type Webhook = Static<typeof WebhookSchema>;

/** A webhook with its secret, which is shown only when it is set. */
export const WebhookWithSecretSchema = Type.Object({
  ...WebhookSchema.properties,
  secret: Type.String({ description: 'Shown in the answers that set the webhook, and never when it is read.' }),
});

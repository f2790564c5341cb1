import { type Static, Type } from 'typebox';
import { nullable, requestBody, timestamp } from './schema.ts';

/** The body may be absent: everything has a default. */
export const RelinkRequestSchema = nullable(
  requestBody(
    {
      anotherNumber: Type.Optional(
        Type.Boolean({
          default: false,
          description: 'true: any account may scan. Otherwise only the one of before; another one is unlinked at once.',
        }),
      ),
      phoneNumber: Type.Optional(
        Type.String({
          minLength: 5,
          maxLength: 32,
          description: 'For a code to enter on that phone, in place of a QR code.',
          examples: ['+6281234567890'],
        }),
      ),
    },
    { anotherNumber: false },
  ),
);
export type RelinkRequest = NonNullable<Static<typeof RelinkRequestSchema>>;

export const RelinkResultSchema = Type.Object({
  sessionId: Type.String({ examples: ['user123-personal'] }),
  expects: nullable(
    Type.String({ description: 'The account that has to scan; null: any.', examples: ['+6281234567890'] }),
  ),
  qr: nullable(Type.String({ description: 'The text of the QR code; null with a pairing code.' })),
  pairingCode: nullable(Type.String({ examples: ['BP3R9783'] })),
  expiresAt: nullable(timestamp()),
  queued: Type.Integer({ minimum: 0, description: 'Accepted messages that go out when it is linked.' }),
});
export type RelinkResult = Static<typeof RelinkResultSchema>;

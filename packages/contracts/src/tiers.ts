import { type Static, Type } from 'typebox';
import { USER_TIERS } from './auth.ts';
import { nullable, oneOf, requestBody, timestamp } from './schema.ts';

const maxSessions = Type.Integer({
  minimum: 0,
  maximum: 1_000_000,
  description: 'Sessions that an account may have, in all its workspaces.',
});
const messagesPerHour = Type.Integer({
  minimum: 0,
  maximum: 1_000_000_000,
  description: 'Messages that an account may send in an hour.',
});

const messageRetentionDays = (more = '') =>
  nullable(
    Type.Integer({
      minimum: 1,
      maximum: 36_500,
      description: `Days for which messages are kept. \`null\`: for ever.${more}`,
      examples: [90],
    }),
  );
const mediaBytes = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'Bytes of files that an account may store, in all its workspaces.',
});
const mediaMaxBytes = Type.Integer({
  minimum: 0,
  maximum: 2_147_483_648,
  description: 'Bytes of one file. The installation may allow less (`MEDIA_MAX_BYTES`).',
});
const eventRetentionDays = (more = '') =>
  nullable(
    Type.Integer({
      minimum: 4,
      maximum: 36_500,
      description: `Days for which events and their deliveries are kept: longer than the 72 hours for which a delivery is tried. \`null\`: for ever.${more}`,
      examples: [30],
    }),
  );
const mediaRetentionDays = Type.Integer({
  minimum: 1,
  maximum: 36_500,
  description: 'Days after which files are removed. Holds for files that come from now on.',
});

/** The limits of a tier. */
export const TierSchema = Type.Object({
  tier: oneOf(USER_TIERS),
  maxSessions,
  messagesPerHour,
  messageRetentionDays: messageRetentionDays(),
  eventRetentionDays: eventRetentionDays(),
  mediaBytes,
  mediaMaxBytes,
  mediaRetentionDays,
  updatedAt: timestamp(),
});
export type Tier = Static<typeof TierSchema>;

export const ListTiersResultSchema = Type.Object({ tiers: Type.Array(TierSchema) });
export const TierParamsSchema = Type.Object({
  tier: Type.String({
    pattern: `^(?:${USER_TIERS.flatMap((tier) => [tier, tier.toUpperCase()]).join('|')})$`,
    examples: ['pro'],
  }),
});
export const SetTierRequestSchema = requestBody(
  {
    maxSessions,
    messagesPerHour,
    messageRetentionDays: Type.Optional(messageRetentionDays(' Absent: as it is.')),
    eventRetentionDays: Type.Optional(eventRetentionDays(' Absent: as it is.')),
    mediaBytes: Type.Optional(mediaBytes),
    mediaMaxBytes: Type.Optional(mediaMaxBytes),
    mediaRetentionDays: Type.Optional(mediaRetentionDays),
  },
  { maxSessions: 5, messagesPerHour: 1_000, mediaBytes: 10_737_418_240 },
);
export type SetTierRequest = Static<typeof SetTierRequestSchema>;

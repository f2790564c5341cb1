import { type Static, Type } from 'typebox';
import { NETWORKS } from './networks.ts';
import { nullable, oneOf, timestamp } from './schema.ts';

const version = (description: string) =>
  Type.String({ pattern: '^[0-9]{1,9}\\.[0-9]{1,9}\\.[0-9]{1,10}$', description, examples: ['2.3000.1043857760'] });

const MAX_SESSIONS = 100;

const percent = Type.Integer({
  minimum: 0,
  maximum: 100,
  description: 'The part of all sessions of the network that log in with it, always the same ones.',
});

/** Each given field replaces the present one. */
export const SetWhatsAppVersionRequestSchema = Type.Object(
  {
    network: Type.Optional(oneOf(NETWORKS, 'Default: what the operator has set for sessions that name none.')),
    version: Type.Optional(
      nullable(version('What all sessions log in with. null: what their worker has, by WHATSAPP_VERSION or built in.')),
    ),
    candidate: Type.Optional(
      nullable(
        Type.Object(
          {
            version: version('What some sessions try.'),
            percent: Type.Optional(percent),
            sessionIds: Type.Optional(
              Type.Array(Type.String({ format: 'uuid' }), {
                maxItems: MAX_SESSIONS,
                uniqueItems: true,
                description: 'Internal ids of sessions that try it besides; GET /api/admin/sessions has them.',
              }),
            ),
          },
          { additionalProperties: false, description: 'null: the trial ends.' },
        ),
      ),
    ),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    examples: [{ network: 'live', candidate: { version: '2.3000.1043857760', percent: 5 } }],
  },
);
export type SetWhatsAppVersionRequest = Static<typeof SetWhatsAppVersionRequestSchema>;

const sessions = Type.Integer({ minimum: 0 });

export const WhatsAppVersionSchema = Type.Object({
  network: oneOf(NETWORKS),
  version: nullable(version('null: each worker has its own, by WHATSAPP_VERSION or built in.')),
  candidate: nullable(
    Type.Object({
      version: version('What some sessions try.'),
      percent,
      sessionIds: Type.Array(Type.String({ format: 'uuid' })),
      accepted: Type.Integer({
        minimum: 0,
        description: 'Sessions whose last login was with it, since the trial began.',
      }),
      refused: Type.Integer({
        minimum: 0,
        description:
          'Sessions to which WhatsApp has refused it since the trial began. More than a tenth of those that have tried it end the trial.',
      }),
    }),
  ),
  rolledBack: nullable(
    Type.Object(
      { version: version('What WhatsApp has refused.'), at: timestamp() },
      { description: 'The last trial that ended by itself.' },
    ),
  ),
  outdated: Type.Integer({
    minimum: 0,
    description: 'Sessions that are kept out now, because their version is refused.',
  }),
  inUse: Type.Array(Type.Object({ version: version('Of the last login.'), sessions })),
});
export type WhatsAppVersion = Static<typeof WhatsAppVersionSchema>;

export const WhatsAppVersionsSchema = Type.Object({ networks: Type.Array(WhatsAppVersionSchema) });

import { type Static, Type } from 'typebox';
import { deletionId } from './deletions.ts';
import { MessageCappingSchema } from './message-capping.ts';
import { NETWORKS } from './networks.ts';
import { pageQuery } from './paging.ts';
import { RiskSummarySchema } from './risk.ts';
import { line, nullable, oneOf, requestBody, timestamp } from './schema.ts';
import { labelFilter, SessionSettingsChangeSchema, SessionSettingsSchema } from './session-settings.ts';
import { SESSION_STATES, SESSION_STATUSES } from './session-states.ts';
import { WebhookRequestSchema, WebhookWithSecretSchema } from './webhooks.ts';

/** The id of a session that the caller has chosen, unique in the workspace. */
export const SESSION_SLUG_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$';
const slug = Type.String({ pattern: SESSION_SLUG_PATTERN, examples: ['user123-personal'] });

/** `{id}` of the paths. Accepts any text, so that an invalid id gets the same 404 as an unknown one. */
export const SessionParamsSchema = Type.Object({
  id: Type.String({
    minLength: 1,
    maxLength: 100,
    description: 'sessionId of the session.',
    examples: ['user123-personal'],
  }),
});

const state = {
  status: oneOf(SESSION_STATUSES),
  state: oneOf(SESSION_STATES, 'The exact state behind the status.'),
};
const phoneNumber = nullable(Type.String({ description: 'With +, once it is linked.', examples: ['+6281234567890'] }));
const workerId = nullable(Type.String({ description: 'null while no worker hosts it.', examples: ['worker-001'] }));

const restriction = nullable(
  Type.Object(
    {
      type: Type.String({ description: "WhatsApp's name for the cause.", examples: ['DEFAULT'] }),
      until: timestamp(),
    },
    {
      description: 'A time-lock: until then WhatsApp does not let the account begin new chats. Chats that exist go on.',
    },
  ),
);

const messageCapping = nullable(MessageCappingSchema);

export const SessionSchema = Type.Object({
  id: slug,
  sessionId: slug,
  name: Type.String({ examples: ['Personal WhatsApp'] }),
  ...state,
  reason: nullable(Type.String({ description: 'Why it is in this state and what to do.' })),
  network: oneOf(NETWORKS),
  phoneNumber,
  pushName: nullable(Type.String()),
  workerId,
  lastSeenAt: nullable(timestamp('When WhatsApp was last heard from, to the minute.')),
  restriction,
  messageCapping,
  risk: nullable(RiskSummarySchema),
  settings: SessionSettingsSchema,
  isDefault: Type.Boolean({
    description: 'It is what callers of the workspace mean who name none, when there are several.',
  }),
  createdAt: timestamp(),
});
export type Session = Static<typeof SessionSchema>;

const name = line({ minLength: 1, maxLength: 200, examples: ['Personal WhatsApp'] });

export const CreateSessionRequestSchema = requestBody(
  {
    name,
    sessionId: Type.Optional(slug),
    network: Type.Optional(oneOf(NETWORKS, 'Default: what the operator has set.')),
    webhook: Type.Optional(WebhookRequestSchema),
    settings: Type.Optional(SessionSettingsChangeSchema),
  },
  { name: 'Personal WhatsApp', sessionId: 'user123-personal' },
);
export type CreateSessionRequest = Static<typeof CreateSessionRequestSchema>;

export const UpdateSessionRequestSchema = Type.Object(
  {
    name: Type.Optional(name),
    settings: Type.Optional(SessionSettingsChangeSchema),
    isDefault: Type.Optional(
      Type.Boolean({ description: 'true makes it the default of its workspace, false leaves the workspace without.' }),
    ),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    examples: [{ name: 'Shop', settings: { labels: { shop: 'berlin' } }, isDefault: true }],
  },
);
export type UpdateSessionRequest = Static<typeof UpdateSessionRequestSchema>;

export const CreateSessionResultSchema = Type.Object({
  ...SessionSchema.properties,
  apiKey: Type.String({ description: 'The primary key of the session. Shown once.' }),
  webhook: Type.Optional(WebhookWithSecretSchema),
});

export const ListSessionsQuerySchema = Type.Object({
  ...pageQuery,
  label: Type.Optional(labelFilter),
  status: Type.Optional(oneOf([...SESSION_STATUSES, 'INIT', 'init'], '`init` is another word for `initializing`.')),
});

/** The source of a status. */
export const STATUS_SOURCES = ['worker', 'database'] as const;

export const SessionStatusSchema = Type.Object({
  sessionId: slug,
  ...state,
  source: oneOf(
    STATUS_SOURCES,
    '`worker`: the process that holds the connection has said so now. `database`: it did not answer quickly; this is what it wrote last.',
  ),
  reason: SessionSchema.properties.reason,
  code: nullable(Type.String({ description: "WhatsApp's or the network's own code behind the state." })),
  phoneNumber,
  pushName: SessionSchema.properties.pushName,
  workerId,
  connectedAt: nullable(timestamp()),
  lastSeenAt: SessionSchema.properties.lastSeenAt,
  restriction,
  messageCapping,
});
/** The account of a connected session, from its worker. */
export const ConnectedAccountSchema = Type.Pick(SessionStatusSchema, [
  'phoneNumber',
  'pushName',
  'connectedAt',
  'lastSeenAt',
  'restriction',
  'messageCapping',
]);
export type ConnectedAccount = Static<typeof ConnectedAccountSchema>;
export type SessionStatusReport = Static<typeof SessionStatusSchema>;

export const QR_FORMATS = ['json', 'png', 'svg'] as const;
export const QrQuerySchema = Type.Object({
  format: Type.Optional(oneOf(QR_FORMATS, 'Default: by the Accept header, else json.')),
});
export const QrSchema = Type.Object({
  qr: Type.String({ description: 'The text of the QR code, for any QR library.' }),
  expiresAt: nullable(timestamp('After this WhatsApp shows another one.')),
  attempt: nullable(Type.Integer({ description: 'Which code of the series this is.' })),
});

export const PairingCodeRequestSchema = requestBody(
  {
    phoneNumber: Type.String({ minLength: 5, maxLength: 32, examples: ['+6281234567890'] }),
  },
  { phoneNumber: '+6281234567890' },
);
export const PairingCodeSchema = Type.Object({
  pairingCode: Type.String({
    description: 'To be entered on the phone: Linked devices, link with phone number.',
    examples: ['BP3R9783'],
  }),
  expiresAt: nullable(timestamp()),
});

/** The health of a connection, measured by its frames. */
export const ConnectionHealthSchema = Type.Object({
  connectedSince: nullable(timestamp('Begin of the present connection; null while there is none.')),
  lastFrameAt: nullable(timestamp('When WhatsApp was last heard on it.')),
  lastFrameAgeMs: nullable(Type.Integer({ minimum: 0, description: 'How long ago that was.' })),
  keepAliveMs: nullable(Type.Integer({ minimum: 0, description: 'Round trip of the last keep-alive.' })),
  lastProbeAt: nullable(timestamp('When the connection last proved that it still carries requests and answers.')),
  recycles: Type.Integer({ minimum: 0, description: 'Connections that were open and dead, and were replaced.' }),
});
export type ConnectionHealth = Static<typeof ConnectionHealthSchema>;

/** The answer of the owner, under the public id of the session. */
export const SessionHealthSchema = Type.Object({
  sessionId: slug,
  ...state,
  ...ConnectionHealthSchema.properties,
  workerId: Type.String({ description: 'The worker that answered.', examples: ['worker-001'] }),
  epoch: Type.Integer({ description: 'Version of the decision that this worker hosts the session.' }),
});

/** An event of `GET /api/sessions/{id}/qr/stream`, named `qr` or `state`. */
export const PairingEventSchema = Type.Object({
  ...state,
  ...QrSchema.properties,
  qr: nullable(QrSchema.properties.qr),
});
export type PairingEvent = Static<typeof PairingEventSchema>;

export const SessionActionSchema = Type.Object({ sessionId: slug, ...state });

export const DeleteSessionResultSchema = Type.Object({
  sessionId: slug,
  deleted: Type.Literal(true),
  unlinked: Type.Boolean({
    description: 'Whether WhatsApp was told. When false and it was linked, remove the device on the phone.',
  }),
  deletionId: Type.Optional(deletionId),
});

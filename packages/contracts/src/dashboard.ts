import { type Static, Type } from 'typebox';
import { nullable, oneOf, timestamp } from './schema.ts';

export const DASHBOARD_SCOPES = ['workspace', 'platform'] as const;
const scope = Type.Optional(
  oneOf(DASHBOARD_SCOPES, 'Default: workspace; with a session key only its session. `platform` is for administrators.'),
);

const count = (description?: string) => Type.Integer({ minimum: 0, ...(description && { description }) });
const milliseconds = (description: string) => nullable(Type.Integer({ minimum: 0, description }));
const percent = (description: string) => Type.Number({ minimum: 0, maximum: 100, description });

export const DashboardMetricsQuerySchema = Type.Object({ scope });

export const WEBHOOK_HEALTH = ['none', 'disabled', 'failing', 'ok'] as const;

/** `GET /api/dashboard/metrics`: the v2 brief's figures of now. */
export const DashboardMetricsSchema = Type.Object({
  scope: oneOf(DASHBOARD_SCOPES),
  timestamp: timestamp(),
  connection: Type.Object({
    status: oneOf(['connected', 'disconnected'], '`connected` when any session is.'),
    sessions: count(),
    connected: count(),
  }),
  queues: Type.Object(
    { 'message-queue': count(), 'broadcast-queue': count(), 'webhook-queue': count() },
    {
      description:
        'What waits: messages that are not sent yet, those of broadcasts, events that are not delivered yet.',
    },
  ),
  messagesSentToday: count('Accepted since midnight in UTC, and acknowledged by WhatsApp.'),
  messagesFailedToday: count(),
  successRate: percent('Of the messages of today whose fate is known, those that were sent; 0 where there are none.'),
  activeBroadcasts: count('Broadcasts that are running.'),
  webhooks: Type.Object({
    status: oneOf(
      WEBHOOK_HEALTH,
      '`failing`: the last attempt of at least one has failed. `disabled`: there are some, and none is active.',
    ),
    total: count(),
    active: count(),
    failing: count(),
    pending: count('Events that wait for their delivery.'),
    lastDelivery: nullable(timestamp()),
  }),
  system: Type.Object(
    {
      uptime: count('Seconds.'),
      memory: Type.Object({ used: count('MB of the process.'), total: count('MB that it may use.') }),
      cpu: Type.Number({ minimum: 0, description: 'Percent of one core, lately.' }),
    },
    { description: 'The gateway process that answers.' },
  ),
});
export type DashboardMetrics = Static<typeof DashboardMetricsSchema>;

export const HISTORY_UNITS = ['day', 'week', 'month'] as const;
export type HistoryUnit = (typeof HISTORY_UNITS)[number];

export const DashboardHistoryQuerySchema = Type.Object({
  scope,
  by: Type.Optional(
    oneOf(HISTORY_UNITS, 'The last 30 days (default), 12 weeks or 12 months, in UTC; weeks begin on Monday.'),
  ),
});

/** `GET /api/dashboard/history`: the v2 brief's figures over time. */
export const DashboardHistorySchema = Type.Object({
  scope: oneOf(DASHBOARD_SCOPES),
  by: oneOf(HISTORY_UNITS),
  from: timestamp(),
  to: timestamp(),
  messages: Type.Array(Type.Object({ from: timestamp(), sent: count(), received: count(), failed: count() }), {
    description: 'One entry per day, week or month, oldest first, also where nothing happened.',
  }),
  topContacts: Type.Array(
    Type.Object({
      chat: Type.String(),
      name: nullable(Type.String({ description: 'As they call themselves.' })),
      messages: count(),
      sent: count(),
      received: count(),
    }),
    { description: 'The ten chats with most messages.' },
  ),
  failures: Type.Array(
    Type.Object({ code: nullable(Type.String()), reason: nullable(Type.String()), messages: count() }),
    { description: 'Why messages failed, the most frequent first.' },
  ),
  responseTimes: Type.Array(
    Type.Object({
      from: timestamp(),
      messages: count(),
      averageMs: milliseconds('null where nothing was sent.'),
      p50Ms: milliseconds('Median.'),
      p95Ms: milliseconds('95 of 100 were faster.'),
    }),
    {
      description:
        "From accepting a message to the acknowledgement of WhatsApp's server. By week and month p50 and p95 are exact to 3 %.",
    },
  ),
  apiUsage: Type.Array(
    Type.Object({
      keyId: nullable(Type.String({ format: 'uuid', description: 'null: people with their tokens.' })),
      name: nullable(Type.String({ description: 'null where the key is gone.' })),
      requests: count(),
    }),
    { description: 'Requests by key, in the months that the period touches, the busiest first.' },
  ),
});
export type DashboardHistory = Static<typeof DashboardHistorySchema>;

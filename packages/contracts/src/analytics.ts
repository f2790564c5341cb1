import { type Static, Type } from 'typebox';
import { METRIC_RANGES } from './fleet.ts';
import { MESSAGE_TYPES } from './message-types.ts';
import { NETWORKS } from './networks.ts';
import { oneOf, timestamp } from './schema.ts';
import { SESSION_STATES, SESSION_STATUSES } from './session-states.ts';

export const AnalyticsQuerySchema = Type.Object({
  range: Type.Optional(oneOf(METRIC_RANGES, 'Until now. Default: 24h.')),
});

const count = (description?: string) => Type.Integer({ minimum: 0, ...(description && { description }) });
const percent = (description: string) =>
  Type.Number({
    minimum: 0,
    maximum: 100,
    description: `${description} In percent; 0 where there is nothing to count.`,
  });
/** The load as workers report it, in percent; more than 100 with several cores. */
const load = (description: string) => Type.Number({ minimum: 0, description: `${description} In percent.` });
/** A number for each word. */
const counts = <Word extends string>(words: readonly Word[]) =>
  Type.Object(Object.fromEntries(words.map((word) => [word, count()])) as Record<Word, ReturnType<typeof count>>);

const period = { range: oneOf(METRIC_RANGES), from: timestamp(), to: timestamp() };

export const OverviewSchema = Type.Object({
  overview: Type.Object({
    totalUsers: count(),
    totalSessions: count(),
    totalWorkers: count(),
    totalMessages: count(
      'Sent and received through the gateway since the beginning, those of deleted sessions included.',
    ),
  }),
  workers: Type.Object({
    online: count(),
    offline: count(),
    maintenance: count('Those that an administrator has set aside.'),
    pending: count('Those that an administrator has added, and that have never registered.'),
    avgCpuUsage: load('Over the workers that are online.'),
    avgMemoryUsage: load('Over the workers that are online.'),
  }),
  sessions: Type.Object({
    connected: count(),
    disconnected: count('All that are not connected now.'),
    successRate: percent('Connected sessions of all sessions.'),
  }),
});
export type Overview = Static<typeof OverviewSchema>;

export const MessageStatisticsSchema = Type.Object({
  ...period,
  total: count('Both directions.'),
  outbound: count(),
  inbound: count(),
  pending: count('Outbound: not yet sent.'),
  sent: count("Outbound: WhatsApp's server has them, those delivered and read since included."),
  delivered: count('Outbound: the phone of the recipient has them, those read since included.'),
  read: count('Outbound.'),
  failed: count('Outbound.'),
  successRate: percent('`sent` of the outbound messages whose fate is known: `sent` and `failed`.'),
  byType: counts(MESSAGE_TYPES),
});
export type MessageStatistics = Static<typeof MessageStatisticsSchema>;

export const SessionStatisticsSchema = Type.Object({
  ...period,
  total: count(),
  connected: count(),
  disconnected: count('All that are not connected now.'),
  successRate: percent('Connected sessions of all sessions.'),
  byStatus: counts(SESSION_STATUSES),
  byState: counts(SESSION_STATES),
  byNetwork: counts(NETWORKS),
  unplaced: count('To be running, and no worker has them.'),
  created: count('In the period.'),
  linked: count('Linked to a phone in the period, and not deleted since.'),
});
export type SessionStatistics = Static<typeof SessionStatisticsSchema>;

export const UserStatisticsSchema = Type.Object({
  total: count(),
  byTier: counts(['basic', 'pro', 'max']),
  byRole: counts(['customer', 'administrator']),
  activeUsers: count('Logged in, or used a login, in the last 7 days.'),
  newUsersToday: count('Since midnight UTC.'),
  inactive: count('Deactivated.'),
});
export type UserStatistics = Static<typeof UserStatisticsSchema>;

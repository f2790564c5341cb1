import {
  MESSAGE_TYPES,
  type MessageStatistics,
  type MetricRange,
  NETWORKS,
  type Overview,
  SESSION_STATE_STATUS,
  SESSION_STATES,
  SESSION_STATUSES,
  type SessionStatistics,
  USER_ROLES,
  USER_TIERS,
  type UserStatistics,
  type Worker,
} from '@wa-gate/contracts';
import type { MessageState } from '@wa-gate/db';
import type { WorkerAdministration } from '../workers/index.ts';
import { average, countBy, daysOf, percent, periodOf, type Slice } from './figures.ts';
import { createShortMemory } from './short-memory.ts';
import type { MessageCount, StatisticsRepository } from './statistics.repository.ts';

/**
 * The figures of the platform. Each is at most some seconds old; the states of messages of former days, some minutes.
 */
export interface AnalyticsService {
  overview(): Promise<Overview>;
  messages(range: MetricRange): Promise<MessageStatistics>;
  sessions(range: MetricRange): Promise<SessionStatistics>;
  users(): Promise<UserStatistics>;
}

export interface AnalyticsDependencies {
  statistics: StatisticsRepository;
  fleet: Pick<WorkerAdministration, 'list'>;
  /** How old a figure may be. @default 5 000 */
  rememberMs?: number;
}

/** A message that came further has been everywhere before: one that was read was also sent and delivered. */
const HAS_BEEN: Record<'sent' | 'delivered' | 'read', readonly MessageState[]> = {
  sent: ['SENT', 'DELIVERED', 'READ', 'PLAYED'],
  delivered: ['DELIVERED', 'READ', 'PLAYED'],
  read: ['READ', 'PLAYED'],
};
const FAILED: readonly MessageState[] = ['FAILED', 'UNKNOWN'];

const sum = <Row>(rows: readonly Row[], of: (row: Row) => number): number =>
  rows.reduce((total, row) => total + of(row), 0);

const total = (rows: readonly { count: number }[]): number => sum(rows, ({ count }) => count);

const timesOf = (range: MetricRange, { from, to }: { from: Date; to: Date }) => ({
  range,
  from: from.toISOString(),
  to: to.toISOString(),
});

function workersInFigures(workers: readonly Worker[]): Overview['workers'] {
  const online = workers.filter(({ status }) => status === 'online');
  return {
    online: online.length,
    offline: workers.filter(({ status }) => status === 'offline').length,
    maintenance: workers.filter(({ status }) => status === 'maintenance').length,
    pending: workers.filter(({ status }) => status === 'pending').length,
    avgCpuUsage: average(online.map(({ cpuUsage }) => cpuUsage)),
    avgMemoryUsage: average(online.map(({ memoryUsage }) => memoryUsage)),
  };
}

function messagesInFigures(rows: readonly MessageCount[]) {
  const outbound = rows.filter(({ direction }) => direction === 'OUTBOUND');
  const inStates = (states: readonly MessageState[]) => total(outbound.filter(({ state }) => states.includes(state)));
  const [sent, failed] = [inStates(HAS_BEEN.sent), inStates(FAILED)];
  return {
    total: total(rows),
    outbound: total(outbound),
    inbound: total(rows) - total(outbound),
    pending: inStates(['QUEUED']),
    sent,
    delivered: inStates(HAS_BEEN.delivered),
    read: inStates(HAS_BEEN.read),
    failed,
    successRate: percent(sent, sent + failed),
    byType: countBy(MESSAGE_TYPES, rows, ({ type }) => type),
  };
}

export function createAnalyticsService(deps: AnalyticsDependencies): AnalyticsService {
  const { statistics, fleet, rememberMs = 5_000 } = deps;
  const memory = createShortMemory({ forMs: rememberMs });
  const days = createShortMemory({ forMs: rememberMs * 120 });

  async function overview(): Promise<Overview> {
    const [counts, workers] = await Promise.all([statistics.totals(), fleet.list()]);
    return {
      overview: {
        totalUsers: counts.users,
        totalSessions: counts.sessions,
        totalWorkers: workers.length,
        totalMessages: counts.messages,
      },
      workers: workersInFigures(workers),
      sessions: {
        connected: counts.connected,
        disconnected: counts.sessions - counts.connected,
        successRate: percent(counts.connected, counts.sessions),
      },
    };
  }

  /** Days that are over are not counted anew each time: there only receipts still come. */
  const messagesOf = (slice: Slice): Promise<MessageCount[]> => {
    const read = () => statistics.messages(slice);
    return slice.isWholeDay ? days.recall(slice.from.toISOString(), read) : read();
  };

  async function messages(range: MetricRange): Promise<MessageStatistics> {
    const period = periodOf(range);
    const rows: MessageCount[] = [];
    // One after the other: a month of a busy platform takes one connection, and no statement longer than a day needs.
    for (const slice of daysOf(period)) rows.push(...(await messagesOf(slice)));
    return { ...timesOf(range, period), ...messagesInFigures(rows) };
  }

  async function sessions(range: MetricRange): Promise<SessionStatistics> {
    const period = periodOf(range);
    const rows = await statistics.sessions(period.from);
    const byStatus = countBy(SESSION_STATUSES, rows, ({ state }) => SESSION_STATE_STATUS[state]);
    const all = total(rows);
    return {
      ...timesOf(range, period),
      total: all,
      connected: byStatus.connected,
      disconnected: all - byStatus.connected,
      successRate: percent(byStatus.connected, all),
      byStatus,
      byState: countBy(SESSION_STATES, rows, ({ state }) => state.toLowerCase()),
      byNetwork: countBy(NETWORKS, rows, ({ network }) => network.toLowerCase()),
      unplaced: sum(rows, ({ unplaced }) => unplaced),
      created: sum(rows, ({ created }) => created),
      linked: sum(rows, ({ linked }) => linked),
    };
  }

  async function users(): Promise<UserStatistics> {
    const rows = await statistics.users();
    return {
      total: total(rows),
      byTier: countBy(USER_TIERS, rows, ({ tier }) => tier.toLowerCase()),
      byRole: countBy(USER_ROLES, rows, ({ role }) => (role === 'ADMINISTRATOR' ? 'administrator' : 'customer')),
      activeUsers: sum(rows, ({ active }) => active),
      newUsersToday: sum(rows, ({ newToday }) => newToday),
      inactive: sum(rows, ({ inactive }) => inactive),
    };
  }

  return {
    overview: () => memory.recall('overview', overview),
    messages: (range) => memory.recall(`messages/${range}`, () => messages(range)),
    sessions: (range) => memory.recall(`sessions/${range}`, () => sessions(range)),
    users: () => memory.recall('users', users),
  };
}

import type { DashboardHistory, DashboardMetrics, HistoryUnit } from '@wa-gate/contracts';
import { createSingleFlight } from '@wa-gate/kit';
import { QUEUE_NAMES } from '@wa-gate/messaging';
import type { ProcessMeter } from '../health/index.ts';
import type { HistoryRepository } from './history.repository.ts';
import { periodOf } from './history-period.ts';
import type { PeriodRecord } from './history-records.ts';
import type { Figures, MetricsRepository } from './metrics.repository.ts';
import type { DashboardScope } from './scope.ts';

export interface DashboardService {
  metrics(scope: DashboardScope): Promise<DashboardMetrics>;
  history(scope: DashboardScope, by: HistoryUnit): Promise<DashboardHistory>;
}

export interface DashboardDependencies {
  figures: MetricsRepository;
  history: HistoryRepository;
  meter: ProcessMeter;
}

const nameOf = ({ workspaceId }: DashboardScope) =>
  workspaceId === null ? ('platform' as const) : ('workspace' as const);
const percent = (part: number, whole: number): number => (whole === 0 ? 0 : Math.round((part / whole) * 1_000) / 10);
const rounded = (ms: number | null): number | null => (ms === null ? null : Math.round(ms));

function webhookStatus({ webhooks, webhooksActive, webhooksFailing }: Figures): DashboardMetrics['webhooks']['status'] {
  if (webhooks === 0) return 'none';
  if (webhooksActive === 0) return 'disabled';
  return webhooksFailing > 0 ? 'failing' : 'ok';
}

export function createDashboardService({ figures, history, meter }: DashboardDependencies): DashboardService {
  const singleFlight = createSingleFlight<DashboardHistory>();

  return {
    async metrics(scope) {
      const now = await figures.read(scope);
      return {
        scope: nameOf(scope),
        timestamp: new Date().toISOString(),
        connection: {
          status: now.connected > 0 ? 'connected' : 'disconnected',
          sessions: now.sessions,
          connected: now.connected,
        },
        queues: {
          [QUEUE_NAMES.messages]: now.messagesWaiting,
          [QUEUE_NAMES.broadcasts]: now.broadcastMessagesWaiting,
          [QUEUE_NAMES.webhooks]: now.deliveriesWaiting,
        },
        messagesSentToday: now.sentToday,
        messagesFailedToday: now.failedToday,
        successRate: percent(now.sentToday, now.sentToday + now.failedToday),
        activeBroadcasts: now.activeBroadcasts,
        webhooks: {
          status: webhookStatus(now),
          total: now.webhooks,
          active: now.webhooksActive,
          failing: now.webhooksFailing,
          pending: now.deliveriesWaiting,
          lastDelivery: now.lastDelivery?.toISOString() ?? null,
        },
        system: meter.read(),
      };
    },

    // Dashboards that show the same share one reading: the rows of months are not counted for each.
    history: (scope, by) => singleFlight(JSON.stringify([scope, by]), () => readHistory(scope, by)),
  };

  async function readHistory(scope: DashboardScope, by: HistoryUnit): Promise<DashboardHistory> {
    const to = new Date();
    const begins = periodOf(by, to);
    const from = begins[0]!;
    const { periods, topContacts, failures, keyUsage: apiUsage } = await history.read(scope, by, begins);
    const told = new Map(periods.map((record) => [record.period, record]));
    const each = <Entry>(entry: (begin: string, record: PeriodRecord | undefined) => Entry): Entry[] =>
      begins.map((begin, index) => entry(begin.toISOString(), told.get(index)));
    return {
      scope: nameOf(scope),
      by,
      from: from.toISOString(),
      to: to.toISOString(),
      messages: each((begin, record) => ({
        from: begin,
        sent: record?.sent ?? 0,
        received: record?.received ?? 0,
        failed: record?.failed ?? 0,
      })),
      topContacts,
      failures,
      responseTimes: each((begin, record) => ({
        from: begin,
        messages: record?.timed ?? 0,
        averageMs: rounded(record?.averageMs ?? null),
        p50Ms: rounded(record?.p50Ms ?? null),
        p95Ms: rounded(record?.p95Ms ?? null),
      })),
      apiUsage,
    };
  }
}

import { baileys } from './baileys.ts';
import { fleet } from './fleet.ts';
import { messages } from './messages.ts';
import { postgres } from './postgres.ts';
import { queues } from './queues.ts';
import { sessions } from './sessions.ts';
import { slo } from './slo.ts';
import type { DashboardSpec } from './spec.ts';
import { webhooks } from './webhooks.ts';

/** All dashboards. */
export const DASHBOARDS: readonly DashboardSpec[] = [
  fleet,
  sessions,
  messages,
  webhooks,
  queues,
  baileys,
  postgres,
  slo,
];

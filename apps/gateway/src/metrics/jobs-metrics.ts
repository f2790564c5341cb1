import type { Queryable } from '@wa-gate/db';
import type { Counter, Gauge, Histogram, Instruments } from '@wa-gate/kit';
import { registerPostgres } from './postgres-gauges.ts';
import { createSinkMetrics, type SinkMetrics } from './sink-metrics.ts';
import { registerStored } from './stored-gauges.ts';

/** What a gateway with the role `jobs` or `all` counts besides: its work, and figures of the database. */
export interface JobsMetrics {
  deliveries: Counter<'outcome'>;
  deliveryDuration: Histogram;
  sinks: SinkMetrics;
  mails: Counter<'outcome'>;
  invariantViolations: Gauge<'invariant'>;
  erasedRows: Counter;
}

export function createJobsMetrics(instruments: Instruments, db: Queryable): JobsMetrics {
  registerPostgres(instruments, db);
  registerStored(instruments, db);
  return {
    deliveries: instruments.counter('wag_webhook_attempts_total'),
    deliveryDuration: instruments.histogram('wag_webhook_attempt_duration_seconds'),
    sinks: createSinkMetrics(instruments),
    mails: instruments.counter('wag_mail_attempts_total'),
    invariantViolations: instruments.gauge('wag_invariant_violations'),
    erasedRows: instruments.counter('wag_erased_rows_total'),
  };
}

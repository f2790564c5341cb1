export { createGatewayMetrics, type GatewayMetrics } from './gateway-metrics.ts';
export { createJobsMetrics, type JobsMetrics } from './jobs-metrics.ts';
export { createSinkMetrics, type SinkMetrics } from './sink-metrics.ts';

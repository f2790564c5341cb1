export { createGatewayMetrics, type GatewayMetrics } from './gateway-metrics.ts';
export { createJobsMetrics, type JobsMetrics } from './jobs-metrics.ts';

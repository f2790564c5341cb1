export { healthRoutes, probeRoutes } from './health.routes.ts';
export { createHealthService, type HealthService } from './health.service.ts';
export { createProcessMeter, type ProcessMeter } from './process-meter.ts';

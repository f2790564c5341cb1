export { createHealthService, type HealthService } from './health.service.ts';
export { createProcessMeter, type ProcessMeter } from './process-meter.ts';

export { createDashboardService, type DashboardService } from './dashboard.service.ts';
export { createHistoryRepository } from './history.repository.ts';
export { createMetricsRepository } from './metrics.repository.ts';

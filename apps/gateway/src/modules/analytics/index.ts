export { analyticsRoutes } from './analytics.routes.ts';
export { type AnalyticsService, createAnalyticsService } from './analytics.service.ts';
export { createStatisticsRepository } from './statistics.repository.ts';

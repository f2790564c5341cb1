export { type AnalyticsService, createAnalyticsService } from './analytics.service.ts';
export { createStatisticsRepository } from './statistics.repository.ts';

export { createHistoryService, type HistoryService } from './history.service.ts';

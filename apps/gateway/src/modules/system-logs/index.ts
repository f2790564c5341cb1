export { createSystemLog, type SystemLog } from './system-log.ts';
export { systemLogsRoutes } from './system-logs.routes.ts';

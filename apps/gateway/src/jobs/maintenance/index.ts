export { EXPIRY_EVERY_MS, expiryTask } from './expiry-task.ts';
export { createMaintenance } from './maintenance.ts';
export { mediaTasks } from './media-tasks.ts';
export { retentionTasks } from './retention-tasks.ts';
export { statisticsTask } from './statistics-task.ts';

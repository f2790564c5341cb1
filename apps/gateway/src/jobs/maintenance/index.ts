export { createMaintenance } from './maintenance.ts';
export { retentionTasks } from './retention-tasks.ts';
export { statisticsTask } from './statistics-task.ts';

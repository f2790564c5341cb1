export { createSystemLog, type SystemLog } from './system-log.ts';

import { Type } from 'typebox';
import { METRICS_ENVIRONMENT } from './metrics/exposition.ts';

/** Environment variables of all processes. */
export const PROCESS_ENVIRONMENT = {
  NODE_ENV: Type.String({ default: 'production', description: 'For libraries; wa-gate itself is the same in all.' }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info' }),
  LOG_FILE_PATH: Type.Optional(
    Type.String({
      description: 'Folder for error.log, combined.log and security.log, besides stdout; one per process.',
    }),
  ),
  ...METRICS_ENVIRONMENT,
};

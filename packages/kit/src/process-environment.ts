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
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(
    Type.String({
      pattern: '^https?://[^\\s]+$',
      description: 'Where spans are sent (OTLP over HTTP); without it there is no tracing.',
    }),
  ),
  OTEL_EXPORTER_OTLP_HEADERS: Type.Optional(
    Type.String({ description: 'Headers for it: `name=value,name=value`, percent-encoded.' }),
  ),
  OTEL_TRACES_SAMPLER_ARG: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 1,
    description: 'The share of traces that are recorded.',
  }),
};

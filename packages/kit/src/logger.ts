import { type DestinationStream, type Level, type Logger, pino } from 'pino';
import { createCensor } from './censor.ts';

export type { Logger } from 'pino';

/** Field names whose values never reach a log, at any of the depths that our lines have. */
const SECRET_FIELDS = [
  'password',
  'passwordHash',
  'currentPassword',
  'newPassword',
  'token',
  'accessToken',
  'refreshToken',
  'workerToken',
  'csrfToken',
  'apiKey',
  'secret',
  'webhookSecret',
  'authorization',
  'cookie',
  'set-cookie',
  'masterKey',
  'qr',
  'pairingCode',
  'creds',
  'keys',
  'x-api-key',
  'x-worker-token',
  'x-csrf-token',
];
const paths = SECRET_FIELDS.flatMap((field) => {
  const key = /^\w+$/.test(field) ? field : `["${field}"]`;
  const join = (prefix: string) => (key.startsWith('[') ? `${prefix}${key}` : `${prefix}.${key}`);
  return [key, join('*'), join('*.*')];
});

/** Where lines go besides the destination: all from this level on. It must take a line at once and never throw. */
export interface LogSink {
  level: Level;
  stream: DestinationStream;
}

export interface LoggerOptions {
  /** Which process this is, such as `gateway` or `worker`. */
  service: string;
  level?: string;
  /** Fields bound to every line, such as the worker id. */
  bindings?: Record<string, unknown>;
  /** Values that this process is configured with and that are in no line, whatever logs them. */
  secrets?: readonly (string | undefined)[];
  /** @default stdout */
  destination?: DestinationStream;
  sinks?: readonly LogSink[];
}

/**
 * JSON lines on stdout: one event, one line, constant message, data in fields. All destinations get them without
 * secrets (censor.ts).
 */
export function createLogger(options: LoggerOptions): Logger {
  const { service, level = 'info', bindings = {}, secrets, destination = pino.destination(1), sinks = [] } = options;
  const streams = [{ level: 'trace' as const, stream: destination }, ...sinks];
  return pino(
    {
      level,
      base: { service, pid: process.pid, ...bindings },
      redact: { paths, censor: '[redacted]' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
      hooks: { streamWrite: createCensor(secrets) },
    },
    sinks.length > 0 ? pino.multistream(streams) : destination,
  );
}

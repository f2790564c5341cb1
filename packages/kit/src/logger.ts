import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Field names whose values never reach a log, at any of the depths that our lines have. */
const SECRET_FIELDS = [
  'password',
  'passwordHash',
  'token',
  'accessToken',
  'refreshToken',
  'apiKey',
  'secret',
  'authorization',
  'cookie',
  'masterKey',
  'qr',
  'pairingCode',
  'creds',
  'keys',
  'x-api-key',
  'x-worker-token',
];
const paths = SECRET_FIELDS.flatMap((field) => {
  const key = /^\w+$/.test(field) ? field : `["${field}"]`;
  const join = (prefix: string) => (key.startsWith('[') ? `${prefix}${key}` : `${prefix}.${key}`);
  return [key, join('*'), join('*.*')];
});

export interface LoggerOptions {
  /** Which process this is, such as `gateway` or `worker`. */
  service: string;
  level?: string;
  /** Fields bound to every line, such as the worker id. */
  bindings?: Record<string, unknown>;
  destination?: DestinationStream;
}

/** JSON lines on stdout: one event, one line, constant message, data in fields. */
export function createLogger({ service, level = 'info', bindings = {}, destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: { service, pid: process.pid, ...bindings },
    redact: { paths, censor: '[redacted]' },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return destination ? pino(options, destination) : pino(options);
}

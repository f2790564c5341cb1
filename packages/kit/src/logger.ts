import cluster from 'node:cluster';
import { type DestinationStream, type Level, type Logger, pino } from 'pino';
import { createCensor } from './censor.ts';
import { isTracing, traceFields } from './tracing/tracing.ts';

export type { Logger } from 'pino';

/** Field names whose values are removed, at all depths of our lines. */
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

/** A second receiver of lines, from this level on. It must take a line synchronously and never throw. */
export interface LogSink {
  level: Level;
  stream: DestinationStream;
}

export interface LoggerOptions {
  /** The name of the process, such as `gateway` or `worker`. */
  service: string;
  level?: string;
  /** Fields bound to every line, such as the worker id. */
  bindings?: Record<string, unknown>;
  /** Configured secrets of this process. They are removed from every line. */
  secrets?: readonly (string | undefined)[];
  /** @default stdout */
  destination?: DestinationStream;
  sinks?: readonly LogSink[];
}

/**
 * In a cluster, such as PM2's, the manager takes what is written to `process.stdout`. File descriptor 1 is its own
 * there, so lines would be in the log of the manager.
 */
const stdout = (): DestinationStream => (cluster.isWorker ? process.stdout : pino.destination(1));

/**
 * Logs JSON lines on stdout: one event, one line, constant message, data in fields. No destination gets secrets
 * (censor.ts).
 */
export function createLogger(options: LoggerOptions): Logger {
  const { service, level = 'info', bindings = {}, secrets, destination = stdout(), sinks = [] } = options;
  const streams = [{ level: 'trace' as const, stream: destination }, ...sinks];
  return pino(
    {
      level,
      base: { service, pid: process.pid, ...bindings },
      ...(isTracing() && { mixin: traceFields }),
      redact: { paths, censor: '[redacted]' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
      hooks: { streamWrite: createCensor(secrets) },
    },
    sinks.length > 0 ? pino.multistream(streams) : destination,
  );
}

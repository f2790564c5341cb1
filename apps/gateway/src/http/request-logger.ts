import type { Logger } from '@wa-gate/kit';
import type { FastifyBaseLogger } from 'fastify';

type Method = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';
type Line = Parameters<Logger['info']>;

/**
 * The logger of one request, made with its first line. Nearly all requests log nothing at the levels that are on, and a
 * child of pino serialises its bindings: it would cost more than the rest of the hooks.
 */
class RequestLogger {
  private readonly parent: Logger;
  private readonly bindings: Record<string, unknown>;
  private own: ReturnType<Logger['child']> | undefined;

  constructor(parent: Logger, bindings: Record<string, unknown>) {
    this.parent = parent;
    this.bindings = bindings;
  }

  get level(): string {
    return this.parent.level;
  }

  fatal(...line: Line): void {
    this.say('fatal', line);
  }
  error(...line: Line): void {
    this.say('error', line);
  }
  warn(...line: Line): void {
    this.say('warn', line);
  }
  info(...line: Line): void {
    this.say('info', line);
  }
  debug(...line: Line): void {
    this.say('debug', line);
  }
  trace(...line: Line): void {
    this.say('trace', line);
  }
  silent(): void {
    // As its name says.
  }

  child(...options: Parameters<Logger['child']>): ReturnType<Logger['child']> {
    return this.real().child(...options);
  }

  private say(method: Method, line: Line): void {
    if (this.parent.isLevelEnabled(method)) this.real()[method](...line);
  }

  private real(): ReturnType<Logger['child']> {
    this.own ??= this.parent.child(this.bindings);
    return this.own;
  }
}

/** For Fastify's `childLoggerFactory`. */
export const requestLogger = (parent: FastifyBaseLogger, bindings: Record<string, unknown>): FastifyBaseLogger =>
  new RequestLogger(parent as Logger, bindings) as unknown as FastifyBaseLogger;

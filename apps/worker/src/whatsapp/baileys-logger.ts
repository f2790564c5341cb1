import type { Logger } from '@wa-gate/kit';

type LogFunction = (object: unknown, message?: string) => void;

/** The logger interface of Baileys. */
export interface BaileysLogger {
  level: string;
  child(bindings: Record<string, unknown>): BaileysLogger;
  trace: LogFunction;
  debug: LogFunction;
  info: LogFunction;
  warn: LogFunction;
  error: LogFunction;
}

const ignore: LogFunction = () => undefined;

/**
 * Logs the warnings of Baileys: the sentence and, of an error, name and message. Other fields are dropped, because they
 * contain stanzas, jids and sometimes keys. There is one object per session and no child loggers, because sessions are
 * many.
 */
export function createBaileysLogger(logger: Logger, sessionId: string): BaileysLogger {
  const report: LogFunction = (object, message) => {
    const sentence = message ?? (typeof object === 'string' ? object : 'no message');
    logger.debug({ sessionId, cause: describeError(object) }, `baileys: ${sentence}`);
  };
  const self: BaileysLogger = {
    level: 'warn',
    child: () => self,
    trace: ignore,
    debug: ignore,
    info: ignore,
    warn: report,
    error: report,
  };
  return self;
}

function describeError(object: unknown): string | undefined {
  if (!object || typeof object !== 'object') return undefined;
  const fields = object as { err?: unknown; error?: unknown; e?: unknown };
  const error = fields.err ?? fields.error ?? fields.e;
  return error instanceof Error ? `${error.name}: ${error.message}` : undefined;
}

import { newId } from '@wa-gate/kit';
import type { LogLevel } from './generated/enums.ts';

/** A log line as a row of `system_logs`. */
export interface SystemLogRow {
  id: string;
  level: LogLevel;
  service: string;
  message: string;
  /** JSON of the fields without a column; null for none. */
  details: string | null;
  userId: string | null;
  sessionId: string | null;
  workerId: string | null;
  timestamp: Date;
}

const LEVELS: Record<string, LogLevel> = { fatal: 'ERROR', error: 'ERROR', warn: 'WARN', info: 'INFO' };
const MAX_MESSAGE = 2_000;
const MAX_DETAILS = 16_000;

/** Replaces what PostgreSQL cannot store: NUL and halves of surrogate pairs. */
const storable = (text: string): string => text.replace(/\0|[\ud800-\udfff]/gu, '\ufffd');

const textOf = (value: unknown, otherwise: string): string => (typeof value === 'string' ? storable(value) : otherwise);

const idOf = (value: unknown): string | null => (typeof value === 'string' ? storable(value).slice(0, 200) : null);

function detailsOf(fields: Record<string, unknown>): string | null {
  if (Object.keys(fields).length === 0) return null;
  const json = JSON.stringify(fields, (_key, value: unknown) => (typeof value === 'string' ? storable(value) : value));
  return json.length <= MAX_DETAILS ? json : JSON.stringify({ truncated: json.slice(0, MAX_DETAILS / 2) });
}

/** Parses a line of the logger; `null` for other text. */
export function parseLogLine(line: string): SystemLogRow | null {
  try {
    const { level, time, service, msg, userId, sessionId, workerId, ...fields } = JSON.parse(line) as Record<
      string,
      unknown
    >;
    // Useless after the end of the process.
    delete fields.pid;
    const written = new Date(typeof time === 'string' || typeof time === 'number' ? time : Number.NaN);
    return {
      id: newId(),
      level: LEVELS[textOf(level, '')] ?? 'DEBUG',
      service: textOf(service, 'unknown'),
      message: textOf(msg, '').slice(0, MAX_MESSAGE),
      details: detailsOf(fields),
      userId: idOf(userId),
      sessionId: idOf(sessionId),
      workerId: idOf(workerId),
      timestamp: Number.isNaN(written.getTime()) ? new Date() : written,
    };
  } catch {
    return null;
  }
}

const UNIQUE_VIOLATION = '23505';

/**
 * Codes after which the same statement may succeed: connection trouble, a transaction that stood still for too long,
 * serialisation, deadlock, a lock that was not free in time, resources, shutdown.
 */
const TRANSIENT = /^(08|25P03|40001|40P01|53|55P03|57P0)/;
const TRANSIENT_SOCKET = /ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH/;

/** Another transaction came first: serialisation, deadlock, a lock that was not free in time. */
const CONFLICT = /^(40001|40P01|55P03)/;

/** Cancelled after its time, a lock that was not free in time, and a server that was silent for too long. */
const TIMED_OUT = /^(57014|55P03)/;
const SILENT = 'Query read timeout';

/** The same conditions as codes of Prisma: unreachable, closed, timed out, too many connections. */
const TRANSIENT_PRISMA = /^P(1001|1002|1008|1017|2024|2037)$/;

const codeOf = (error: unknown): string => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
};

/** The error of PostgreSQL or the driver inside an error of Prisma. */
function unwrap(error: unknown): unknown {
  const { meta } = (error ?? {}) as { meta?: { driverAdapterError?: { cause?: unknown } } };
  const cause = meta?.driverAdapterError?.cause as { originalCode?: string; originalMessage?: string } | undefined;
  return cause ? Object.assign(new Error(cause.originalMessage), { code: cause.originalCode }) : error;
}

/** Whether the statement violated the unique constraint `constraint` (or any, without one). */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  if (codeOf(error) !== UNIQUE_VIOLATION) return false;
  return constraint === undefined || (error as { constraint?: string }).constraint === constraint;
}

/** The values: text or times that cannot be stored, and what a constraint forbids. */
const DATA = /^(22|23)/;

/** Whether PostgreSQL refuses the values of a statement. The same ones are refused each time. */
export const isDataRefused = (error: unknown): boolean => DATA.test(codeOf(error));

/** Whether a statement failed because of another transaction. Nothing of it is stored; it may be tried again. */
export const isConflict = (error: unknown): boolean => CONFLICT.test(codeOf(error));

/** Whether a statement took longer than it may, or waited longer for a lock. The same one may do so each time. */
export const isTimedOut = (error: unknown): boolean =>
  TIMED_OUT.test(codeOf(error)) || (error instanceof Error && error.message === SILENT);

/**
 * Whether PostgreSQL could not answer now: away, restarting, out of connections or disk. False for invalid statements.
 */
export function isDatabaseUnavailable(thrown: unknown): boolean {
  if (TRANSIENT_PRISMA.test(codeOf(thrown))) return true;
  const error = unwrap(thrown);
  const code = codeOf(error);
  if (TRANSIENT.test(code) || TRANSIENT_SOCKET.test(code)) return true;
  const message = error instanceof Error ? error.message : '';
  return /Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
    message,
  );
}

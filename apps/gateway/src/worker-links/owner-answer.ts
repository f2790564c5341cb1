import type { Readable } from 'node:stream';
import type { ErrorCode } from '@wa-gate/contracts';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { ApiError } from '../http/api-error.ts';

/** Every answer that is read whole is small. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * No answer, because the connection was refused or broke: the worker is gone, and the session may have gone to another. All calls
 * that come through here may be made twice. A time-out is not among these: the worker may still be at it.
 */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** 421: not the owner. 401: the token of another incarnation, so the route is from before the worker's restart. */
export const WRONG_OWNER: ReadonlySet<number> = new Set([401, 421]);

/** The proxy wraps what the connection said. */
export function isUnreachable(error: unknown): boolean {
  const { code, cause } = error as { code?: string; cause?: { code?: string } };
  return UNREACHABLE.has(cause?.code ?? code ?? '');
}

/** The JSON of an answer; `null` for what is none. */
export async function readJson(stream: Readable): Promise<unknown> {
  const bytes = await readWhole(stream);
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return null;
  }
}

/** By its events, because every live call comes through here: an iterator over a stream costs several times as much. */
function readWhole(stream: Readable): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) {
        stream.destroy();
        reject(new ApiError('WORKER_ERROR', { details: { reason: 'answer too large' } }));
      } else chunks.push(chunk);
    });
    stream.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    stream.once('error', reject);
    // After its end this says nothing any more.
    stream.once('close', () => reject(Object.assign(new Error('the answer broke off'), { code: 'UND_ERR_SOCKET' })));
  });
}

/**
 * Reads answers of owners of one kind. Compiled: the status of sessions is asked for thousands of times a second.
 *
 * @returns a function that throws WORKER_ERROR when the answer is of another kind
 */
export function answerOf<Schema extends TSchema>(schema: Schema): (answer: unknown) => Static<Schema> {
  const validator = Compile(schema);
  return (answer) => {
    if (validator.Check(answer)) return answer as Static<Schema>;
    throw new ApiError('WORKER_ERROR', { details: { reason: 'answer not understood' } });
  };
}

/** Refusals of a worker that are meant for the caller. Everything else is between us and the worker. */
const FOR_THE_CALLER: ReadonlySet<string> = new Set<ErrorCode>([
  'VALIDATION',
  'QR_NOT_READY',
  'SESSION_ALREADY_PAIRED',
  'SESSION_NOT_CONNECTED',
  'SESSION_LOGGED_OUT',
  'SESSION_MOVING',
  'DATABASE_UNAVAILABLE',
]);

export const moving = (cause?: unknown): ApiError =>
  new ApiError('SESSION_MOVING', { retryAfter: 1, ...(cause !== undefined && { cause }) });

/** The worker's refusal with its own code and sentence where it is meant for the caller, else a 502. */
export function refusalOf(status: number, body: unknown): ApiError {
  const { code, error, details } = (body ?? {}) as { code?: string; error?: string; details?: Record<string, unknown> };
  if (code !== undefined && FOR_THE_CALLER.has(code)) {
    return new ApiError(code as ErrorCode, {
      ...(error && { message: error }),
      ...(details && { details }),
      ...(status === 503 && { retryAfter: 1 }),
    });
  }
  return new ApiError('WORKER_ERROR', { details: { workerStatus: status }, ...(error && { message: error }) });
}
